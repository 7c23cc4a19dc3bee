import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { cut, inert } from '../core/inert.ts';
import { jsonIn } from '../core/json.ts';
import { readLeniently } from '../core/lenient.ts';
import type { Quarantined } from '../core/record.ts';
import type { Origin } from '../core/source.ts';
import * as z from '../core/zod.ts';
import { attributeBytesOf, type StringAttribute } from './attributes.ts';
import type { Deadline } from './deadline.ts';
import { decodeBase64Gzip } from './decode.ts';
import { UndeliveredError } from './deliver.ts';
import { type FifoMessage, MAX_SQS_BYTES, sendToQueue } from './sqs.ts';

const PACKED = 'gzip+base64';
const MAX_DETAIL_LENGTH = 512;
/** As long as the longest name in an origin: the address of an S3 object, whose key has up to 1024 characters. */
const MAX_ORIGIN_VALUE_LENGTH = 1200;

/** All but these make SQS refuse a body: most control characters, lone surrogates, U+FFFE and U+FFFF. */
const ONLY_ALLOWED = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u;

/** A record that could not be judged, with the text that it came as. */
export interface QuarantinedRecord extends Pick<Quarantined, 'reason' | 'detail' | 'origin'> {
  readonly raw: string;
}

/**
 * Puts what could not be judged where it waits for a fix. The records of one payload are told apart by their order, so
 * that a payload that comes again within five minutes adds nothing. Throws an {@link UndeliveredError} if some remain
 * when there is no more time.
 */
export async function sendToQuarantine(
  queueUrl: string,
  records: readonly QuarantinedRecord[],
  deadline: Deadline,
): Promise<void> {
  const undelivered = await sendToQueue(queueUrl, records.map(quarantineMessage), deadline);
  if (undelivered.items.length > 0) throw new UndeliveredError('quarantined records', undelivered, records.length);
}

/**
 * One record as a message: the text itself where SQS takes it, else gzip in base64, and its beginning where that is too
 * much as well; what it is, in the attributes.
 */
export function quarantineMessage(record: QuarantinedRecord, position: number): FifoMessage {
  const about = {
    reason: record.reason,
    detail: cut(inert(record.detail), MAX_DETAIL_LENGTH) || '-',
    origin: originOf(record.origin),
  };
  const room = MAX_SQS_BYTES - attributeBytesOf(asAttributes({ ...about, encoding: PACKED, cut: 'true' }));
  const { body, encoding, isCut } = bodyOf(record.raw, room);
  const attributes = { ...about, encoding, ...(isCut ? { cut: 'true' } : {}) };
  const id = createHash('sha256')
    .update(JSON.stringify([attributes, position]))
    .update(record.raw)
    .digest('hex');
  return {
    MessageBody: body,
    MessageGroupId: id,
    MessageDeduplicationId: id,
    MessageAttributes: asAttributes(attributes),
  };
}

function asAttributes(values: Readonly<Record<string, string>>): Record<string, StringAttribute> {
  const named = Object.entries(values);
  return Object.fromEntries(named.map(([name, value]) => [name, { DataType: 'String', StringValue: value }]));
}

// Only a redrive reads them, and every function that judges would take time to build them.
const originSchema: z.ZodMiniType<Origin> = z.lazy(() =>
  z.strictObject({
    file: z.optional(z.string()),
    line: z.optional(z.number()),
    logGroup: z.optional(z.string()),
    logStream: z.optional(z.string()),
    account: z.optional(z.string()),
    region: z.optional(z.string()),
    cluster: z.optional(z.string()),
    receivedAt: z.optional(z.number()),
  }),
);

const attributesSchema = z.lazy(() =>
  z.object({
    reason: z.string(),
    detail: z.string(),
    origin: z.string(),
    encoding: z.enum(['text', PACKED]),
    cut: z.optional(z.literal('true')),
  }),
);

/** A record as it lies in quarantine: its reason may be one that only an earlier version knew. */
export interface RecordInQuarantine extends Omit<QuarantinedRecord, 'reason'> {
  readonly reason: string;
  /** Whether only its beginning lies there. */
  readonly isCut: boolean;
}

/** The record that {@link quarantineMessage} made a message of; `undefined` of any other message. */
export function quarantinedRecordIn(message: {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}): RecordInQuarantine | undefined {
  const { data: attributes } = attributesSchema.safeParse(message.attributes);
  if (!attributes) return undefined;
  const origin = readLeniently(originSchema, jsonIn(attributes.origin));
  const raw = attributes.encoding === 'text' ? { text: message.body } : decodeBase64Gzip(message.body);
  if (!origin || !('text' in raw)) return undefined;
  const { reason, detail, cut: mark } = attributes;
  return { reason, detail, origin, raw: raw.text, isCut: mark !== undefined };
}

/** A record's text in at most `room` bytes. */
function bodyOf(raw: string, room: number): { body: string; encoding: 'text' | typeof PACKED; isCut: boolean } {
  // SQS takes no empty body.
  if (raw !== '' && ONLY_ALLOWED.test(raw) && Buffer.byteLength(raw) <= room)
    return { body: raw, encoding: 'text', isCut: false };
  const whole = packed(raw);
  if (whole.length <= room) return { body: whole, encoding: PACKED, isCut: false };
  // base64 makes four bytes of three, and gzip adds next to nothing to what it cannot shrink.
  const beginning = Buffer.from(raw).subarray(0, Math.floor(room * 0.74));
  return { body: packed(beginning), encoding: PACKED, isCut: true };
}

/** A lone surrogate becomes U+FFFD here, as in every UTF-8. */
function packed(content: string | Buffer): string {
  return gzipSync(content).toString('base64');
}

function originOf(origin: Origin): string {
  return JSON.stringify(origin, (_, value: unknown) =>
    typeof value === 'string' ? cut(inert(value), MAX_ORIGIN_VALUE_LENGTH) : value,
  );
}
