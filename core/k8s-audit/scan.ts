import type { Engine } from '../engine.ts';
import { isOtherStream } from '../envelope.ts';
import { JsonBytes, type Literal, type Slack } from './json-bytes.ts';
import { type Answer, type Head, proofOf } from './proof.ts';
import type { AuditEvent, Stage } from './schema.ts';

/** Tells from an audit event's bytes that no detector has anything to say of it, so that it need not be parsed. */
export interface Scanner {
  /**
   * A CloudWatch Logs payload, parsed, without its quiet records, and how many those were. `undefined` where the payload
   * is not the audit log's, or not as CloudWatch Logs writes it: then nothing is proven and all of it is to be parsed.
   */
  withoutQuiet(payload: Buffer): { readonly quiet: number; readonly value: object } | undefined;
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
  const memory = new Memory(engine);
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
  readonly #memory: Memory;
  readonly #literals;

  constructor(json: JsonBytes, record: RecordReader, memory: Memory) {
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

  read(bytes: Buffer) {
    const json = this.#json;
    const list = bytes.indexOf(LOG_EVENTS) + LOG_EVENTS.length;
    const begin = list < LOG_EVENTS.length ? undefined : json.load(bytes);
    if (begin === undefined) return undefined;
    const rest: string[] = [];
    let quiet = 0;
    let at = begin + list;
    do {
      const start = at;
      const message = this.#messageAt(start);
      if (message < 0) return undefined;
      at = this.#quietEnd(message);
      if (at > 0) quiet++;
      else {
        at = this.#logEventEnd(message);
        if (at < 0) return undefined;
        rest.push(json.view.toString('utf8', start, at));
      }
    } while (json.view[at++] === COMMA);
    if (json.after(at - 1, this.#literals.payloadCloses) !== json.end) return undefined;

    const value = parsed(`${bytes.toString('utf8', 0, list)}${rest.join(',')}]}`);
    const isAuditLog =
      value?.messageType === 'DATA_MESSAGE' &&
      Array.isArray(value.logEvents) &&
      value.logEvents.length === rest.length &&
      !(typeof value.logStream === 'string' && isOtherStream(value.logStream));
    return isAuditLog ? { quiet, value } : undefined;
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
    if (!record.read(message + 1)) return -1;
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
const LOG_EVENTS = Buffer.from('"logEvents":[');

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const ZERO = 0x30;
const STAGES: readonly Stage[] = ['ResponseComplete', 'ResponseStarted', 'RequestReceived', 'Panic'];
const DECISIONS = ['allow', 'forbid'];
/** Where a record has no annotations, or has none that is a decision. */
const NO_ANNOTATIONS = DECISIONS.length;
const NO_DECISION = DECISIONS.length + 1;
/** Longer users are not remembered. */
const MAX_ACTOR_BYTES = 8192;

/** What stands between the values of a record, in the order of the API server's own structs. */
function literalsOf(json: JsonBytes, slack: Slack) {
  const literal = (text: string) => json.literal(text, slack);
  return {
    head: literal('{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":'),
    auditID: literal(',"auditID":'),
    stages: STAGES.map((stage) => literal(`,"stage":"${stage}"`)),
    requestURI: literal(',"requestURI":'),
    verb: literal(',"verb":'),
    sourceIPs: literal(',"sourceIPs":'),
    userAgent: literal(',"userAgent":'),
    objectRef: literal(',"objectRef":{"resource":'),
    namespace: literal(',"namespace":'),
    name: literal(',"name":'),
    uid: literal(',"uid":'),
    apiGroup: literal(',"apiGroup":'),
    apiVersion: literal(',"apiVersion":'),
    resourceVersion: literal(',"resourceVersion":'),
    subresource: literal(',"subresource":'),
    responseStatus: literal(',"responseStatus":{"metadata":{}'),
    status: literal(',"status":'),
    message: literal(',"message":'),
    reason: literal(',"reason":'),
    details: literal(',"details":'),
    code: literal(',"code":'),
    requestObject: literal(',"requestObject":'),
    responseObject: literal(',"responseObject":'),
    requestReceivedTimestamp: literal(',"requestReceivedTimestamp":'),
    stageTimestamp: literal(',"stageTimestamp":'),
    annotations: literal(',"annotations":{'),
    decision: literal('"authorization.k8s.io/decision":'),
    decisions: DECISIONS.map((decision) => literal(`"${decision}"`)),
    comma: literal(','),
    colon: literal(':'),
    closes: literal('}'),
  };
}

/** A string's place, its quotes included; an empty one for a key that is not there. */
class Span {
  start = 0;
  end = 0;
}

/** Reads one record after the other; what it found of the last one is in its fields, to be looked at while it lasts. */
class RecordReader {
  readonly json: JsonBytes;
  readonly slack: Slack;
  /** How far it came: the end of a record that could be read. */
  at = 0;
  /** Positions in STAGES and in DECISIONS. */
  stage = 0;
  decision = NO_ANNOTATIONS;
  /** 0 for a record without a status. */
  code = 0;
  hasObject = false;
  readonly requestURI = new Span();
  /** From `"verb"` to the user agent: all that is known of who made the request. */
  readonly actor = new Span();
  readonly resource = new Span();
  readonly namespace = new Span();
  readonly name = new Span();
  readonly apiGroup = new Span();
  readonly subresource = new Span();
  readonly #literals: ReturnType<typeof literalsOf>;

  constructor(json: JsonBytes, slack: Slack) {
    this.json = json;
    this.slack = slack;
    this.#literals = literalsOf(json, slack);
  }

  /** Whether the record at `at` is whole and in the form that kube-apiserver writes, with nothing twice. */
  read(at: number): boolean {
    const is = this.#literals;
    this.at = at;
    return (
      this.#string(is.head) &&
      this.#string(is.auditID) &&
      this.#readStage() &&
      this.#span(is.requestURI, this.requestURI) &&
      this.#readActor() &&
      this.#readObjectRef() &&
      this.#readStatus() &&
      this.#optionalValue(is.requestObject) &&
      this.#optionalValue(is.responseObject) &&
      this.#string(is.requestReceivedTimestamp) &&
      this.#string(is.stageTimestamp) &&
      this.#readAnnotations() &&
      this.#take(is.closes)
    );
  }

  #readStage(): boolean {
    const { stages } = this.#literals;
    for (this.stage = 0; this.stage < stages.length; this.stage++) if (this.#take(stages[this.stage])) return true;
    return false;
  }

  /** Its bytes are looked up as a whole, so that they need not be read; where they end is only a guess. */
  #readActor(): boolean {
    const { verb, sourceIPs, userAgent } = this.#literals;
    if (!this.#take(verb)) return false;
    this.actor.start = this.at - verb.length + 1;
    this.at = this.json.placeOf(this.at, Math.min(this.json.end, this.at + MAX_ACTOR_BYTES), sourceIPs);
    if (this.at < 0 || !this.#optionalValue(sourceIPs) || !this.#optionalString(userAgent)) return false;
    this.actor.end = this.at;
    return true;
  }

  #readObjectRef(): boolean {
    const is = this.#literals;
    const start = this.at;
    if (!this.#optionalSpan(is.objectRef, this.resource)) return false;
    this.hasObject = this.at > start;
    return (
      !this.hasObject ||
      (this.#optionalSpan(is.namespace, this.namespace) &&
        this.#optionalSpan(is.name, this.name) &&
        this.#optionalString(is.uid) &&
        this.#optionalSpan(is.apiGroup, this.apiGroup) &&
        this.#optionalString(is.apiVersion) &&
        this.#optionalString(is.resourceVersion) &&
        this.#optionalSpan(is.subresource, this.subresource) &&
        this.#take(is.closes))
    );
  }

  #readStatus(): boolean {
    const is = this.#literals;
    this.code = 0;
    if (!this.#take(is.responseStatus)) return true;
    if (
      !this.#take(is.code) &&
      !(
        this.#optionalString(is.status) &&
        this.#optionalString(is.message) &&
        this.#optionalString(is.reason) &&
        this.#optionalValue(is.details) &&
        this.#take(is.code)
      )
    )
      return false;
    for (const end = this.at + 3; this.at < end; this.at++) {
      const digit = (this.json.view[this.at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return false;
      this.code = this.code * 10 + digit;
    }
    return this.code >= 100 && this.#take(is.closes);
  }

  #readAnnotations(): boolean {
    const is = this.#literals;
    this.decision = NO_ANNOTATIONS;
    if (!this.#take(is.annotations)) return true;
    this.decision = NO_DECISION;
    // As for JSON.parse, the last decision counts where there are several.
    do {
      if (this.#take(is.decision)) {
        this.decision = 0;
        while (!this.#take(is.decisions[this.decision])) if (++this.decision === DECISIONS.length) return false;
      } else {
        this.at = this.json.plainStringEnd(this.at, this.slack);
        if (this.at < 0 || !this.#string(is.colon)) return false;
      }
    } while (this.#take(is.comma));
    return this.#take(is.closes);
  }

  #take(literal: Literal | undefined): boolean {
    const end = literal ? this.json.after(this.at, literal) : -1;
    if (end < 0) return false;
    this.at = end;
    return true;
  }

  /** Goes behind the literal and the string that follows it. */
  #string(literal: Literal): boolean {
    const start = this.at;
    this.at = this.json.stringAfter(start, literal, this.slack);
    return this.at > start;
  }

  #optionalString(literal: Literal): boolean {
    this.at = this.json.stringAfter(this.at, literal, this.slack);
    return this.at >= 0;
  }

  #optionalValue(literal: Literal): boolean {
    this.at = this.json.valueAfter(this.at, literal, this.slack);
    return this.at >= 0;
  }

  #span(literal: Literal, span: Span): boolean {
    return this.#optionalSpan(literal, span) && span.end > 0;
  }

  #optionalSpan(literal: Literal, span: Span): boolean {
    const start = this.at;
    this.at = this.json.stringAfter(start, literal, this.slack);
    const isThere = this.at > start;
    span.start = isThere ? start + literal.length : 0;
    span.end = isThere ? this.at : 0;
    return this.at >= 0;
  }
}

interface Actor {
  readonly bytes: Buffer;
  /** None for bytes that are not whole fields of an actor. */
  readonly fields: object | undefined;
  /** By kind of request: see {@link Memory.isQuiet}. */
  readonly answers: Map<number, Answer>;
  /** By kind of request and object, or URI. */
  readonly deepAnswers: Map<string, Answer>;
}

/** A resource, an API group and a subresource. */
interface Target {
  readonly id: number;
  readonly bytes: Buffer;
}

/** What a memory may hold: beyond it all is forgotten, so that no traffic fills the machine's. */
const MAX_REMEMBERED_BYTES = 16 * 1024 * 1024;
const MAX_TARGETS = 4096;
const MAX_TARGET_BYTES = 1024;
const BYTES_PER_ENTRY = 64;

/** Remembers who was seen to do what, and what the detectors said to it. */
class Memory {
  readonly #engine: Engine<AuditEvent>;
  readonly #actors = new Map<number, Actor[]>();
  readonly #targets = new Map<number, Target[]>();
  readonly #scratch = Buffer.alloc(MAX_TARGET_BYTES);
  #targetCount = 0;
  #bytes = 0;

  constructor(engine: Engine<AuditEvent>) {
    this.#engine = engine;
  }

  /** Whether the detectors are quiet on every record of which all that was read is as in this one. */
  isQuiet(record: RecordReader): boolean {
    if (this.#bytes > MAX_REMEMBERED_BYTES || this.#targetCount >= MAX_TARGETS) this.#forget();
    const actor = this.#actorOf(record);
    const target = record.hasObject ? this.#targetOf(record) : 0;
    if (!actor.fields || target < 0) return false;
    const kind = (target << 14) | (record.code << 4) | (record.stage << 2) | record.decision;
    let answer = actor.answers.get(kind);
    if (answer === undefined) {
      answer = proofOf(this.#engine, headOf(record, actor.fields), 'kind');
      actor.answers.set(kind, answer);
      this.#bytes += BYTES_PER_ENTRY;
    }
    while (answer === 'object' || answer === 'uri') {
      const { json, namespace, name, requestURI } = record;
      const text = ({ start, end }: Span) => json.view.toString('latin1', start, end);
      const uri = answer === 'uri' ? text(requestURI) : '';
      const key = `${answer} ${kind} ${text(namespace)} ${text(name)} ${uri}`;
      let deeper = actor.deepAnswers.get(key);
      if (deeper === undefined) {
        deeper = proofOf(this.#engine, headOf(record, actor.fields), answer);
        actor.deepAnswers.set(key, deeper);
        this.#bytes += key.length + BYTES_PER_ENTRY;
      }
      answer = deeper;
    }
    return answer === 'quiet';
  }

  #actorOf({ json: { view }, actor: { start, end }, slack }: RecordReader): Actor {
    const length = end - start;
    const stride = Math.max(1, length >> 5);
    let hash = length;
    for (let at = start; at < end; at += stride) hash = Math.imul(hash ^ (view[at] ?? 0), 0x01000193);
    const alike = this.#actors.get(hash);
    if (alike) {
      for (const actor of alike) {
        if (actor.bytes.length === length && view.compare(actor.bytes, 0, length, start, end) === 0) return actor;
      }
    }
    const actor: Actor = {
      bytes: Buffer.from(view.subarray(start, end)),
      fields: actorFields(view.toString('utf8', start, end), slack),
      answers: new Map(),
      deepAnswers: new Map(),
    };
    this.#bytes += length * 3 + BYTES_PER_ENTRY;
    if (alike) alike.push(actor);
    else this.#actors.set(hash, [actor]);
    return actor;
  }

  /** A number from 1 for the kind of thing acted on, or -1 for one with too long a name. */
  #targetOf(record: RecordReader): number {
    const { json, resource, apiGroup, subresource } = record;
    const { view } = json;
    const scratch = this.#scratch;
    let length = 0;
    let hash = 0;
    for (const { start, end } of [resource, apiGroup, subresource]) {
      if (length + end - start >= MAX_TARGET_BYTES) return -1;
      for (let at = start; at < end; at++) {
        const byte = view[at] ?? 0;
        scratch[length++] = byte;
        hash = Math.imul(hash ^ byte, 0x01000193);
      }
      scratch[length++] = COMMA;
    }
    const alike = this.#targets.get(hash);
    if (alike) {
      for (const target of alike)
        if (target.bytes.length === length && scratch.compare(target.bytes, 0, length, 0, length) === 0)
          return target.id;
    }
    const target: Target = { id: ++this.#targetCount, bytes: Buffer.from(scratch.subarray(0, length)) };
    if (alike) alike.push(target);
    else this.#targets.set(hash, [target]);
    return target.id;
  }

  #forget(): void {
    this.#actors.clear();
    this.#targets.clear();
    this.#targetCount = 0;
    this.#bytes = 0;
  }
}

/** What the detectors are told of a record. */
function headOf(record: RecordReader, actor: object): Head {
  const { resource, namespace, name, apiGroup, subresource, requestURI } = record;
  return {
    actor,
    stage: STAGES[record.stage] ?? '',
    objectRef: record.hasObject
      ? {
          resource: stringOf(record, resource),
          namespace: stringOf(record, namespace),
          name: stringOf(record, name),
          apiGroup: stringOf(record, apiGroup),
          subresource: stringOf(record, subresource),
        }
      : undefined,
    code: record.code || undefined,
    decision: record.decision === NO_ANNOTATIONS ? undefined : (DECISIONS[record.decision] ?? ''),
    requestURI: stringOf(record, requestURI) ?? '',
  };
}

function stringOf({ json, slack }: RecordReader, { start, end }: Span): string | undefined {
  return start === end ? undefined : String(JSON.parse(unslackened(json.view.toString('utf8', start, end), slack)));
}

function unslackened(text: string, slack: Slack): string {
  return slack === 1 ? String(JSON.parse(`"${text}"`)) : text;
}

const ACTOR_KEYS = new Set(['verb', 'user', 'impersonatedUser', 'sourceIPs', 'userAgent']);

/** The fields of an actor, unless its text holds more or less than whole fields of an actor. */
function actorFields(slackened: string, slack: Slack): object | undefined {
  try {
    const fields: object = JSON.parse(`{${unslackened(slackened, slack)}}`);
    return Object.keys(fields).every((key) => ACTOR_KEYS.has(key)) ? fields : undefined;
  } catch {
    return undefined;
  }
}
