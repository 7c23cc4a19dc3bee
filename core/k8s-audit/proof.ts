import type { Engine } from '../engine.ts';
import { type AuditEvent, auditEventSchema } from './schema.ts';

/** What was read of an event; bodies, ids, times, messages and other annotations were not. */
export interface Head {
  /** An object with `verb`, `user`, `impersonatedUser`, `sourceIPs` and `userAgent` as the event has them, and no more. */
  readonly actor: object;
  readonly stage: string;
  /** `namespace` and `name` are known from {@link Depth} `object` on. */
  readonly objectRef: Readonly<Partial<Record<(typeof OBJECT)[number], string | undefined>>> | undefined;
  /** The status code; absent where the event has no status. */
  readonly code: number | undefined;
  /** The authorizer's decision, `''` where the annotations lack it; absent where the event has no annotations. */
  readonly decision: string | undefined;
  /** Known at {@link Depth} `uri`. */
  readonly requestURI: string;
}

/** How much of a head is known: not which object, all but the URI, all. */
export type Depth = 'kind' | 'object' | 'uri';

/**
 * `quiet`: every event with this head is. `awake`: some are not, or it takes more than a head to tell. Else the depth at
 * which to ask again.
 */
export type Answer = 'quiet' | 'awake' | 'object' | 'uri';

const TARGET = ['resource', 'apiGroup', 'subresource'] as const;
const OBJECT = [...TARGET, 'namespace', 'name'] as const;
const EVENT = [
  'verb',
  'stage',
  'user',
  'impersonatedUser',
  'sourceIPs',
  'userAgent',
  'objectRef',
  'responseStatus',
  'annotations',
];
const DECISION = 'authorization.k8s.io/decision';

const KNOWN = {
  event: { kind: new Set(EVENT), object: new Set(EVENT), uri: new Set([...EVENT, 'requestURI']) },
  objectRef: { kind: new Set<string>(TARGET), object: new Set<string>(OBJECT), uri: new Set<string>(OBJECT) },
  responseStatus: new Set(['code']),
  annotations: new Set([DECISION]),
};

/**
 * Whether every event with this head is quiet, by asking the detectors themselves: they judge an event that tells what
 * is known of it and breaks off whoever wants to know more.
 */
export function proofOf(engine: Engine<AuditEvent>, head: Head, depth: Depth): Answer {
  const { actor, stage, code, decision, objectRef, requestURI } = head;
  const parsed = auditEventSchema.safeParse({
    ...actor,
    stage,
    ...(objectRef ? { objectRef } : {}),
    ...(code === undefined ? {} : { responseStatus: { code } }),
    ...(decision === undefined ? {} : { annotations: decision === '' ? {} : { [DECISION]: decision } }),
    requestURI,
  });
  if (!parsed.success) return 'awake';

  // Kept here rather than in what is thrown, for a detector may catch it.
  const asked = new Set<PropertyKey>();
  const ask = (key: PropertyKey): never => {
    asked.add(key);
    throw UNKNOWN;
  };
  const event = parsed.data;
  const told = masked(
    {
      ...event,
      objectRef: event.objectRef && masked(event.objectRef, KNOWN.objectRef[depth], ask),
      responseStatus: event.responseStatus && masked(event.responseStatus, KNOWN.responseStatus, ask),
      annotations: event.annotations && masked(event.annotations, KNOWN.annotations, ask),
    },
    KNOWN.event[depth],
    ask,
  );
  try {
    for (const judgement of engine(told)) {
      if ('finding' in judgement || judgement.crash !== UNKNOWN) return 'awake';
    }
  } catch (error) {
    if (error !== UNKNOWN) throw error;
  }
  const answers = new Set([...asked].map((key) => ANSWERED_AT.get(key) ?? 'awake'));
  return answers.has('awake') ? 'awake' : answers.has('uri') ? 'uri' : answers.has('object') ? 'object' : 'quiet';
}

const ANSWERED_AT = new Map<PropertyKey, Answer>([
  ['namespace', 'object'],
  ['name', 'object'],
  ['requestURI', 'uri'],
]);

/** Thrown, always the same, where a detector wants to know what is not known. */
const UNKNOWN = new Error('not known of this event');

/** `target` with nothing to see but its `known` properties. */
function masked<T extends object>(target: T, known: ReadonlySet<PropertyKey>, ask: (key: PropertyKey) => never): T {
  return new Proxy(target, {
    get: (object, key) => (known.has(key) ? Reflect.get(object, key) : ask(key)),
    has: (object, key) => (known.has(key) ? Reflect.has(object, key) : ask(key)),
    getOwnPropertyDescriptor: (object, key) =>
      known.has(key) ? Reflect.getOwnPropertyDescriptor(object, key) : ask(key),
    ownKeys: () => ask('its keys'),
  });
}
