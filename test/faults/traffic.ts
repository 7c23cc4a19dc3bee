import { gunzipSync, gzipSync } from 'node:zlib';
import { trailObjects } from '../../bench/traffic/trail.ts';
import { auditTraffic } from '../../bench/traffic.ts';
import type { Origin } from '../../core/source.ts';
import { ACCOUNT, REGION } from '../../scripts/samples/cluster.ts';
import type { Json } from '../../scripts/samples/k8s-event.ts';
import * as wrap from '../../scripts/samples/payloads/envelopes.ts';
import { createRandom, hexOf, type Random } from '../../scripts/samples/random.ts';
import { type Attack, attacksOf, isQuiet, type LogSource, retold } from './labels.ts';
import { Truth } from './truth.ts';

/** What one invocation must count. */
export interface Expected {
  readonly records: number;
  readonly found: number;
  readonly quarantined: number;
  readonly control: number;
  readonly findings: number;
}

/** Of what a function is given at once, the part that is delivered again by itself. */
export interface Part {
  /** Its sequence number in Kinesis, its message id in SQS. */
  readonly id: string;
  readonly event: Json;
  readonly expected: Expected;
}

/** What a function is given at once. `logs` is asynchronous, EventBridge included. */
export interface Payload {
  readonly function: 'eks-audit' | 'cloudtrail';
  readonly path: 'logs' | 'kinesis' | 'sqs';
  readonly parts: readonly Part[];
}

/** An object that must be in S3 before it is announced. */
export interface TrailObject {
  readonly key: string;
  readonly body: Buffer;
}

/** One in so many. */
const ATTACKS = 0.04;
const UNREADABLE = 0.003;
const REPEATED = 0.05;
/** How often an attack is one that another payload told before, as S3, EventBridge and a log group may. */
const TOLD_BEFORE = 0.15;
/** How many noisy events are made; the rest are these under other ids. */
const NOISE_POOL = 3_000;
const EVENTS_FOR_ONE_CLUSTER = 4_000;

/** Noise with attacks in known places, as AWS packs and sends it; by seed. */
export class LabelledTraffic {
  readonly truth = new Truth();
  /** How many lines and objects it has, whatever they hold. */
  events = 0;
  readonly payloads: Payload[] = [];
  readonly objects: TrailObject[] = [];
  readonly #seed: string;
  readonly #random: Random;
  readonly #clusters: readonly string[];
  readonly #noise: Readonly<Record<LogSource, readonly Noise[]>>;
  readonly #attacks = { 'k8s-audit': attacksOf('k8s-audit'), cloudtrail: attacksOf('cloudtrail') };
  readonly #told: Attack[] = [];
  #ids = 0;

  constructor(seed: string, count: number) {
    this.#seed = seed;
    this.#random = createRandom(`faults/${seed}`);
    this.#noise = { 'k8s-audit': auditNoise(seed), cloudtrail: trailNoise(seed) };
    this.#clusters = Array.from(
      { length: Math.ceil(count / EVENTS_FOR_ONE_CLUSTER) },
      (_, place) => `cluster-${hexOf(`${seed}/${place}`, 6)}`,
    );
    while (this.events < count) this.payloads.push(this.#payload());
  }

