import type { Engine } from '../engine.ts';
import type { JsonBytes, Slack } from '../json-bytes.ts';
import { type Answer, actorIn, type Bodies, createProof, type Depth, type Head } from './proof.ts';
import { DECISIONS, NO_ANNOTATIONS, type RecordReader, Span, STAGES } from './record-reader.ts';
import type { Actor, AuditEvent } from './schema.ts';

const ANSWERS: readonly Answer[] = ['quiet', 'awake', 'object', 'uri', 'body'];
const NO_ROOM = -1;
const NOTHING = new Span();

/**
 * Remembers who was seen to do what to what, and what the detectors said to it. Of bounded size: when it is full it
 * forgets all, so that no traffic fills the machine.
 */
export class ScanMemory {
  readonly #json: JsonBytes;
  readonly #prove: ReturnType<typeof createProof>;
  /** By interned number; none for bytes that are not whole fields of an actor. */
  readonly #actors = new Map<number, Actor | undefined>();
  /** What is answered of acts whoever does them, by all that is looked at of who does. */
  readonly #acts = new Map<string, Answer>();

  constructor(engine: Engine<AuditEvent>, json: JsonBytes) {
    this.#json = json;
    this.#prove = createProof(engine);
  }

  /** Whether the detectors are quiet on every record of which all that was read is as in this one. */
  isQuiet(record: RecordReader): boolean {
    const { verb, resource, apiGroup, subresource, hasObject } = record;
    const kind = (record.code << 4) | (record.stage << 2) | record.decision;
    const actor = this.#json.intern(record.actor.start, record.actor.end);
    const act = hasObject
      ? this.#json.internFour(kind, verb, resource, apiGroup, subresource)
      : this.#json.internFour(kind, verb, NOTHING, NOTHING, NOTHING);
    if (actor === NO_ROOM || act === NO_ROOM) this.#forget();
    if (actor < 0 || act < 0) return false;
    let answer = this.#recalled(actor, act, 0) ?? this.#learn(actor, act, 0, this.#answerToKind(record, actor, act));
    // No two records have the same bodies.
    while (answer === 'object' || answer === 'uri') answer = this.#deeper(record, actor, act, answer);
    return answer === 'quiet' || (answer === 'body' && this.#answerTo(record, actor, 'body') === 'quiet');
  }

  /** What is answered when one more thing is known of a record. */
  #deeper(record: RecordReader, actor: number, act: number, depth: 'object' | 'uri'): Answer {
    const { namespace, name, requestURI } = record;
    const object =
      depth === 'uri'
        ? this.#json.internFour(1, namespace, name, requestURI, NOTHING)
        : this.#json.internFour(0, namespace, name, NOTHING, NOTHING);
    if (object === NO_ROOM) {
      this.#forget();
      return 'awake';
    }
    // A client may make them as long as the head of a request.
    if (object < 0) return this.#answerTo(record, actor, depth);
    return (
      this.#recalled(actor, act, 1 + object) ??
      this.#learn(actor, act, 1 + object, this.#answerTo(record, actor, depth))
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

  #answerToKind(record: RecordReader, actor: number, act: number): Answer {
    if (!this.#actors.has(actor)) this.#actors.set(actor, actorOf(record));
    const { callers } = this.#actors.get(actor) ?? {};
    if (!callers) return 'awake';
    const key = [act, ...callers].join();
    const answer = this.#acts.get(key) ?? this.#answerTo(record, actor, 'act');
    this.#acts.set(key, answer);
    return answer === 'kind' ? this.#answerTo(record, actor, 'kind') : answer;
  }

  #answerTo(record: RecordReader, actor: number, depth: Depth): Answer {
    const who = this.#actors.get(actor);
    return who ? this.#prove(headOf(record, who, depth), depth) : 'awake';
  }

  #forget(): void {
    this.#json.forget();
    this.#actors.clear();
    this.#acts.clear();
  }
}

/** What the detectors are told of a record at some depth. */
function headOf(record: RecordReader, actor: Actor, depth: Depth): Head {
  const { verb, resource, namespace, name, apiGroup, subresource, requestURI } = record;
  const hasObject = depth !== 'act' && depth !== 'kind';
  return {
    actor,
    verb: stringOf(record, verb) ?? '',
    stage: STAGES[record.stage] ?? 'Panic',
    objectRef: record.hasObject
      ? {
          resource: stringOf(record, resource) ?? '',
          namespace: hasObject ? stringOf(record, namespace) : undefined,
          name: hasObject ? stringOf(record, name) : undefined,
          apiGroup: stringOf(record, apiGroup),
          subresource: stringOf(record, subresource),
        }
      : undefined,
    code: record.code || undefined,
    decision: record.decision === NO_ANNOTATIONS ? undefined : (DECISIONS[record.decision] ?? ''),
    requestURI: depth === 'uri' || depth === 'body' ? (stringOf(record, requestURI) ?? '') : '',
    bodies: depth === 'body' ? bodiesOf(record) : undefined,
  };
}

function bodiesOf(record: RecordReader): Bodies {
  const { requestObject, responseObject, status } = record;
  const body = (span: Span) => once(() => bodyIn(record, span));
  const text = (span: Span) => once(() => stringOf(record, span));
  return {
    ofEvent: { requestObject: body(requestObject), responseObject: body(responseObject) },
    ofStatus: { status: text(status.status), reason: text(status.reason), message: text(status.message) },
  };
}

/** Work that is done when it is first asked for. */
function once(work: () => unknown): () => unknown {
  let done: { readonly value: unknown } | undefined;
  return () => {
    done ??= { value: work() };
    return done.value;
  };
}

function bodyIn({ json, slack }: RecordReader, { start, end }: Span): unknown {
  return start === end ? undefined : JSON.parse(unslackened(json.view.toString('utf8', start, end), slack));
}

function stringOf({ json, slack }: RecordReader, { start, end }: Span): string | undefined {
  if (start === end) return undefined;
  const text = json.view.toString('utf8', start + 1 + slack, end - 1 - slack);
  if (!text.includes('\\')) return text;
  return String(JSON.parse(unslackened(json.view.toString('utf8', start, end), slack)));
}

function unslackened(text: string, slack: Slack): string {
  return slack === 1 ? String(JSON.parse(`"${text}"`)) : text;
}

/** Who the bytes say made a request, unless they hold more or less than whole fields of that. */
function actorOf({ json, slack, actor: { start, end } }: RecordReader): Actor | undefined {
  try {
    return actorIn(JSON.parse(`{${unslackened(json.view.toString('utf8', start, end), slack)}}`));
  } catch {
    return undefined;
  }
}
