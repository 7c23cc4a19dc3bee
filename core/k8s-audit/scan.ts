import type { Engine } from '../engine.ts';
import { isOtherStream } from '../envelope.ts';
import { JsonBytes } from '../json-bytes.ts';
import { RecordReader } from './record-reader.ts';
import { ScanMemory } from './scan-memory.ts';
import type { AuditEvent } from './schema.ts';

/** A payload of which the quiet records were left out. */
export interface Scanned {
  /** What CloudWatch Logs puts around log events, parsed, with an empty list of them. */
  readonly envelope: object;
  /** The log events that are left, each as JSON that parses: one at a time they fill no memory. */
  readonly rest: Iterable<string>;
  readonly quiet: number;
  /** When the last of all its records was logged, in milliseconds since 1970. */
  readonly lastAt: number | undefined;
}

/** Tells from an audit event's bytes that no detector has anything to say of it, so that it need not be parsed. */
export interface Scanner {
  /**
   * A CloudWatch Logs payload without its quiet records. `undefined` where the payload is not the audit log's, or not as
   * CloudWatch Logs writes it: then nothing is proven and all of it is to be parsed.
   */
  withoutQuiet(payload: Buffer): Scanned | undefined;
  /** Whether a line of NDJSON is an audit event that parses, fits the schema and is quiet. */
  isQuiet(line: Buffer): boolean;
}

/**
 * A scanner for the detectors in `engine`. It reads every byte of a record, in the exact form that kube-apiserver
 * writes, and looks up by the parts that matter whether the detectors, asked once, are quiet on such a record. A record
 * in any other form, one that was cut and one that holds a key twice are not proven.
 */
export function createScanner(engine: Engine<AuditEvent>): Scanner {
  const json = new JsonBytes();
  const memory = new ScanMemory(engine, json);
  const line = new RecordReader(json, 0);
  const payload = new PayloadReader(json, new RecordReader(json, 1), memory);
  return {
    withoutQuiet: (bytes) => payload.read(bytes),
    isQuiet(bytes) {
      const start = json.load(bytes);
      return start !== undefined && line.read(start) && line.at === json.end && memory.isQuiet(line);
    },
  };
}

/** Reads what CloudWatch Logs puts around records. */
class PayloadReader {
  readonly #json: JsonBytes;
  readonly #record: RecordReader;
  readonly #memory: ScanMemory;
  readonly #literals;

  constructor(json: JsonBytes, record: RecordReader, memory: ScanMemory) {
    this.#json = json;
    this.#record = record;
    this.#memory = memory;
    this.#literals = {
      id: json.literal('{"id":'),
      timestamp: json.literal(',"timestamp":'),
      message: json.literal(',"message":'),
      extractedFields: json.literal(',"extractedFields":'),
      messageCloses: json.literal('"}'),
      closes: json.literal('}'),
      payloadCloses: json.literal(']}'),
    };
  }

  read(bytes: Buffer): Scanned | undefined {
    const json = this.#json;
    const list = bytes.indexOf(LOG_EVENTS) + LOG_EVENTS.length;
    const begin = list < LOG_EVENTS.length ? undefined : json.load(bytes);
    if (begin === undefined) return undefined;
    const rest: { readonly start: number; readonly end: number }[] = [];
    let quiet = 0;
    let at = begin + list;
    let message: number;
    do {
      const start = at;
      message = this.#messageAt(start);
      if (message < 0) return undefined;
      at = this.#quietEnd(message);
      if (at > 0) quiet++;
      else {
        at = this.#logEventEnd(message);
        if (at < 0) return undefined;
        rest.push({ start: start - begin, end: at - begin });
      }
    } while (json.view[at++] === COMMA);
    if (json.after(at - 1, this.#literals.payloadCloses) !== json.end) return undefined;

    const envelope = parsed(`${bytes.toString('utf8', 0, list)}]}`);
    const isAuditLog =
      envelope?.messageType === 'DATA_MESSAGE' &&
      Array.isArray(envelope.logEvents) &&
      !(typeof envelope.logStream === 'string' && isOtherStream(envelope.logStream));
    return isAuditLog ? { envelope, rest: textsIn(bytes, rest), quiet, lastAt: this.#loggedAt(message) } : undefined;
  }

  /** The time of the log event whose message opens at `message`. */
  #loggedAt(message: number): number | undefined {
    const end = message - this.#literals.message.length;
    const milliseconds = this.#json.view.toString('latin1', end - MILLISECOND_DIGITS, end);
    return /^[1-9]\d+$/.test(milliseconds) ? Number(milliseconds) : undefined;
  }

  /** Where the quote before the message of the log event at `at` stands, or -1. */
  #messageAt(at: number): number {
    const json = this.#json;
    const { id, timestamp, message } = this.#literals;
    const idEnd = json.stringAfter(at, id, 0);
    if (idEnd <= at) return -1;
    const timestampEnd = json.valueAfter(idEnd, timestamp, 0);
    if (timestampEnd <= idEnd) return -1;
    return json.after(timestampEnd, message);
  }

  /** Where the log event ends whose message opens at `message`, if it is a quiet record and nothing else. */
  #quietEnd(message: number): number {
    const record = this.#record;
    if (this.#json.view[message] !== QUOTE || !record.read(message + 1)) return -1;
    const end = this.#json.after(record.at, this.#literals.messageCloses);
    return end > 0 && this.#memory.isQuiet(record) ? end : -1;
  }

  /** Where the log event ends whose message opens at `message`, whatever it holds. */
  #logEventEnd(message: number): number {
    const json = this.#json;
    const { extractedFields, closes } = this.#literals;
    const messageEnd = json.stringEnd(message, 0);
    const end = messageEnd < 0 ? -1 : json.valueAfter(messageEnd, extractedFields, 0);
    return end < 0 ? -1 : json.after(end, closes);
  }
}

const COMMA = 0x2c;
const QUOTE = 0x22;
/** From 2001 to 2286. */
const MILLISECOND_DIGITS = 13;
const LOG_EVENTS = Buffer.from('"logEvents":[');

function* textsIn(bytes: Buffer, places: Iterable<{ readonly start: number; readonly end: number }>) {
  for (const { start, end } of places) yield bytes.toString('utf8', start, end);
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
