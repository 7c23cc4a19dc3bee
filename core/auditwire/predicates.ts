import { eksLogGroup } from '../log-sources/log-source.ts';
import type { LogSourceReport } from './schema.ts';

/** Of how many of the 24 hours before a log source must have been seen to be held to its habit. */
const STEADY_HOURS = 24;

/**
 * Whether a log source is silent for longer than is tolerated. One that the policy does not name may be quiet now and then,
 * or live for an afternoon: it is held to its habit only if for a day it never was.
 */
export function isSilent({ expected, silentForMinutes, toleratedMinutes, steadyHours }: LogSourceReport): boolean {
  return silentForMinutes >= toleratedMinutes && (expected || steadyHours >= STEADY_HOURS);
}

/** A log source in words: `the audit log of prod`, `CloudTrail of 111122223333 in eu-west-1`. */
export function logSourceName({ logSource: { source, account, region, cluster } }: LogSourceReport): string {
  return source === 'k8s-audit' ? `the audit log of ${cluster ?? account}` : `CloudTrail of ${account} in ${region}`;
}

/** A time in words, as long as it is of use: `25 minutes`, `7 hours`, `3 days`. */
export function minutesInWords(minutes: number): string {
  const [count, unit] =
    minutes < 120 ? [minutes, 'minute'] : minutes < 2880 ? [minutes / 60, 'hour'] : [minutes / 1440, 'day'];
  const whole = Math.floor(count);
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`;
}

/** Where a log source comes from, as the commands of a runbook need it: the log group of a cluster, or a trail's region. */
export function placeOf({ logSource: { cluster, region } }: LogSourceReport): {
  readonly logGroup?: string;
  readonly trailRegion?: string;
} {
  return cluster === undefined ? { trailRegion: region } : { logGroup: eksLogGroup(cluster) };
}
