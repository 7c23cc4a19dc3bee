import type { Alert } from '../alert.ts';
import type { Findings } from '../findings.ts';
import { foldAlert, type Incident, openIncident, rollUpOf } from './incident.ts';

/**
 * How many alert ids a problem remembers. A repeat that comes after so many others of the same problem is counted again;
 * it is still told under its old id, on which a subscriber can recognise it.
 */
export const MAX_REMEMBERED_IDS = 256;

/** What is remembered of one problem between findings. Plain data, so that any store can hold it. */
export interface Problem {
  readonly incident?: Incident | undefined;
  /** The ids of findings that were taken in, latest last, also when their incident has ended. */
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
  const fresh = alertIds.filter((id) => !problem.alertIds.includes(id));
  if (fresh.length === 0) return { problem, told };
  const remembered = [...problem.alertIds, ...fresh].slice(-MAX_REMEMBERED_IDS);
  const count = alert.incident.count - (alertIds.length - fresh.length);
  const news: Alert = { ...alert, incident: { ...alert.incident, count } };
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
