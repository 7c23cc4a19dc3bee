import { faultPosition, isBeginning } from './json-beginning.ts';
import { type Delivery, type Quarantined, quarantined } from './record.ts';
import type { Origin } from './source.ts';
import { SOURCE_IDS, type SourceId, sources } from './sources.ts';

/** Turns base64 gzip into text; says what is wrong where it cannot. Decoding belongs to the edge, so it is handed in. */
export type Decode = (base64: string) => { readonly text: string } | Pick<Quarantined, 'reason' | 'detail'>;

/**
 * How deep lists, envelopes and texts may nest around an event: an S3 notification in SNS in SQS in Kinesis is ten, with
 * room to spare.
 */
const MAX_ENVELOPES = 16;

/** What the audit log of EKS has at the end of a record that was cut. https://github.com/falcosecurity/plugins/issues/297 */
const CUT_MARK = '[Truncated...]';

/**
 * Everything that one piece of text holds: events or any envelopes that AWS, the API server or the `aws` command puts
 * around events, one, one a line, or one behind the other. What is broken comes out as quarantined and costs its
 * neighbours nothing.
 */
export function* deliveriesOf(text: string, origin: Origin, decode: Decode, only?: SourceId): Generator<Delivery> {
  yield* new Unwrapping(decode, only).text(text, origin, 0);
}

/** The same for JSON that was already parsed. */
export function* deliveriesOfValue(
  value: unknown,
  origin: Origin,
  decode: Decode,
  only?: SourceId,
): Generator<Delivery> {
  yield* new Unwrapping(decode, only).value(value, origin, 0);
}

type Fields = Readonly<Record<string, unknown>>;

class Unwrapping {
  readonly #decode: Decode;
  readonly #sources: readonly SourceId[];

  constructor(decode: Decode, only: SourceId | undefined) {
    this.#decode = decode;
    // What the system says of itself, a canary, may travel with any log.
    this.#sources = SOURCE_IDS.filter((id) => only === undefined || id === only || id === 'auditwire');
  }

  *text(text: string, origin: Origin, depth: number): Generator<Delivery> {
    const trimmed = text.trim();
    if (/^H4sI[A-Za-z0-9+/=\s]+$/.test(trimmed)) {
      yield* this.#encoded(trimmed, origin, depth);
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(trimmed);
    } catch (error) {
      const values = valuesIn(trimmed);
      if (values.length < 2) yield this.#unparsable(trimmed, error, origin);
      else for (const one of values) yield* this.text(one, origin, depth);
      return;
    }
    yield* this.value(value, origin, depth);
  }

  *value(value: unknown, origin: Origin, depth: number): Generator<Delivery> {
    if (depth > MAX_ENVELOPES) {
      yield quarantined('too-deep', `more than ${MAX_ENVELOPES} envelopes around each other`, origin);
    } else if (Array.isArray(value)) {
      yield* this.#each(value, origin, depth + 1);
    } else if (typeof value === 'string') {
      yield* this.text(value, origin, depth + 1);
    } else if (typeof value === 'object' && value !== null) {
      yield* this.#object(value as Fields, origin, depth);
    } else {
      yield quarantined(
        'unrecognised',
        `a JSON ${value === null ? 'null' : typeof value} where an event was expected`,
        origin,
      );
    }
  }

