import { LOG_SOURCE_IDS } from '../log-sources/log-source.ts';
import * as z from '../zod.ts';

// It takes long to build, and few records need it.
function createSchema() {
  const text = z.string();
  const count = z.number().check(z.nonnegative());
  /** RFC 3339, UTC. */
  const time = z.iso.datetime();

  const logSourceReport = z.object({
    kind: z.literal('LogSourceReport'),
    reportedAt: time,
    logSource: z.object({
      source: z.enum(LOG_SOURCE_IDS),
      account: text,
      region: text,
      cluster: z.optional(text),
    }),
    /** Whether the site's policy names it. */
    expected: z.boolean(),
    /** Absent for one that was not seen within the time that is remembered. */
    lastSeenAt: z.optional(time),
    silentForMinutes: count,
    toleratedMinutes: count,
    /** In how many of the 24 hours before it was last seen it was seen as well. */
    steadyHours: count,
    /** How much older than its arrival the newest event is. */
    lagMinutes: z.optional(count),
    recordsLastHour: count,
    /** What this hour will have at its pace so far; absent in its first minutes. */
    recordsPerHourNow: z.optional(count),
    usualRecordsPerHour: z.optional(count),
    leastRecordsPerHour: z.optional(count),
    /** How many log sources are watched, and how many of them are silent at this moment. */
    watchedSources: count,
    silentSources: count,
  });

  const canary = z.object({ kind: z.literal('Canary'), id: z.uuid(), sentAt: z.int().check(z.nonnegative()) });

  return z.discriminatedUnion('kind', [logSourceReport, canary]);
}

/** What the system says of itself: how a log source is, or that something was sent through the whole path to be seen again. */
export const auditwireEventSchema = z.lazy(createSchema);

export type AuditwireEvent = z.infer<typeof auditwireEventSchema>;
export type LogSourceReport = Extract<AuditwireEvent, { kind: 'LogSourceReport' }>;
/** `sentAt` is in milliseconds since 1970. */
export type Canary = Extract<AuditwireEvent, { kind: 'Canary' }>;
