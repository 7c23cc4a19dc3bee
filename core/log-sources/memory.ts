import type { LogSource } from './log-source.ts';
import type { Sighting } from './sightings.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** For how long what was seen is remembered, in milliseconds: a week, to compare with, and the day that goes on. */
export const REMEMBERED_FOR_MS = 8 * DAY_MS;

const DAYS_OF_WEEK = 7;

/** What is remembered of a log source. Times in milliseconds since 1970. */
export interface LogSourceMemory {
  readonly logSource: LogSource;
  readonly lastSeenAt: number;
  /** When the newest event happened that was ever seen, so that one that comes late makes nothing look late. */
  readonly newestAt?: number | undefined;
  /** How many records came in which hour; hours are counted since 1970. */
  readonly records: ReadonlyMap<number, number>;
}

/** How many records are usual in an hour, and how many there were when there were fewest. */
export interface UsualRecords {
  readonly median: number;
  readonly least: number;
}

/** The hour, counted since 1970, of a time in milliseconds. */
export function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS);
}

/** A sighting as a memory of its own. */
export function memoryOf({ logSource, seenAt, records, newestAt }: Sighting): LogSourceMemory {
  const newest = newestAt === undefined ? {} : { newestAt };
  return { logSource, lastSeenAt: seenAt, ...newest, records: new Map([[hourOf(seenAt), records]]) };
}

/** Two memories of one log source as one, in whatever order. */
export function joined(a: LogSourceMemory, b: LogSourceMemory): LogSourceMemory {
  const records = new Map(a.records);
  for (const [hour, count] of b.records) records.set(hour, (records.get(hour) ?? 0) + count);
  const newestAt = Math.max(a.newestAt ?? -Infinity, b.newestAt ?? -Infinity);
  return {
    logSource: a.logSource,
    lastSeenAt: Math.max(a.lastSeenAt, b.lastSeenAt),
    ...(newestAt === -Infinity ? {} : { newestAt }),
    records,
  };
}

/** In how many of the 24 hours before the one in which it was last seen a log source was seen as well. */
export function steadyHoursOf({ lastSeenAt, records }: LogSourceMemory): number {
  const last = hourOf(lastSeenAt);
  return Array.from({ length: 24 }, (_, place) => records.get(last - 1 - place) ?? 0).filter((count) => count > 0)
    .length;
}

/**
 * What is usual at an hour, by the same hour of the seven days before and the hours beside it; hours without a record were
 * a silence and measure nothing. `undefined` where there is none of a week ago: nights and weekends differ.
 */
export function usualRecordsAt({ records }: LogSourceMemory, hour: number): UsualRecords | undefined {
  const daysBefore = Array.from({ length: DAYS_OF_WEEK }, (_, place) => {
    const same = hour - 24 * (place + 1);
    return [same - 1, same, same + 1].map((one) => records.get(one) ?? 0).filter((count) => count > 0);
  });
  const counts = daysBefore.flat().sort((a, b) => a - b);
  const [least] = counts;
  const median = counts[Math.floor(counts.length / 2)];
  const knowsTheWeekday = (daysBefore.at(-1)?.length ?? 0) > 0;
  return knowsTheWeekday && least !== undefined && median !== undefined ? { median, least } : undefined;
}
