import { deliveriesOf, deliveriesOfValue } from '../core/envelope.ts';
import { type Delivery, quarantined } from '../core/record.ts';
import type { Origin } from '../core/source.ts';
import type { SourceId } from '../core/sources.ts';
import { decodeBase64Gzip, decodeGzip } from './decode.ts';

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

/** Everything in base64, gzip or not, as CloudWatch Logs and Kinesis deliver it. */
export function* receivedInBase64(base64: string, payload: Payload): Generator<Received> {
  yield* receivedInDecoded(decodeBase64Gzip(base64), () => base64, payload);
}

/** Everything in the bytes of a file, gzip or not. They are kept where they lie, not in quarantine. */
export function* receivedInBytes(bytes: Buffer, payload: Payload): Generator<Received> {
  yield* receivedInDecoded(decodeGzip(bytes), () => '', payload);
}

/** Everything in a text: one JSON value, or several. */
export function* receivedInText(text: string, payload: Payload): Generator<Received> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
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

function* receivedInDecoded(
  decoded: ReturnType<typeof decodeGzip>,
  raw: () => string,
  payload: Payload,
): Generator<Received> {
  if ('text' in decoded) yield* receivedInText(decoded.text, payload);
  else yield { delivery: quarantined(decoded.reason, decoded.detail, payload.origin), raw };
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
