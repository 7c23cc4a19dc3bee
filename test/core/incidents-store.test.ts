import { MemoryIncidentStore } from '../../core/incidents/store.ts';
import { incidentStoreContract } from '../support/incident-store-contract.ts';

incidentStoreContract('memory', async () => new MemoryIncidentStore());
