import type { Alert } from '../../core/alert.ts';
import { severityRank } from '../../core/severity.ts';
import type { Truth } from './truth.ts';

/** What a subscriber's own check and count look at. */
export type Told = Pick<Alert, 'alertId' | 'dedupKey' | 'severity' | 'incident' | 'event'>;

/**
 * Compares what a subscriber was told, in order, and what lies in quarantine, with what is true. `repeats` are messages
 * that a subscriber's check of alert id and incident state drops; everything else that is not as it must be is `wrong`.
 * What the system says of itself is nobody's attack, and left out. A problem may have `maxIncidents`, one in each window.
 */
export function faultsOf(
  truth: Truth,
  told: readonly Told[],
  quarantined: readonly string[],
  maxIncidents = 1,
): { repeats: number; wrong: string[] } {
  const seen = new Map<string, Told>();
  const ofAttacks = told.filter(({ event }) => event.source !== 'auditwire');
  for (const alert of ofAttacks) {
    const key = `${alert.alertId} ${alert.incident.state}`;
    if (!seen.has(key)) seen.set(key, alert);
  }
  const visible = Map.groupBy(seen.values(), ({ dedupKey }) => dedupKey);
  const wrong: string[] = [];
  for (const [dedupKey, { detector, alertIds, severity }] of truth.problems) {
    const alerts = visible.get(dedupKey) ?? [];
    const say = (what: string) => wrong.push(`${detector} ${dedupKey}: ${what}`);
    if (alerts.length === 0) {
      say(`lost, with ${alertIds.size} findings`);
      continue;
    }
    const incidents = countsOf(alerts);
    if (incidents.length > maxIncidents) say(`${incidents.length} incidents for one problem`);
    if (alerts[0]?.incident.state !== 'opened') say('an incident that nobody opened');
    const count = incidents.reduce((sum, each) => sum + each, 0);
    if (count !== alertIds.size) say(`${count} findings told, ${alertIds.size} made`);
    const worst = Math.max(...alerts.map((alert) => severityRank(alert.severity)));
    if (worst !== severityRank(severity)) say(`told as rank ${worst}, found as ${severity}`);
  }
  for (const dedupKey of visible.keys()) if (!truth.problems.has(dedupKey)) wrong.push(`${dedupKey}: nobody made this`);
  return { repeats: ofAttacks.length - seen.size, wrong: [...wrong, ...quarantineFaults(truth, quarantined)] };
}

/** How many findings each incident of a problem has in the end, from what was told of them in order. */
function countsOf(alerts: readonly Told[]): number[] {
  const counts: number[] = [];
  for (const { incident } of alerts) {
    const last = incident.state === 'opened' ? undefined : counts.pop();
    counts.push(Math.max(last ?? 0, incident.count));
  }
  return counts;
}

function quarantineFaults({ unreadable }: Truth, quarantined: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const text of quarantined) times.set(text, (times.get(text) ?? 0) + 1);
  const wrong: string[] = [];
  for (const text of unreadable) {
    const count = times.get(text) ?? 0;
    if (count !== 1) wrong.push(`in quarantine ${count} times: ${text.slice(0, 80)}`);
  }
  for (const text of times.keys())
    if (!unreadable.has(text)) wrong.push(`in quarantine for no reason: ${text.slice(0, 80)}`);
  return wrong;
}
