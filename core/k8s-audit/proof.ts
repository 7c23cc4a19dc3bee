import type { RegisteredDetector } from '../detector.ts';
import type { Engine } from '../engine.ts';
import { TRUNCATED } from './partial.ts';
import { type Actor, type AuditEvent, actorSchema, type Stage } from './schema.ts';

/** What was read of an event; ids, times and other annotations were not. */
export interface Head {
  /** At {@link Depth} `act` all but `callers` is unknown. */
  readonly actor: Actor;
  readonly verb: string;
  readonly stage: Stage;
  readonly objectRef: Omit<NonNullable<AuditEvent['objectRef']>, 'namespace' | 'name'> | undefined;
  /** The status code; absent where the event has no status. */
  readonly code: number | undefined;
  /** The authorizer's decision, `''` where the annotations lack it; absent where the event has no annotations. */
  readonly decision: string | undefined;
  readonly late: Late;
}

/** What is read only when a detector looks at it, which it may from some {@link Depth} on. */
export interface Late {
  readonly ofEvent: Readonly<Record<'requestURI' | 'requestObject' | 'responseObject', () => unknown>>;
  readonly ofObject: Readonly<Record<'namespace' | 'name', () => unknown>>;
  readonly ofStatus: Readonly<Record<'status' | 'reason' | 'message', () => unknown>>;
}

/** How much of a head is known: neither who nor which object, not which object, all but URI and bodies, all but bodies, all. */
export type Depth = 'act' | 'kind' | 'object' | 'uri' | 'body';

/**
 * `quiet`: every event with this head is. `awake`: some are not, or it takes more than a head to tell. Else the depth at
 * which to ask again.
 */
export type Answer = 'quiet' | 'awake' | Exclude<Depth, 'act'>;

/** An answer, and the detectors to whom it made a difference what is not known: of such an event no others need be asked again. */
export interface Opinion {
  readonly answer: Answer;
  readonly open: readonly RegisteredDetector[];
}

const QUIET: Opinion = { answer: 'quiet', open: [] };
const AWAKE: Opinion = { answer: 'awake', open: [] };

const ACTOR = ['user', 'impersonatedUser', 'sourceIPs', 'userAgent'];
const TARGET = ['resource', 'apiGroup', 'subresource'];
const OBJECT = [...TARGET, 'namespace', 'name'];
const ACT = ['callers', 'verb', 'stage', 'objectRef', 'responseStatus', 'annotations', 'cut'];
const EVENT = [...ACTOR, ...ACT];
const DECISION = 'authorization.k8s.io/decision';

const ANSWERED_AT = new Map<PropertyKey, Answer>([
  ['user', 'kind'],
  ['impersonatedUser', 'kind'],
  ['sourceIPs', 'kind'],
  ['userAgent', 'kind'],
  ['namespace', 'object'],
  ['name', 'object'],
  ['requestURI', 'uri'],
  ['requestObject', 'body'],
  ['responseObject', 'body'],
  ['status', 'body'],
  ['reason', 'body'],
  ['message', 'body'],
]);
/** Of what detectors ask for, the last in this order decides. */
const ANSWERS: readonly Answer[] = ['kind', 'object', 'uri', 'body', 'awake'];

/** Thrown, always the same, where a detector wants to know what is not known. */
const UNKNOWN = new Error('not known of this event');

/** Who these fields of an event name; `undefined` where they are others than an actor's, or no event may have them. */
export function actorIn(fields: object): Actor | undefined {
  return Object.keys(fields).every((key) => ACTOR.includes(key)) ? actorSchema.safeParse(fields).data : undefined;
}

/**
 * Tells whether every event with some head is quiet, by asking the detectors themselves, or those of them that are `open`:
 * they judge an event that tells what is known of it and breaks off whoever wants to know more.
 */
export function createProof(
  engine: Engine<AuditEvent>,
): (head: Head, depth: Depth, open?: readonly RegisteredDetector[]) => Opinion {
  // Kept here rather than in what is thrown, for a detector may catch it.
  const asked: PropertyKey[] = [];
  const ask = (key: PropertyKey): never => {
    asked.push(key);
    throw UNKNOWN;
  };
  /** What is laid over an object of which only these properties are known. */
  const maskOf = (...names: readonly string[]): ProxyHandler<object> => {
    const known = new Set<PropertyKey>(names);
    return {
      get(object, key) {
        const value = known.has(key) ? Reflect.get(object, key) : ask(key);
        // No value in an event is a function: it is one that nobody looked at.
        return typeof value === 'function' ? value() : value;
      },
      has: (object, key) => (known.has(key) ? Reflect.has(object, key) : ask(key)),
      getOwnPropertyDescriptor: (object, key) =>
        known.has(key) ? Reflect.getOwnPropertyDescriptor(object, key) : ask(key),
      ownKeys: () => ask('its keys'),
    };
  };
  const target = maskOf(...TARGET);
  const object = maskOf(...OBJECT);
  const code = maskOf('code');
  const masks = {
    event: {
      act: maskOf(...ACT),
      kind: maskOf(...EVENT),
      object: maskOf(...EVENT),
      uri: maskOf(...EVENT, 'requestURI'),
      body: maskOf(...EVENT, 'requestURI', 'requestObject', 'responseObject'),
    },
    objectRef: { act: target, kind: target, object, uri: object, body: object },
    responseStatus: {
      act: code,
      kind: code,
      object: code,
      uri: code,
      body: maskOf('code', 'status', 'reason', 'message'),
    },
    annotations: maskOf(DECISION, TRUNCATED),
  };

  return ({ actor, verb, stage, code, decision, objectRef, late }, depth, among) => {
    const annotations = decision ? { [DECISION]: decision } : {};
    const head = {
      ...actor,
      ...late.ofEvent,
      verb,
      stage,
      objectRef: objectRef && new Proxy({ ...objectRef, ...late.ofObject }, masks.objectRef[depth]),
      responseStatus:
        code === undefined ? undefined : new Proxy({ code, ...late.ofStatus }, masks.responseStatus[depth]),
      annotations: decision === undefined ? undefined : new Proxy(annotations, masks.annotations),
    };
    const event = new Proxy(head, masks.event[depth]) as AuditEvent;
    asked.length = 0;
    const open: RegisteredDetector[] = [];
    for (const registered of among ?? engine.filedFor(event)) {
      const askedBefore = asked.length;
      const judgement = engine.ask(registered, event);
      if (judgement && ('finding' in judgement || judgement.crash !== UNKNOWN)) return AWAKE;
      if (asked.length > askedBefore) open.push(registered);
    }
    if (open.length === 0) return QUIET;
    const answers = asked.map((key) => ANSWERED_AT.get(key) ?? 'awake');
    return { answer: ANSWERS.findLast((answer) => answers.includes(answer)) ?? 'awake', open };
  };
}
