import { MemoryLogSourceStore } from '../../core/log-sources/store.ts';
import { logSourceStoreContract } from '../support/log-source-store-contract.ts';

logSourceStoreContract('memory', async () => new MemoryLogSourceStore());
