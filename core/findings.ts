import { createHash } from 'node:crypto';
import { type Alert, alertSchema } from './alert.ts';
import { together } from './incidents/incident.ts';
import { severityRank } from './severity.ts';
import * as z from './zod.ts';

/** More ids than this travel as that of the alert and one that is made of them all: 100 take some 3.5 KB. */
export const MAX_ALERT_IDS = 100;

/** The findings of one problem in one payload, as they travel from the functions that detect to the one that publishes. */
export const findingsSchema = z.lazy(() =>
  z.strictObject({
    schemaVersion: z.literal(1),
    alert: alertSchema.check(z.describe('The first of the worst findings; its incident tells of them all.')),
    alertIds: z
      .array(z.string())
      .check(
        z.minLength(1),
        z.maxLength(MAX_ALERT_IDS),
        z.describe(
          `The id of every finding; where there are more than ${MAX_ALERT_IDS}, the alert's own and one made of them all.`,
        ),
      ),
    windowMs: z.int().check(z.positive(), z.describe('For how long repeats of this problem fold, in milliseconds.')),
  }),
);

export type Findings = z.infer<typeof findingsSchema>;

/**
 * Gathers the findings of one payload by problem, so that a flood becomes one message. The same payload gives the same
 * messages however often it is delivered. Holds one alert for each problem, not one for each finding.
 */
export class FindingsByProblem {
  readonly #problems = new Map<string, { alert: Alert; alertIds: Set<string> }>();

  /** How many problems there are. */
  get size(): number {
    return this.#problems.size;
  }

  /** Adds a finding, or says `false`: another of the same event by the same detector is a repeat, and not counted. */
  add(alert: Alert): boolean {
    const known = this.#problems.get(alert.dedupKey);
    if (known?.alertIds.has(alert.alertId)) return false;
    if (!known) {
      this.#problems.set(alert.dedupKey, { alert, alertIds: new Set([alert.alertId]) });
      return true;
    }
    known.alertIds.add(alert.alertId);
    const worse = severityRank(alert.severity) > severityRank(known.alert.severity) ? alert : known.alert;
    known.alert = { ...worse, incident: { state: 'opened', ...together(known.alert.incident, alert.incident) } };
    return true;
  }

  /** What was gathered; `windowOf` gives the length of an incident in milliseconds. */
  all(windowOf: (alert: Alert) => number): Findings[] {
    return [...this.#problems.values()].map(({ alert, alertIds }) => ({
      schemaVersion: 1,
      alert,
      alertIds: alertIds.size > MAX_ALERT_IDS ? [alert.alertId, digestOf([...alertIds])] : [...alertIds],
      windowMs: windowOf(alert),
    }));
  }
}

/** One id made of many, whatever their order: 32 hexadecimal digits. */
export function digestOf(alertIds: readonly string[]): string {
  return createHash('sha256')
    .update([...alertIds].sort().join('\n'))
    .digest('hex')
    .slice(0, 32);
}
