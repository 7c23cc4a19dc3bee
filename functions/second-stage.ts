import { messageOf } from '../aws/alert-message.ts';
import { publishAlerts } from '../aws/alert-topic.ts';
import { Deadline } from '../aws/deadline.ts';
import type { Undelivered } from '../aws/deliver.ts';
import { IncidentTable } from '../aws/incident-table.ts';
import type { Alert } from '../core/alert.ts';
import type { IncidentStore } from '../core/incidents/store.ts';

/** Telling ends this long before the rest: what was told and cannot be remembered any more is told again. */
const REMEMBERING_MS = 3_000;

/** What one invocation remembers with and tells with. */
export interface SecondStage {
  readonly store: IncidentStore;
  /** In milliseconds since 1970. */
  readonly now: number;
  publish(alerts: readonly Alert[]): Promise<Undelivered<Alert>>;
  /** Whether nothing more can be told, so that nothing more should be begun. */
  isOver(): boolean;
}

/** The table, the topic and the time of an invocation. */
export function secondStage(
  settings: { readonly INCIDENT_TABLE: string; readonly ALERT_TOPIC_ARN: string },
  remainingMs: number,
): SecondStage {
  const telling = new Deadline(remainingMs - REMEMBERING_MS);
  return {
    store: new IncidentTable(settings.INCIDENT_TABLE, new Deadline(remainingMs)),
    now: Date.now(),
    publish: (alerts) => publishAlerts(settings.ALERT_TOPIC_ARN, alerts, messageOf, telling),
    isOver: () => telling.remainingMs === 0,
  };
}
