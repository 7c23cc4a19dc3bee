import type { Problem } from './problem.ts';

/**
 * How long a problem is remembered after its last finding, in milliseconds: SQS keeps a message for at most 14 days, and
 * nothing that repeats findings (Lambda, CloudWatch Logs, a dead-letter queue) keeps them longer.
 */
export const REMEMBERED_FOR_MS = 14 * 24 * 3_600_000;

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
  get(dedupKey: string): Promise<StoredProblem | undefined>;
  /**
   * Writes a problem that was read as version `since`, `undefined` where there was none, and resolves to `true`; or to
   * `false`, writing nothing, where another has written in between. It may be forgotten after `forgetAt`, in
   * milliseconds since 1970.
   */
  put(dedupKey: string, problem: Problem, since: number | undefined, forgetAt: number): Promise<boolean>;
  /** Up to `limit` problems whose incident ends at or before `now`, those that end first before the others. */
  expired(now: number, limit: number): Promise<readonly string[]>;
}

/** Remembers for as long as the process lives, and forgets nothing before that. */
export class MemoryIncidentStore implements IncidentStore {
  /** As JSON, like a table would, so that nobody changes what was stored or stores what no table could hold. */
  readonly #stored = new Map<string, { json: string; version: number; closesAt: number }>();

  async get(dedupKey: string): Promise<StoredProblem | undefined> {
    const stored = this.#stored.get(dedupKey);
    return stored && { problem: JSON.parse(stored.json), version: stored.version };
  }

  async put(dedupKey: string, problem: Problem, since: number | undefined): Promise<boolean> {
    if (this.#stored.get(dedupKey)?.version !== since) return false;
    const closesAt = problem.incident?.closesAt ?? Infinity;
    this.#stored.set(dedupKey, { json: JSON.stringify(problem), version: (since ?? 0) + 1, closesAt });
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
