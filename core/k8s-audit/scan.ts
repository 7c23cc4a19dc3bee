import type { Engine } from '../engine.ts';
import { isOtherStream } from '../envelope.ts';
import { jsonIn } from '../json.ts';
import { JsonBytes, type Program, type Step } from '../json-bytes.ts';
import { once, type Text } from '../json-value.ts';
import { asObject } from './object.ts';
import { RECORD } from './record-form.ts';
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
  // Lambda never asks about lines.
  const line = once(() => json.program([0, RECORD]));
  const payload = new PayloadReader(json, memory);
  return {
    withoutQuiet: (bytes) => payload.read(bytes),
    isQuiet(bytes) {
      const start = json.load(bytes);
      return start !== undefined && json.read(start, line()) === json.end && memory.isQuiet({ json, slack: 0 });
    },
  };
}

/** The span that begins where the message of a log event does. */
const MESSAGE = 31;
const MESSAGE_KEY = ',"message":';

/** What CloudWatch Logs puts before a message, */
const BEFORE_MESSAGE: readonly Step[] = [
  ['string', '{"id":'],
  ['take', ',"timestamp":'],
  ['value?', ''],
  ['take', MESSAGE_KEY],
  ['span', MESSAGE, []],
];
/** a message whatever it is, and what may come behind it. */
const FROM_MESSAGE: readonly Step[] = [
  ['string', ''],
  ['value?', ',"extractedFields":'],
  ['take', '}'],
];

/** Reads what CloudWatch Logs puts around records. */
class PayloadReader {
  readonly #json: JsonBytes;
  readonly #memory: ScanMemory;
  readonly #record: Program;
  readonly #fromMessage: Program;
  readonly #closes: Program;

  constructor(json: JsonBytes, memory: ScanMemory) {
    this.#json = json;
    this.#memory = memory;
    this.#record = json.program([0, [...BEFORE_MESSAGE, ['take', '"']]], [1, RECORD], [0, [['take', '"}']]]);
    this.#fromMessage = json.program([0, FROM_MESSAGE]);
    this.#closes = json.program([0, [['take', ']}']]]);
  }

  read(bytes: Buffer): Scanned | undefined {
    const json = this.#json;
    const record: Text = { json, slack: 1 };
    const list = bytes.indexOf(LOG_EVENTS) + LOG_EVENTS.length;
    const begin = list < LOG_EVENTS.length ? undefined : json.load(bytes);
    if (begin === undefined) return undefined;
    const rest: { readonly start: number; readonly end: number }[] = [];
    let quiet = 0;
    let at = begin + list;
    let message: number;
    do {
      const start = at;
      at = json.read(start, this.#record);
      message = json.startOf(MESSAGE);
      if (message === 0) return undefined;
      if (at > 0 && this.#memory.isQuiet(record)) quiet++;
      else {
        at = json.read(message, this.#fromMessage);
        if (at < 0) return undefined;
        rest.push({ start: start - begin, end: at - begin });
      }
    } while (json.view[at++] === COMMA);
    if (json.read(at - 1, this.#closes) !== json.end) return undefined;

    const envelope = asObject(jsonIn(`${bytes.toString('utf8', 0, list)}]}`));
    const isAuditLog =
      envelope?.messageType === 'DATA_MESSAGE' &&
      Array.isArray(envelope.logEvents) &&
      !(typeof envelope.logStream === 'string' && isOtherStream(envelope.logStream));
    return isAuditLog ? { envelope, rest: textsIn(bytes, rest), quiet, lastAt: this.#loggedAt(message) } : undefined;
  }

  /** The time of the log event whose message opens at `message`. */
  #loggedAt(message: number): number | undefined {
    const end = message - MESSAGE_KEY.length;
    const milliseconds = this.#json.view.toString('latin1', end - MILLISECOND_DIGITS, end);
    return /^[1-9]\d+$/.test(milliseconds) ? Number(milliseconds) : undefined;
  }
}

const COMMA = 0x2c;
/** From 2001 to 2286. */
const MILLISECOND_DIGITS = 13;
const LOG_EVENTS = Buffer.from('"logEvents":[');

function* textsIn(bytes: Buffer, places: Iterable<{ readonly start: number; readonly end: number }>) {
  for (const { start, end } of places) yield bytes.toString('utf8', start, end);
}