  #payload(): Payload {
    switch (this.#random.int(0, 19)) {
      case 0:
        return this.#logs('eks-audit', wrap.subscription(wrap.controlMessage), { ...NOTHING, records: 1, control: 1 });
      case 1:
        return this.#unreadablePayload();
      case 2:
        return this.#otherStream();
      case 3:
      case 4:
      case 5:
        return this.#kinesis('k8s-audit');
      case 6:
        return this.#kinesis('cloudtrail');
      case 7:
      case 8:
      case 9:
        return this.#announced();
      case 10:
      case 11:
      case 12:
        return this.#eventBridge();
      case 13:
        return this.#subscription('cloudtrail');
      default:
        return this.#subscription('k8s-audit');
    }
  }

  #logs(name: Payload['function'], event: Json, expected: Expected): Payload {
    return { function: name, path: 'logs', parts: [{ id: '', event, expected }] };
  }

  #subscription(source: LogSource): Payload {
    const { data, expected } = this.#logsData(source, this.#random.int(50, 450));
    return this.#logs(functionOf(source), wrap.subscription(data), expected);
  }

  #kinesis(source: LogSource): Payload {
    const whole = Array.from({ length: this.#random.int(1, 6) }, () =>
      this.#random.chance(UNREADABLE * 10) ? this.#garbage() : this.#logsData(source, this.#random.int(10, 80)),
    );
    const records = recordsOf(wrap.kinesis(whole.map(({ data }) => data)));
    const parts = records.map((event, place) => ({
      id: String(fieldsOf(event.kinesis).sequenceNumber),
      event,
      expected: whole[place]?.expected ?? NOTHING,
    }));
    return { function: functionOf(source), path: 'kinesis', parts };
  }

  #garbage(): { data: Buffer; expected: Expected } {
    const text = `${this.#token()} is no envelope`;
    this.truth.unreadable.add(text);
    return { data: Buffer.from(text), expected: { ...NOTHING, records: 1, quarantined: 1 } };
  }

  /** Objects in S3, each announced by a message, plain or as SNS wraps it. */
  #announced(): Payload {
    const parts = Array.from({ length: this.#random.int(1, 4) }, () => {
      const key = `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/2025/09/16/${this.#token()}.json.gz`;
      const announcement = wrap.s3Created(key);
      const isWrapped = this.#random.chance(0.5);
      const [message] = recordsOf(wrap.sqs([isWrapped ? wrap.snsWrapped(announcement) : announcement]));
      const id = this.#token();
      return { id, event: { ...message, messageId: id }, expected: this.#object(key) };
    });
    return { function: 'cloudtrail', path: 'sqs', parts };
  }

  #object(key: string): Expected {
    if (this.#random.chance(UNREADABLE * 10)) {
      this.objects.push({ key, body: gzipSync('{"Records":[]}').subarray(0, -5) });
      this.truth.unreadable.add(`s3://${wrap.TRAIL_BUCKET}/${key}`);
      return { ...NOTHING, records: 1, quarantined: 1 };
    }
    const { lines, expected } = this.#lines('cloudtrail', this.#random.int(20, 400), { region: REGION });
    this.objects.push({ key, body: gzipSync(`{"Records":[${lines.join(',')}]}`) });
    return expected;
  }

  #eventBridge(): Payload {
    const { lines, expected } = this.#lines('cloudtrail', 1, { region: REGION, account: ACCOUNT });
    const event = wrap.eventBridge(JSON.parse(lines[0] ?? '{}'), 'AWS API Call via CloudTrail', 'aws.eks');
    return this.#logs('cloudtrail', event, expected);
  }

  #otherStream(): Payload {
    const lines = Array.from({ length: this.#random.int(1, 20) }, (_, at) => ({ at, message: this.#token() }));
    const data = wrap.logsData(wrap.AUDIT_GROUP, `authenticator-${hexOf('authenticator', 32)}`, lines);
    this.events += lines.length;
    return this.#logs('eks-audit', wrap.subscription(data), {
      ...NOTHING,
      records: lines.length,
      control: lines.length,
    });
  }

  #unreadablePayload(): Payload {
    const data = `${this.#token()}, which is no base64`;
    this.truth.unreadable.add(data);
    return this.#logs('eks-audit', { awslogs: { data } }, { ...NOTHING, records: 1, quarantined: 1 });
  }

  #logsData(source: LogSource, count: number): { data: Json; expected: Expected } {
    const isAudit = source === 'k8s-audit';
    const cluster = oneOf(this.#clusters, this.#random);
    const logGroup = isAudit ? `/aws/eks/${cluster}/cluster` : wrap.TRAIL_GROUP;
    const origin = { region: REGION, account: ACCOUNT, logGroup, ...(isAudit ? { cluster } : {}) };
    const { lines, expected } = this.#lines(source, count, origin, true);
    const data = wrap.logsData(
      logGroup,
      isAudit ? wrap.AUDIT_STREAM : wrap.TRAIL_STREAM,
      lines.map((message, at) => ({ at: 1_758_027_600_000 + at, message })),
    );
    return { data, expected };
  }

  /** Lines of which some are attacks and, where they are lines of text, some cannot be read. */
  #lines(source: LogSource, count: number, origin: Origin, isText = false): { lines: string[]; expected: Expected } {
    const lines: string[] = [];
    const expected = { ...NOTHING, records: count };
    while (lines.length < count) {
      if (this.#random.chance(ATTACKS)) {
        const isTwice = lines.length + 2 <= count && this.#random.chance(REPEATED);
        for (const line of isTwice ? this.#attack(source, origin, 2) : this.#attack(source, origin, 1)) {
          lines.push(line.text);
          expected.found++;
          expected.findings += line.findings;
        }
      } else if (isText && this.#random.chance(UNREADABLE)) {
        lines.push(this.#unreadable());
        expected.quarantined++;
      } else lines.push(this.#quiet(source));
    }
    this.events += count;
    return { lines, expected };
  }

  #attack(source: LogSource, origin: Origin, times: number): { text: string; findings: number }[] {
    const attack = this.#anAttack(source);
    const findings = this.truth.attack(attack, origin);
    return Array.from({ length: times }, () => ({ text: JSON.stringify(attack.value), findings }));
  }

  #anAttack(source: LogSource): Attack {
    const before = source === 'cloudtrail' ? this.#told : [];
    if (before.length > 0 && this.#random.chance(TOLD_BEFORE)) return oneOf(before, this.#random);
    const attack = retold(oneOf(this.#attacks[source], this.#random), this.#id());
    if (source === 'cloudtrail') this.#told.push(attack);
    return attack;
  }

  #quiet(source: LogSource): string {
    const { text, id } = oneOf(this.#noise[source], this.#random);
    return text.replace(id, this.#id());
  }

  #unreadable(): string {
    const token = this.#token();
    const text = oneOf(
      [
        `${token} is no JSON`,
        `${token} \uffff is no JSON either`,
        `{"hello":"${token}"}`,
        `{"kind":"Event","apiVersion":"audit.k8s.io/v1","eventSource":5,"eventName":5,"verb":5,"auditID":"${token}"}`,
      ],
      this.#random,
    );
    this.truth.unreadable.add(text);
    return text;
  }

  #id(): string {
    return `${hexOf(this.#seed, 8)}-0000-4000-8000-${(++this.#ids).toString(16).padStart(12, '0')}`;
  }

  #token(): string {
    return `token-${this.#id()}`;
  }
}

