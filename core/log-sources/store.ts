import { type LogSource, logSourceKey } from './log-source.ts';
import { joined, type LogSourceMemory, memoryOf, REMEMBERED_FOR_MS } from './memory.ts';
import type { Sighting } from './sightings.ts';

/**
 * Where log sources are remembered. Many write at the same time, and no write undoes another. Every implementation passes
 * `test/support/log-source-store-contract.ts`.
 */
export interface LogSourceStore {
  /** Adds a sighting; one that is added twice counts twice. */
  add(sighting: Sighting): Promise<void>;
  /** Every log source that was seen within `REMEMBERED_FOR_MS` before `now`, in milliseconds since 1970. */
  all(now: number): Promise<readonly LogSourceMemory[]>;
  /** Since when a log source has been waited for that was not seen; asking is what begins it. Milliseconds since 1970. */
  awaitedSince(logSource: LogSource, now: number): Promise<number>;
}

/** Remembers for as long as the process lives. */
export class MemoryLogSourceStore implements LogSourceStore {
  readonly #seen = new Map<string, LogSourceMemory>();
  readonly #awaited = new Map<string, number>();

  async add(sighting: Sighting): Promise<void> {
    const key = logSourceKey(sighting.logSource);
    const before = this.#seen.get(key);
    const memory = memoryOf(sighting);
    this.#seen.set(key, before ? joined(before, memory) : memory);
  }

  async all(now: number): Promise<readonly LogSourceMemory[]> {
    return [...this.#seen.values()].filter(({ lastSeenAt }) => lastSeenAt > now - REMEMBERED_FOR_MS);
  }

  async awaitedSince(logSource: LogSource, now: number): Promise<number> {
    const key = logSourceKey(logSource);
    const since = this.#awaited.get(key) ?? now;
    this.#awaited.set(key, since);
    return since;
  }
}