  *#each(values: readonly unknown[], origin: Origin, depth: number): Generator<Delivery> {
    for (const value of values) yield* this.value(value, origin, depth);
  }

  *#object(value: Fields, origin: Origin, depth: number): Generator<Delivery> {
    const inner = depth + 1;
    const list = (key: string) => (Array.isArray(value[key]) ? (value[key] as readonly unknown[]) : undefined);

    if (value.messageType === 'CONTROL_MESSAGE') {
      yield { kind: 'control', what: 'cloudwatch-logs-control', origin };
    } else if (value.messageType === 'DATA_MESSAGE' && list('logEvents')) {
      yield* this.#logEvents(value, list('logEvents') ?? [], origin, inner);
    } else if (isFields(value.awslogs)) {
      yield* this.#encoded(value.awslogs.data, origin, inner);
    } else if (isFields(value.kinesis)) {
      const region = regionOfArn(value.eventSourceARN);
      yield* this.#encoded(value.kinesis.data, { ...origin, ...(region ? { region } : {}) }, inner);
    } else if (value.eventSource === 'aws:sqs' || value.Type === 'Notification') {
      yield* this.value(value.body ?? value.Message, origin, inner);
    } else if (isFields(value.s3) || isFields(value.Sns) || value.Event === 's3:TestEvent') {
      if (isFields(value.Sns)) yield* this.value(value.Sns.Message, origin, inner);
      else yield { kind: 'control', what: value.Event ? 's3-test-event' : 's3-notification', origin };
    } else if ('digestS3Object' in value && list('logFiles')) {
      yield { kind: 'control', what: 'cloudtrail-digest', origin };
    } else if ('eventVersion' in value && (value.eventCategory === 'Insight' || 'insightDetails' in value)) {
      yield { kind: 'control', what: 'cloudtrail-insight', origin };
    } else if (list('items') && !this.#recognised(value)) {
      yield* this.#each(list('items') ?? [], origin, inner);
    } else if (isFields(value.detail) && 'detail-type' in value) {
      yield* this.#eventBridge(value, value.detail, origin, inner);
    } else if (list('Records')) {
      yield* this.#each(list('Records') ?? [], origin, inner);
    } else if (list('events') && !this.#recognised(value)) {
      yield* this.#each(list('events') ?? [], origin, inner);
    } else if (list('Events')) {
      yield* this.#each(list('Events') ?? [], origin, inner);
    } else if (list('results')) {
      yield* this.#queryResults(list('results') ?? [], origin, inner);
    } else {
      yield* this.#event(value, origin, inner);
    }
  }

  *#event(value: Fields, origin: Origin, depth: number): Generator<Delivery> {
    const source = this.#recognised(value);
    if (source) {
      yield { kind: 'record', source, value, origin };
      return;
    }
    // `aws logs filter-log-events`, Logs Insights exports and `aws cloudtrail lookup-events` carry the event as text.
    const wrapped = value.message ?? value['@message'] ?? value.CloudTrailEvent;
    if (wrapped === undefined) {
      yield quarantined(
        'unrecognised',
        `neither an audit event nor a CloudTrail record nor an envelope of them (${keysOf(value)})`,
        origin,
      );
      return;
    }
    const logStream = value.logStreamName ?? value['@logStream'];
    const place = typeof logStream === 'string' ? { ...origin, logStream } : origin;
    if (isOtherStream(place.logStream)) yield { kind: 'control', what: 'other-log-stream', origin: place };
    else yield* this.value(wrapped, place, depth);
  }

  #unparsable(text: string, error: unknown, origin: Origin): Delivery {
    if (error instanceof RangeError) return quarantined('too-deep', 'nested deeper than JSON can be parsed', origin);
    const isMarked = text.endsWith(CUT_MARK);
    const beginning = isMarked ? text.slice(0, -CUT_MARK.length) : text;
    const isCut = /^[{[]/.test(text) && isBeginning(beginning);
    for (const source of isCut ? this.#sources : []) {
      const value = sources[source].salvage?.(beginning);
      if (value) return { kind: 'record', source, value, origin };
    }
    if (isMarked) return quarantined('truncated', `cut by the log service (${CUT_MARK})`, origin);
    if (isCut) return quarantined('truncated', `JSON that ends after ${text.length} characters`, origin);
    const position = faultPosition(error);
    return quarantined('not-json', position ? `not JSON from character ${position}` : 'not JSON', origin);
  }

  #recognised(value: object): SourceId | undefined {
    return this.#sources.find((id) => sources[id].recognises(value));
  }

  *#encoded(data: unknown, origin: Origin, depth: number): Generator<Delivery> {
    if (typeof data !== 'string') {
      yield quarantined('unrecognised', 'an envelope whose data is not base64 text', origin);
      return;
    }
    const decoded = this.#decode(data);
    if ('text' in decoded) yield* this.text(decoded.text, origin, depth);
    else yield quarantined(decoded.reason, decoded.detail, origin);
  }

  *#logEvents(envelope: Fields, logEvents: readonly unknown[], origin: Origin, depth: number): Generator<Delivery> {
    const place = placeOfLogs(envelope, origin);
    for (const logEvent of logEvents) {
      const fields = isFields(logEvent) ? logEvent : {};
      const at = fields.timestamp;
      const from =
        typeof at === 'number' && Number.isFinite(at) && Math.abs(at) < 8.64e15 ? { ...place, receivedAt: at } : place;
      if (isOtherStream(place.logStream)) yield { kind: 'control', what: 'other-log-stream', origin: from };
      else if (typeof fields.message === 'string') yield* this.text(fields.message, from, depth);
      else yield quarantined('unrecognised', 'a log event without a message', from);
    }
  }

  *#eventBridge(envelope: Fields, detail: Fields, origin: Origin, depth: number): Generator<Delivery> {
    const { account, region } = envelope;
    const place: Origin = {
      ...origin,
      ...(typeof account === 'string' ? { account } : {}),
      ...(typeof region === 'string' ? { region } : {}),
    };
    const type = envelope['detail-type'];
    if (typeof type === 'string' && type.includes('Insight'))
      yield { kind: 'control', what: 'cloudtrail-insight', origin: place };
    else yield* this.value(detail, place, depth);
  }

  /** Logs Insights answers a list of rows, each a list of {field, value}. */
  *#queryResults(rows: readonly unknown[], origin: Origin, depth: number): Generator<Delivery> {
    const values = rows.map((row) => {
      if (!Array.isArray(row)) return row;
      const cells = row.filter(isFields).filter(({ field }) => typeof field === 'string');
      return Object.fromEntries(cells.map(({ field, value }) => [field, value]));
    });
    yield* this.#each(values, origin, depth);
  }
}

