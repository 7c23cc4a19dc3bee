import { deliveriesOf, deliveriesOfValue, placeOfLogs, valuesIn } from '../core/envelope.ts';
import type { Pipeline } from '../core/pipeline.ts';
import { type Delivery, quarantined } from '../core/record.ts';
import type { Origin } from '../core/source.ts';
import type { SourceId } from '../core/sources.ts';
import { decodeBase64Gzip, unpackBase64 } from './decode.ts';

/** A delivery and the text of its own that goes into quarantine if it cannot be judged. */
export interface Received {
  readonly delivery: Delivery;
  raw(): string;
}

/** What holds of everything in a payload: where it comes from unless it says so itself, and whose events it carries. */
export interface Payload {
  readonly origin: Origin;
  readonly source: SourceId;
}

/** Lists whose elements are records of their own: the log events of a subscription, the records of a CloudTrail object. */
const RECORD_LISTS = ['logEvents', 'Records'];

/** What a payload holds, and what is known of it as a whole. */
export interface Opened {
  readonly received: Iterable<Received>;
  readonly origin?: Origin;
  /** When the last of its records was logged, in milliseconds since 1970, where that is known before they are looked at. */
  readonly lastAt?: number | undefined;
}

/**
 * Everything in base64, gzip or not, as CloudWatch Logs and Kinesis deliver it, but for the records that the pipeline
 * tells are quiet by their bytes.
 */
export function openBase64(base64: string, payload: Payload, pipeline: Pick<Pipeline, 'withoutQuiet'>): Opened {
  const bytes = unpackBase64(base64);
  if ('reason' in bytes)
    return { received: [{ delivery: quarantined(bytes.reason, bytes.detail, payload.origin), raw: () => base64 }] };
  const scanned = pipeline.withoutQuiet(bytes);
  if (!scanned) return { received: receivedInText(bytes.toString('utf8'), payload) };
  const { envelope, rest, lastAt } = scanned;
  return {
    received: receivedInLogEvents(envelope, rest, payload),
    origin: placeOfLogs(envelope, payload.origin),
    lastAt,
  };
}

function* receivedInLogEvents(envelope: object, logEvents: Iterable<string>, payload: Payload): Generator<Received> {
  for (const text of logEvents) yield* receivedInValue({ ...envelope, logEvents: [JSON.parse(text)] }, payload);
}

/** Everything in a text: one JSON value, or several, each of which stands in quarantine for itself alone. */
export function* receivedInText(text: string, payload: Payload): Generator<Received> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const values = valuesIn(text);
    if (values.length > 1) for (const one of values) yield* receivedInText(one, payload);
    else
      for (const delivery of deliveriesOf(text, payload.origin, decodeBase64Gzip, payload.source))
        yield { delivery, raw: () => text };
    return;
  }
  yield* receivedInValue(value, payload);
}

/** Everything in a JSON value. A list of records is taken apart, so that each stands in quarantine for itself alone. */
export function* receivedInValue(value: unknown, { origin, source }: Payload): Generator<Received> {
  for (const { part, raw } of partsOf(value)) {
    for (const delivery of deliveriesOfValue(part, origin, decodeBase64Gzip, source)) yield { delivery, raw };
  }
}

/** The value itself, or the same envelope around each of its records. */
function* partsOf(value: unknown): Generator<{ readonly part: unknown; raw(): string }> {
  const envelope = typeof value === 'object' && value !== null ? value : {};
  const list = Object.entries(envelope).find(([key, records]) => RECORD_LISTS.includes(key) && Array.isArray(records));
  if (!list) {
    yield { part: value, raw: () => jsonOf(value) };
    return;
  }
  const [key, records] = list;
  for (const record of records) yield { part: { ...envelope, [key]: [record] }, raw: () => textOf(record) };
}

/** A log event's own text, as the source wrote it; of any other record its JSON. */
function textOf(record: unknown): string {
  const holdsText = typeof record === 'object' && record !== null && 'message' in record;
  return holdsText && typeof record.message === 'string' ? record.message : jsonOf(record);
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch (error) {
    // JSON can be parsed deeper than it can be written.
    if (error instanceof RangeError) return '';
    throw error;
  }
}
