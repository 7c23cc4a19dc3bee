import { isSilent } from '../auditwire/predicates.ts';
import type { LogSourceReport } from '../auditwire/schema.ts';
import type { LogSourceId } from './log-source.ts';
import { HOUR_MS, hourOf, type LogSourceMemory, steadyHoursOf, usualRecordsAt } from './memory.ts';
import type { WatchedLogSource } from './watched.ts';

const MINUTE_MS = 60_000;

/** Before so much of an hour its pace says little. */
const PACE_AFTER_MS = 10 * MINUTE_MS;

/**
 * How long a log source may be silent that the policy names without saying so, in milliseconds. In a living cluster the
 * control plane renews its leases every few seconds; CloudTrail takes some five minutes and now and then more.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
 */
const TOLERATED_MS: Readonly<Record<LogSourceId, number>> = {
  'k8s-audit': 15 * MINUTE_MS,
  cloudtrail: 45 * MINUTE_MS,
};
/** One that the policy does not name may be gone on purpose. */
const UNNAMED_TIMES = 4;

/** Reports on log sources as they are at `now`, in milliseconds since 1970: one for each, in the same order. */
export function reportsOf(watched: readonly WatchedLogSource[], now: number): LogSourceReport[] {
  const reports = watched.map((one) => reportOf(one, now));
  const silentSources = reports.filter(isSilent).length;
  return reports.map((report) => ({ ...report, watchedSources: reports.length, silentSources }));
}

function reportOf(watched: WatchedLogSource, now: number): LogSourceReport {
  const { logSource, expected } = watched;
  const { source } = logSource;
  const tolerated = expected ? (expected.silence ?? TOLERATED_MS[source]) : TOLERATED_MS[source] * UNNAMED_TIMES;
  const silentSince = 'memory' in watched ? watched.memory.lastSeenAt : watched.awaitedSince;
  return {
    kind: 'LogSourceReport',
    reportedAt: new Date(now).toISOString(),
    logSource,
    expected: expected !== undefined,
    silentForMinutes: minutes(now - silentSince),
    toleratedMinutes: minutes(tolerated),
    ...('memory' in watched ? remembered(watched.memory, now) : { steadyHours: 0, recordsLastHour: 0 }),
    watchedSources: 1,
    silentSources: 0,
  };
}

function remembered(memory: LogSourceMemory, now: number) {
  const { lastSeenAt, newestAt, records } = memory;
  const hour = hourOf(now);
  const intoHour = now - hour * HOUR_MS;
  const usual = usualRecordsAt(memory, hour - 1);
  return {
    lastSeenAt: new Date(lastSeenAt).toISOString(),
    steadyHours: steadyHoursOf(memory),
    ...(newestAt === undefined ? {} : { lagMinutes: minutes(lastSeenAt - newestAt) }),
    recordsLastHour: records.get(hour - 1) ?? 0,
    ...(intoHour >= PACE_AFTER_MS
      ? { recordsPerHourNow: Math.round(((records.get(hour) ?? 0) * HOUR_MS) / intoHour) }
      : {}),
    ...(usual ? { usualRecordsPerHour: usual.median, leastRecordsPerHour: usual.least } : {}),
  };
}

function minutes(milliseconds: number): number {
  return Math.max(0, Math.floor(milliseconds / MINUTE_MS));
}