/** Where the records in a CloudWatch Logs payload come from, by what it says of itself. */
export function placeOfLogs(payload: object, origin: Origin): Origin {
  const { logGroup, logStream, owner } = payload as Fields;
  const cluster = typeof logGroup === 'string' ? /^\/aws\/eks\/([^/]+)\/cluster$/.exec(logGroup)?.[1] : undefined;
  return {
    ...origin,
    ...(typeof logGroup === 'string' ? { logGroup } : {}),
    ...(typeof logStream === 'string' ? { logStream } : {}),
    ...(typeof owner === 'string' ? { account: owner } : {}),
    ...(cluster ? { cluster } : {}),
  };
}

/** Whether a stream of an EKS log group is known to be another component's than the audit log. */
export function isOtherStream(logStream: string | undefined): boolean {
  return (
    logStream !== undefined &&
    !logStream.startsWith('kube-apiserver-audit-') &&
    /^(?:kube-apiserver|authenticator|kube-controller-manager|kube-scheduler|cloud-controller-manager)-/.test(logStream)
  );
}

/** The texts of JSON values that stand one a line or, as joined gzip members hold them, one behind the other. */
export function valuesIn(text: string): string[] {
  const lines = text.trim().split(/\r?\n(?=[{[])/);
  const [line = ''] = lines;
  if (lines.length > 1 || !/^[{[]/.test(line)) return lines;
  const values: string[] = [];
  let depth = 0;
  let start = 0;
  let isQuoted = false;
  for (const { 0: token, index } of line.matchAll(/\\[\s\S]|["{}[\]]/g)) {
    if (token === '"') isQuoted = !isQuoted;
    else if (isQuoted || token.startsWith('\\')) continue;
    else if (token === '{' || token === '[') depth++;
    else if (--depth === 0) {
      values.push(line.slice(start, index + 1));
      start = index + 1;
    } else if (depth < 0) break;
  }
  const rest = line.slice(start);
  return rest === '' ? values : [...values, rest];
}

/** The first keys of an object, for who must tell what it is. A key that is not a plain word may be anything. */
function keysOf(value: object): string {
  const keys = Object.keys(value).slice(0, 5);
  const words = keys.map((key) => (/^@?[A-Za-z-]{1,24}$/.test(key) ? key : '…'));
  return keys.length === 0 ? 'no keys' : `keys: ${words.join(', ')}`;
}

function regionOfArn(arn: unknown): string | undefined {
  return typeof arn === 'string' ? arn.split(':')[3] || undefined : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
