import { jsonIn } from '../core/json.ts';
import * as z from '../core/zod.ts';

/** What one record of an S3 notification says: that an object is there, that something else happened, or nothing clear. */
export type Announcement =
  | { readonly kind: 'created'; readonly object: AnnouncedObject }
  | { readonly kind: 'other' }
  | { readonly kind: 'unreadable' };

export interface AnnouncedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

const snsEnvelope = z.object({ Type: z.literal('Notification'), Message: z.string() });

const notification = z.object({
  Records: z.array(z.object({ eventName: z.unknown(), s3: z.unknown() })).check(z.minLength(1)),
});

const announced = z.object({
  bucket: z.object({ name: z.string() }),
  object: z.object({ key: z.string(), versionId: z.optional(z.string()) }),
});

/** What an S3 notification announces, plain or as SNS wraps it; `undefined` for any other text. */
export function announcementsIn(text: string): Announcement[] | undefined {
  const value = jsonIn(text);
  const wrapped = snsEnvelope.safeParse(value);
  const { data } = notification.safeParse(wrapped.success ? jsonIn(wrapped.data.Message) : value);
  return data?.Records.map(({ eventName, s3 }) => {
    if (typeof eventName !== 'string') return { kind: 'unreadable' };
    if (!eventName.startsWith('ObjectCreated:')) return { kind: 'other' };
    const { data: said } = announced.safeParse(s3);
    if (!said) return { kind: 'unreadable' };
    const object = { bucket: said.bucket.name, key: keyOf(said.object.key), versionId: said.object.versionId };
    return { kind: 'created', object };
  });
}

/**
 * What lies beside CloudTrail's logs under `AWSLogs/[o-organisation/]account/`: its digests, which hold hashes of log files,
 * and Insights, which hold statistics; in a bucket that others share, the logs of load balancers, Config, VPC and so on.
 * `undefined` for what may be a log of CloudTrail.
 */
export function kindOfTrailObject(
  key: string,
): 'cloudtrail-digest' | 'cloudtrail-insight' | 'other-service-log' | undefined {
  // The last such folder: an owner's own prefix before it may look like one.
  const folder = /^(?:.*\/)?AWSLogs\/(?:o-[a-z0-9]+\/)?\d{12}\/([^/]+)\//s.exec(key)?.[1];
  if (folder === 'CloudTrail-Digest') return 'cloudtrail-digest';
  if (folder === 'CloudTrail-Insight') return 'cloudtrail-insight';
  return folder === undefined || folder.startsWith('CloudTrail') ? undefined : 'other-service-log';
}

/** S3 encodes keys as HTML forms do: a plus is a space. */
function keyOf(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    return encoded;
  }
}
