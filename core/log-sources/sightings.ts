import { type LogSource, logSourceKey } from './log-source.ts';

/** What a payload, or several together, showed of its log source. Times in milliseconds since 1970. */
export interface Sighting {
  readonly logSource: LogSource;
  readonly seenAt: number;
  /** Events of the source itself: neither other log streams nor what was unreadable, which say nothing of its health. */
  readonly records: number;
  /** When the newest of them happened, as far as they say. */
  readonly newestAt?: number | undefined;
}

/** How often a log source is written at most, in milliseconds. */
export const WRITE_EVERY_MS = 60_000;
/** How many are written together: what is over waits for the next payload, so that no payload waits for long. */
export const MAX_TOGETHER = 20;

/**
 * Gathers sightings between writes, for as long as a container lives. What was gathered when it dies is lost: less than a
 * minute of counts, which are for orders of magnitude.
 */
export class Sightings {
  readonly #waiting = new Map<string, Sighting>();
  readonly #writtenAt = new Map<string, number>();

  /** Adds what a payload showed. One without a single event of the source shows nothing. */
  add(sighting: Sighting): void {
    if (sighting.records === 0) return;
    const key = logSourceKey(sighting.logSource);
    const waiting = this.#waiting.get(key);
    this.#waiting.set(key, waiting ? together(waiting, sighting) : together(sighting));
  }

  /** Takes out what is to be written now, the longest unwritten first. What cannot be written is to be added again. */
  take(now: number): readonly Sighting[] {
    const lastOf = (key: string) => this.#writtenAt.get(key) ?? -Infinity;
    const due = [...this.#waiting]
      .filter(([key]) => now - lastOf(key) >= WRITE_EVERY_MS)
      .sort(([a], [b]) => lastOf(a) - lastOf(b) || 0)
      .slice(0, MAX_TOGETHER);
    for (const [key] of due) {
      this.#waiting.delete(key);
      this.#writtenAt.set(key, now);
    }
    return due.map(([, sighting]) => sighting);
  }
}

/** Sightings of one log source as one, in whatever order. */
function together(first: Sighting, ...rest: readonly Sighting[]): Sighting {
  const all = [first, ...rest];
  const seenAt = Math.max(...all.map((one) => one.seenAt));
  const times = all.flatMap(({ newestAt }) => newestAt ?? []);
  return {
    logSource: first.logSource,
    seenAt,
    records: all.reduce((sum, { records }) => sum + records, 0),
    // A log event may be dated up to two hours ahead, and what is to come would hide how late all else is.
    // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
    ...(times.length > 0 ? { newestAt: Math.min(seenAt, Math.max(...times)) } : {}),
  };
}
