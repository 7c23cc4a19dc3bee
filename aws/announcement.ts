import * as z from 'zod';

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

const notification = z.object({ Records: z.array(z.object({ eventName: z.unknown(), s3: z.unknown() })).min(1) });

const announced = z.object({
  bucket: z.object({ name: z.string() }),
  object: z.object({ key: z.string(), versionId: z.string().optional() }),
});

/** What an S3 notification announces, plain or as SNS wraps it; `undefined` for any other text. */
export function announcementsIn(text: string): Announcement[] | undefined {
  const value = parsed(text);
  const wrapped = snsEnvelope.safeParse(value);
  const { data } = notification.safeParse(wrapped.success ? parsed(wrapped.data.Message) : value);
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
 * What CloudTrail writes beside its logs under `AWSLogs/[o-organisation/]account/`: digests, which hold hashes of log
 * files, and Insights, which hold statistics. `undefined` for what may be a log.
 */
export function kindOfTrailObject(key: string): 'cloudtrail-digest' | 'cloudtrail-insight' | undefined {
  const kind = /(?:^|\/)AWSLogs\/(?:o-[a-z0-9]+\/)?\d{12}\/CloudTrail-(Digest|Insight)\//.exec(key)?.[1];
  if (kind === undefined) return undefined;
  return kind === 'Digest' ? 'cloudtrail-digest' : 'cloudtrail-insight';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** S3 encodes keys as HTML forms do: a plus is a space. */
function keyOf(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    return encoded;
  }
}
