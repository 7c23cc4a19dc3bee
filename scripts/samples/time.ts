import { hexOf } from './random.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** The day of the samples, and the moment the cluster was made. */
export const DAY = Date.parse('2025-09-16T00:00:00Z');
export const CLUSTER_BORN = Date.parse('2025-02-03T08:12:41Z');

/** Milliseconds since the epoch for a time of the sample day: `at('09:41')`, `at('09:41:07')`; somewhere in that second. */
export function at(clock: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  const fraction = Number.parseInt(hexOf(`clock/${clock}`, 6), 16) % SECOND;
  return DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND + fraction;
}

/** `2025-09-16T09:41:07Z`, as object metadata and CloudTrail write times. */
export const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** `2025-09-16T09:41:07.123456Z`, as the audit log writes them; the last three digits are given. */
export const micros = (ms: number, last: number): string =>
  `${new Date(ms).toISOString().slice(0, 23)}${String(last % 1000).padStart(3, '0')}Z`;

/** Every revision of the cluster's state is numbered; the numbers grow with time. */
export const resourceVersionAt = (ms: number): string => String(91_000_000 + Math.floor((ms - CLUSTER_BORN) / 137));
