import type { JsonBytes, Literal, Slack } from '../json-bytes.ts';
import { TRUNCATED } from './partial.ts';
import type { Stage } from './schema.ts';

const ZERO = 0x30;
export const STAGES: readonly Stage[] = ['ResponseComplete', 'ResponseStarted', 'RequestReceived', 'Panic'];
export const DECISIONS = ['allow', 'forbid'];
/** Where a record has no annotations, or has none that is a decision. */
export const NO_ANNOTATIONS = DECISIONS.length;
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
    user: literal(',"user":'),
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
    truncated: literal(`"${TRUNCATED}":`),
    decisions: DECISIONS.map((decision) => literal(`"${decision}"`)),
    comma: literal(','),
    colon: literal(':'),
    closes: literal('}'),
  };
}

/** A value's place, a string's quotes included; an empty one for a key that is not there. */
export class Span {
  start = 0;
  end = 0;
}

/**
 * Reads one record after the other, straight from bytes; what it found of the last one is in its fields, to be looked at
 * while it lasts.
 */
export class RecordReader {
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
  readonly verb = new Span();
  /** From `"user"` to the user agent: all that is known of who made the request. */
  readonly actor = new Span();
  readonly resource = new Span();
  readonly namespace = new Span();
  readonly name = new Span();
  readonly apiGroup = new Span();
  readonly subresource = new Span();
  readonly status = { status: new Span(), reason: new Span(), message: new Span() };
  readonly requestObject = new Span();
  readonly responseObject = new Span();
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
      this.#span(is.verb, this.verb) &&
      this.#readActor() &&
      this.#readObjectRef() &&
      this.#readStatus() &&
      this.#optionalValueSpan(is.requestObject, this.requestObject) &&
      this.#optionalValueSpan(is.responseObject, this.responseObject) &&
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
    const { user, sourceIPs, userAgent } = this.#literals;
    if (!this.#take(user)) return false;
    this.actor.start = this.at - user.length + 1;
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
    const { status, reason, message } = this.status;
    status.end = reason.end = message.end = 0;
    status.start = reason.start = message.start = 0;
    if (!this.#take(is.responseStatus)) return true;
    if (
      !this.#take(is.code) &&
      !(
        this.#optionalSpan(is.status, status) &&
        this.#optionalSpan(is.message, message) &&
        this.#optionalSpan(is.reason, reason) &&
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
        if (this.#take(is.truncated)) return false;
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

  #optionalValueSpan(literal: Literal, span: Span): boolean {
    const start = this.at;
    this.at = this.json.valueAfter(start, literal, this.slack);
    return this.#found(start, literal, span);
  }

  #span(literal: Literal, span: Span): boolean {
    return this.#optionalSpan(literal, span) && span.end > 0;
  }

  #optionalSpan(literal: Literal, span: Span): boolean {
    const start = this.at;
    this.at = this.json.stringAfter(start, literal, this.slack);
    return this.#found(start, literal, span);
  }

  #found(start: number, literal: Literal, span: Span): boolean {
    const isThere = this.at > start;
    span.start = isThere ? start + literal.length : 0;
    span.end = isThere ? this.at : 0;
    return this.at >= 0;
  }
}
