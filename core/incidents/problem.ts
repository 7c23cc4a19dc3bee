import type { Alert } from '../alert.ts';
import type { Findings } from '../findings.ts';
import { foldAlert, type Incident, openIncident, rollUpOf } from './incident.ts';

/** What is remembered of one problem between findings. Plain data, so that any store can hold it. */
export interface Problem {
  readonly incident?: Incident | undefined;
  /**
   * The ids of findings that were taken in, latest last, also when their incident has ended: of all there ever were, those
   * that a store was asked about.
   */
  readonly alertIds: readonly string[];
}

/** A problem of which nothing is known yet. */
export const NEW_PROBLEM: Problem = { alertIds: [] };

/** What a problem becomes, and the alerts that must be told before it may be remembered so, in order. */
export interface Step {
  readonly problem: Problem;
  readonly told: readonly Alert[];
}

/**
 * Takes findings into the memory of their problem. The first are told at once, later ones only if they are worse or when
 * the window ends; findings whose every id was taken in before change nothing. `now` is in milliseconds since 1970.
 */
export function takeIn(before: Problem, { alert, alertIds, windowMs }: Findings, now: number): Step {
  const { problem, told } = closeIncident(before, now);
  const known = new Set(problem.alertIds);
  const fresh = alertIds.filter((id) => !known.has(id));
  const [firstFresh] = fresh;
  if (firstFresh === undefined) return { problem, told };
  const remembered = [...problem.alertIds, ...fresh];
  const news: Alert = {
    ...alert,
    // Whoever has seen an alert drops the next with its id: what is new must not go out under what is known.
    alertId: known.has(alert.alertId) ? firstFresh : alert.alertId,
    incident: { ...alert.incident, count: alert.incident.count - (alertIds.length - fresh.length) },
  };
  if (!problem.incident)
    return {
      problem: { incident: openIncident(news, now + windowMs), alertIds: remembered },
      told: [...told, news],
    };
  const folding = foldAlert(problem.incident, news);
  return {
    problem: { incident: folding.incident, alertIds: remembered },
    told: folding.told ? [...told, folding.told] : told,
  };
}

/** Ends the incident of a problem if its window has ended, and rolls it up. */
export function closeIncident(problem: Problem, now: number): Step {
  const { incident, alertIds } = problem;
  if (!incident || incident.closesAt > now) return { problem, told: [] };
  const rollUp = rollUpOf(incident);
  return { problem: { alertIds }, told: rollUp ? [rollUp] : [] };
}
