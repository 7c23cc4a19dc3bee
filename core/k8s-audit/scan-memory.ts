import type { Engine } from '../engine.ts';
import type { JsonBytes, Slack } from '../json-bytes.ts';
import { type Answer, actorIn, type Bodies, createProof, type Depth, type Head } from './proof.ts';
import { DECISIONS, NO_ANNOTATIONS, type RecordReader, Span, STAGES } from './record-reader.ts';
import type { AuditEvent } from './schema.ts';

const ANSWERS: readonly Answer[] = ['quiet', 'awake', 'object', 'uri', 'body'];
const QUIET = ANSWERS.indexOf('quiet');
const AWAKE = ANSWERS.indexOf('awake');
/** How many answers about single objects and URIs are remembered. */
const MAX_DEEPER_ANSWERS = 65_536;
/** Longer objects and URIs, in bytes, are asked about each time: a client may make them as long as a request's head. */
const MAX_DEEPER_LENGTH = 512;
const NOTHING = new Span();

/**
 * Remembers who was seen to do what, and what the detectors said to it. Of bounded size: when it is full it forgets all,
 * so that no traffic fills the machine.
 */
export class ScanMemory {
  readonly #json: JsonBytes;
  readonly #prove: ReturnType<typeof createProof>;
  /** By interned number; none for bytes that are not whole fields of an actor. */
  readonly #actors = new Map<number, AuditEvent | undefined>();
  readonly #deeper = new Map<string, Answer>();

  constructor(engine: Engine<AuditEvent>, json: JsonBytes) {
    this.#json = json;
    this.#prove = createProof(engine);
  }

  /** Whether the detectors are quiet on every record of which all that was read is as in this one. */
  isQuiet(record: RecordReader): boolean {
    const json = this.#json;
    const { verb, resource, apiGroup, subresource, hasObject } = record;
    const actor = json.intern(record.actor.start, record.actor.end);
    const act = hasObject
      ? json.internFour(verb, resource, apiGroup, subresource)
      : json.internFour(verb, NOTHING, NOTHING, NOTHING);
    if (actor < 0 || act < 0) {
      this.#forget();
      return false;
    }
    const kind = (record.code << 4) | (record.stage << 2) | record.decision;
    const known = json.recall(actor, act, kind);
    if (known === QUIET || known === AWAKE) return known === QUIET;
    const answer = ANSWERS[known] ?? this.#learn(record, actor, act, kind);
    return this.#isDeepQuiet(record, actor, `${actor} ${act} ${kind}`, answer);
  }

  #learn(record: RecordReader, actor: number, act: number, kind: number): Answer {
    const answer = this.#answerTo(record, actor, 'kind');
    if (this.#json.learn(actor, act, kind, ANSWERS.indexOf(answer))) return answer;
    this.#forget();
    // Its numbers are nobody's any more: what was asked on would be remembered of whoever gets them next.
    return 'awake';
  }

  /** Asks on, after this answer about what a record is, until there is no more to ask. */
  #isDeepQuiet(record: RecordReader, actor: number, what: string, answer: Answer): boolean {
    if (answer === 'quiet' || answer === 'awake') return answer === 'quiet';
    // No two records have the same bodies.
    if (answer === 'body') return this.#answerTo(record, actor, 'body') === 'quiet';
    const { json, namespace, name, requestURI } = record;
    const text = ({ start, end }: Span) => json.view.toString('latin1', start, end);
    const uri = answer === 'uri' ? text(requestURI) : '';
    const key = `${answer} ${what} ${text(namespace)} ${text(name)} ${uri}`;
    let deeper = this.#deeper.get(key);
    if (deeper === undefined) {
      if (this.#deeper.size >= MAX_DEEPER_ANSWERS) {
        this.#forget();
        return false;
      }
      deeper = this.#answerTo(record, actor, answer);
      if (key.length <= MAX_DEEPER_LENGTH) this.#deeper.set(key, deeper);
    }
    return this.#isDeepQuiet(record, actor, what, deeper);
  }

  #answerTo(record: RecordReader, actor: number, depth: Depth): Answer {
    if (!this.#actors.has(actor)) this.#actors.set(actor, actorOf(record));
    const event = this.#actors.get(actor);
    return event ? this.#prove(headOf(record, event, depth), depth) : 'awake';
  }

  #forget(): void {
    this.#json.forget();
    this.#actors.clear();
    this.#deeper.clear();
  }
}

/** What the detectors are told of a record at some depth. */
function headOf(record: RecordReader, actor: AuditEvent, depth: Depth): Head {
  const { verb, resource, namespace, name, apiGroup, subresource, requestURI } = record;
  const isKind = depth === 'kind';
  return {
    actor,
    verb: stringOf(record, verb) ?? '',
    stage: STAGES[record.stage] ?? 'Panic',
    objectRef: record.hasObject
      ? {
          resource: stringOf(record, resource) ?? '',
          namespace: isKind ? undefined : stringOf(record, namespace),
          name: isKind ? undefined : stringOf(record, name),
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
function actorOf({ json, slack, actor: { start, end } }: RecordReader): AuditEvent | undefined {
  try {
    return actorIn(JSON.parse(`{${unslackened(json.view.toString('utf8', start, end), slack)}}`));
  } catch {
    return undefined;
  }
}