const NOTHING: Expected = { records: 0, found: 0, quarantined: 0, control: 0, findings: 0 };

/** A quiet event as text, and the id in it that must be another's. */
interface Noise {
  readonly text: string;
  readonly id: string;
}

function auditNoise(seed: string): Noise[] {
  return [...auditTraffic(seed, NOISE_POOL)]
    .filter((value) => isQuiet({ source: 'k8s-audit', value: { ...value } }))
    .map((value) => ({ text: JSON.stringify(value), id: value.auditID }));
}

function trailNoise(seed: string): Noise[] {
  return [...trailObjects(seed, NOISE_POOL)]
    .flatMap((object): Record<string, unknown>[] => JSON.parse(gunzipSync(object).toString()).Records)
    .filter((value) => isQuiet({ source: 'cloudtrail', value }))
    .map((value) => ({ text: JSON.stringify(value), id: String(value.eventID) }));
}

function recordsOf({ Records }: Json): readonly Json[] {
  return Array.isArray(Records) ? Records : [];
}

function fieldsOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function functionOf(source: LogSource): Payload['function'] {
  return source === 'cloudtrail' ? 'cloudtrail' : 'eks-audit';
}

function oneOf<T>(items: readonly T[], random: Random): T {
  const [first] = items;
  if (first === undefined) throw new Error('nothing to choose from');
  return items[random.int(0, items.length - 1)] ?? first;
}
