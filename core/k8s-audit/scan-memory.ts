import type { Engine } from '../engine.ts';
import type { JsonBytes, SpanId } from '../json-bytes.ts';
import { jsonAt, once, stringAt, type Text, valueAt } from '../json-value.ts';
import { type Answer, actorIn, createProof, type Depth, type Head, type Late, type Opinion } from './proof.ts';
import { DECISIONS, FOUND, NO_ANNOTATIONS, STAGES } from './record-form.ts';
import type { Actor, AuditEvent } from './schema.ts';

const ANSWERS: readonly Answer[] = ['quiet', 'awake', 'object', 'uri', 'body'];
const NO_ROOM = -1;
const { verb, resource, namespace, name, apiGroup, subresource, requestURI, nothing } = FOUND;

/** What was done to what kind of object and what came of it, whoever did it. */
type Act = Pick<Head, 'verb' | 'stage' | 'code' | 'decision' | 'objectRef'>;

/** Who did it, and a number for all who are the same to conditions on callers. */
interface Who {
  readonly actor: Actor;
  readonly callers: number;
}

/**
 * Remembers who was seen to do what to what, and what the detectors said to it. Of bounded size: when it is full it
 * forgets all, so that no traffic fills the machine.
 */
export class ScanMemory {
  readonly #json: JsonBytes;
  readonly #prove: ReturnType<typeof createProof>;
  /** By interned number; none for bytes that are not whole fields of an actor. */
  readonly #actors = new Map<number, Who | undefined>();
  readonly #callers = new Map<string, number>();
  /** By interned number. */
  readonly #acts = new Map<number, Act>();
  /** What is answered of acts by all that is looked at of who does them. */
  readonly #opinions = new Map<number, Opinion>();

  constructor(engine: Engine<AuditEvent>, json: JsonBytes) {
    this.#json = json;
    this.#prove = createProof(engine);
  }

  /** Whether the detectors are quiet on every record of which all that was found is as in the one that was read last. */
  isQuiet(record: Text): boolean {
    const json = this.#json;
    const kind = (json.startOf(FOUND.code) << 4) | (json.startOf(FOUND.stage) << 2) | json.startOf(FOUND.decision);
    const actor = json.intern(FOUND.actor);
    const act = json.internFour(kind, verb, resource, apiGroup, subresource);
    if (actor === NO_ROOM || act === NO_ROOM) this.#forget();
    if (actor < 0 || act < 0) return false;
    let answer = this.#recalled(actor, act, 0) ?? this.#learn(actor, act, 0, this.#answerToKind(record, actor, act));
    // No two records have the same bodies.
    while (answer === 'object' || answer === 'uri') answer = this.#deeper(record, actor, act, answer);
    return answer === 'quiet' || (answer === 'body' && this.#answerTo(record, actor, act, 'body') === 'quiet');
  }

  /** What is answered when one more thing is known of a record. */
  #deeper(record: Text, actor: number, act: number, depth: 'object' | 'uri'): Answer {
    const object =
      depth === 'uri'
        ? this.#json.internFour(1, namespace, name, requestURI, nothing)
        : this.#json.internFour(0, namespace, name, nothing, nothing);
    if (object === NO_ROOM) {
      this.#forget();
      return 'awake';
    }
    // A client may make them as long as the head of a request.
    if (object < 0) return this.#answerTo(record, actor, act, depth);
    return (
      this.#recalled(actor, act, 1 + object) ??
      this.#learn(actor, act, 1 + object, this.#answerTo(record, actor, act, depth))
    );
  }

  #recalled(actor: number, act: number, object: number): Answer | undefined {
    return ANSWERS[this.#json.recall(actor, act, object)];
  }

  /** Remembers an answer and gives it back. Where there is no room its numbers will be others': nothing is asked on. */
  #learn(actor: number, act: number, object: number, answer: Answer): Answer {
    if (this.#json.learn(actor, act, object, ANSWERS.indexOf(answer))) return answer;
    this.#forget();
    return 'awake';
  }

  #answerToKind(record: Text, actor: number, act: number): Answer {
    if (!this.#actors.has(actor)) this.#actors.set(actor, this.#whoOf(record));
    const who = this.#actors.get(actor);
    if (!who) return 'awake';
    const key = opinionKey(act, who);
    let opinion = this.#opinions.get(key);
    if (!opinion) {
      opinion = this.#prove(this.#headOf(record, who, act), 'act');
      this.#opinions.set(key, opinion);
    }
    return opinion.answer === 'kind' ? this.#answerTo(record, actor, act, 'kind') : opinion.answer;
  }

  #answerTo(record: Text, actor: number, act: number, depth: Depth): Answer {
    const who = this.#actors.get(actor);
    if (!who) return 'awake';
    const open = this.#opinions.get(opinionKey(act, who))?.open;
    return this.#prove(this.#headOf(record, who, act), depth, open).answer;
  }

  /** Who the bytes say made a request, unless they hold more or less than whole fields of that. */
  #whoOf(record: Text): Who | undefined {
    try {
      const actor = actorIn(JSON.parse(`{${jsonAt(record, this.#json.placeOf(FOUND.actor))}}`));
      if (!actor) return undefined;
      const callers = actor.callers.join();
      const known = this.#callers.get(callers) ?? this.#callers.size;
      this.#callers.set(callers, known);
      return { actor, callers: known };
    } catch {
      return undefined;
    }
  }

  #headOf(record: Text, { actor }: Who, act: number): Head {
    const known = this.#acts.get(act) ?? actOf(record);
    this.#acts.set(act, known);
    return { ...known, actor, late: lateOf(record) };
  }

  #forget(): void {
    this.#json.forget();
    this.#actors.clear();
    this.#acts.clear();
    this.#opinions.clear();
  }
}

/** Interned numbers have sixteen bits. */
function opinionKey(act: number, { callers }: Who): number {
  return callers * 0x10000 + act;
}

function actOf(record: Text): Act {
  const { json } = record;
  const decision = json.startOf(FOUND.decision);
  return {
    verb: stringOf(record, verb) ?? '',
    stage: STAGES[json.startOf(FOUND.stage)] ?? 'Panic',
    code: json.startOf(FOUND.code) || undefined,
    decision: decision === NO_ANNOTATIONS ? undefined : (DECISIONS[decision] ?? ''),
    objectRef: json.startOf(FOUND.hasObject)
      ? {
          resource: stringOf(record, resource) ?? '',
          apiGroup: stringOf(record, apiGroup),
          subresource: stringOf(record, subresource),
        }
      : undefined,
  };
}

function lateOf(record: Text): Late {
  const body = (span: SpanId) => once(() => bodyOf(record, span));
  const text = (span: SpanId) => once(() => stringOf(record, span));
  return {
    ofEvent: {
      requestURI: text(requestURI),
      requestObject: body(FOUND.requestObject),
      responseObject: body(FOUND.responseObject),
    },
    ofObject: { namespace: text(namespace), name: text(name) },
    ofStatus: { status: text(FOUND.status), reason: text(FOUND.reason), message: text(FOUND.message) },
  };
}

function bodyOf(record: Text, span: SpanId): unknown {
  const place = record.json.placeOf(span);
  return place.end === 0 ? undefined : valueAt(record, place);
}

function stringOf(record: Text, span: SpanId): string | undefined {
  const place = record.json.placeOf(span);
  return place.end === 0 ? undefined : stringAt(record, place);
}
