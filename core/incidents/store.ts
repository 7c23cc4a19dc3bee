import type { Problem } from './problem.ts';

const DAY_MS = 24 * 3_600_000;

/**
 * How long a problem is remembered after its last finding, in milliseconds. What was given to a failed invocation is kept
 * for 90 days and may be announced again on the last of them (`infra/failed-invocations.ts`); SQS keeps the announcement for
 * at most 14; for what comes before and after, retries of Lambda and CloudWatch Logs and a redrive by hand, there are six.
 */
export const REMEMBERED_FOR_MS = (90 + 14 + 6) * DAY_MS;

/** A problem as it was read, and the version that a write must build on. */
export interface StoredProblem {
  readonly problem: Problem;
  readonly version: number;
}

/**
 * Where problems are remembered between invocations. One reader may find what another has since replaced: `put` says so.
 * Every implementation passes `test/support/incident-store-contract.ts`.
 */
export interface IncidentStore {
  /** A problem. Its `alertIds` have all of the given ids that it ever took in, and may have others. */
  get(dedupKey: string, alertIds: readonly string[]): Promise<StoredProblem | undefined>;
  /**
   * Writes a problem that builds on what was read, `undefined` where there was nothing, and resolves to `true`; or to
   * `false`, changing nothing, where something else is there by now: what another has written, or this write itself if its
   * answer was lost. What was taken in stays so, also if `alertIds` lacks it. All may be forgotten
   * {@link REMEMBERED_FOR_MS} after `now`, in milliseconds since 1970, but not sooner than that after the end of an
   * incident.
   */
  put(dedupKey: string, problem: Problem, read: StoredProblem | undefined, now: number): Promise<boolean>;
  /** Up to `limit` problems whose incident ends at or before `now`, those that end first before the others. */
  expired(now: number, limit: number): Promise<readonly string[]>;
}

interface Remembered {
  /** JSON, as a table would have it, so that nobody changes what was stored or stores what no table could hold. */
  readonly json: string;
  readonly version: number;
  readonly closesAt: number;
  readonly alertIds: ReadonlySet<string>;
}

/** Remembers for as long as the process lives, and forgets nothing before that. */
export class MemoryIncidentStore implements IncidentStore {
  readonly #stored = new Map<string, Remembered>();

  async get(dedupKey: string, alertIds: readonly string[]): Promise<StoredProblem | undefined> {
    const stored = this.#stored.get(dedupKey);
    if (!stored) return undefined;
    const problem: Problem = JSON.parse(stored.json);
    return {
      problem: { ...problem, alertIds: alertIds.filter((id) => stored.alertIds.has(id)) },
      version: stored.version,
    };
  }

  async put(dedupKey: string, problem: Problem, read: StoredProblem | undefined): Promise<boolean> {
    const stored = this.#stored.get(dedupKey);
    if (stored?.version !== read?.version) return false;
    const { incident, alertIds } = problem;
    this.#stored.set(dedupKey, {
      json: JSON.stringify({ ...problem, alertIds: [] }),
      version: (read?.version ?? 0) + 1,
      closesAt: incident?.closesAt ?? Infinity,
      alertIds: new Set(alertIds).union(stored?.alertIds ?? new Set()),
    });
    return true;
  }

  async expired(now: number, limit: number): Promise<readonly string[]> {
    return [...this.#stored]
      .filter(([, { closesAt }]) => closesAt <= now)
      .sort(([, a], [, b]) => a.closesAt - b.closesAt)
      .slice(0, limit)
      .map(([dedupKey]) => dedupKey);
  }
}
