/** A provider's timestamp as RFC 3339 in UTC with milliseconds, or `undefined` where it is no time. No zone means UTC. */
export function rfc3339(timestamp: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\dT/.test(timestamp)) return undefined;
  return timeAt(Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(timestamp) ? timestamp : `${timestamp}Z`));
}

const YEAR_10000 = Date.UTC(10_000, 0);

/** A moment, in milliseconds since 1970, as RFC 3339 in UTC; `undefined` for none and for what no clock shows. */
export function timeAt(milliseconds: number | undefined): string | undefined {
  if (milliseconds === undefined || !(milliseconds >= 0 && milliseconds < YEAR_10000)) return undefined;
  return new Date(milliseconds).toISOString();
}
