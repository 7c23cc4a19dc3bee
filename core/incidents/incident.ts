import type { Alert } from '../alert.ts';
import { severityRank } from '../severity.ts';
import { allTargets } from './targets.ts';

/** How many event ids an incident keeps as samples. */
export const MAX_SAMPLES = 5;

/** How often, when and on what a problem was seen. */
export type Sightings = Omit<Alert['incident'], 'state'>;

/** One problem for as long as its window is open. Plain data, so that any store can hold it. */
export interface Incident {
  /** The alert that was told last, whose severity the incident has. */
  readonly told: Alert;
  /** How many of the sightings the reader was told of. */
  readonly toldCount: number;
  readonly sightings: Sightings;
  /** When the window ends, in milliseconds since 1970. */
  readonly closesAt: number;
}

/** The incident that an alert opens; the alert itself is what is told of it. */
export function openIncident(alert: Alert, closesAt: number): Incident {
  const { state: _, ...sightings } = alert.incident;
  return { told: alert, toldCount: sightings.count, sightings, closesAt };
}

/** The incident with one more alert in it, and what is told because of that: something only if it is worse than before. */
export function foldAlert(incident: Incident, alert: Alert): { readonly incident: Incident; readonly told?: Alert } {
  const sightings = together(incident.sightings, alert.incident);
  if (severityRank(alert.severity) <= severityRank(incident.told.severity))
    return { incident: { ...incident, sightings } };
  const told: Alert = { ...alert, incident: { state: 'escalated', ...sightings } };
  return { incident: { ...incident, sightings, told, toldCount: sightings.count }, told };
}

/** What is told when an incident ends; one about which everything was told ends without a word. */
export function rollUpOf({ told, toldCount, sightings }: Incident): Alert | undefined {
  return sightings.count > toldCount ? { ...told, incident: { state: 'closed', ...sightings } } : undefined;
}

/** Two sets of sightings as one. */
export function together(a: Sightings, b: Sightings): Sightings {
  const firstSeen = a.firstSeen === undefined || (b.firstSeen ?? '~') < a.firstSeen ? b.firstSeen : a.firstSeen;
  const lastSeen = a.lastSeen === undefined || (b.lastSeen ?? '') > a.lastSeen ? b.lastSeen : a.lastSeen;
  return {
    count: a.count + b.count,
    ...(firstSeen ? { firstSeen } : {}),
    ...(lastSeen ? { lastSeen } : {}),
    sampleEventIds: [...new Set([...a.sampleEventIds, ...b.sampleEventIds])].slice(0, MAX_SAMPLES),
    ...allTargets(a, b),
  };
}
