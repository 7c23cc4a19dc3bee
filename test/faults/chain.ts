import { gzipSync } from 'node:zlib';
import { severityRank } from '../../core/severity.ts';
import { failedIn } from '../../local/aws.ts';
import { ACCOUNT, REGION } from '../../scripts/samples/cluster.ts';
import type { Json } from '../../scripts/samples/k8s-event.ts';
import * as wrap from '../../scripts/samples/payloads/envelopes.ts';
import { uuidOf } from '../../scripts/samples/random.ts';
import type { AwsRequest } from '../support/aws-request.ts';
import type { Fault } from '../support/fault.ts';
import type { Asked, Outcome, Sandbox } from '../support/sandbox.ts';
import { FindingsFeed } from './findings-feed.ts';
import { type Attack, attacksOf, expectationOf, retold } from './labels.ts';
import { Truth } from './truth.ts';
import { faultsOf } from './verdict.ts';
import type { World } from './world.ts';

const HOUR = 3_600_000;
const CLUSTER = 'prod-blue';
const AUDIT_ORIGIN = { region: REGION, account: ACCOUNT, cluster: CLUSTER, logGroup: wrap.AUDIT_GROUP };
const TRAIL_KEY = `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/chain.json.gz`;
/** Enough for everything: nothing hangs here. */
const REMAINING_MS = 60_000;
/** Whatever befalls it, it is over after so many tries. */
const MAX_TRIES = 20;

/** Where a sandbox waits on the world: for a request to be done, and then for its answer. */
export interface AwaitPoint {
  readonly request: number;
  readonly what: string;
  readonly side: 'before' | 'after';
}

/** Which invocation is killed by the kernel, and how long after it began, in milliseconds. */
interface Doom {
  readonly invocation: number;
  readonly afterMs: number;
}

/**
 * A short story with everything in it that waits on the world: two waves of findings of the same problems, some of which
 * become worse, an object in S3, records that cannot be read, roll-ups when windows end. Each function does its part alone,
 * so that requests come in the same order every time.
 */
export class Chain {
  readonly truth = new Truth();
  readonly #world: World;
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #waves: readonly (readonly { readonly name: string; readonly event: Json }[])[];
  /** What each function asked of the world, in order. */
  #asked: string[] = [];
  #invocations = 0;
  #doom: Doom | undefined;
  #isKilled = false;

  /** `problems` is how many there are in the first wave, beside one that becomes worse. */
  constructor(world: World, problems: number) {
    this.#world = world;
    const first = attacksOfSeveralProblems(problems);
    const [milder, worse] = risingPair(attacksOf('k8s-audit'));
    const unreadable = ['this is no JSON', 'nor is \uffff this'];
    for (const text of unreadable) this.truth.unreadable.add(text);
    this.#waves = [
      [
        { name: 'eks-audit', event: this.#subscription([...first, milder], 'first', unreadable) },
        { name: 'cloudtrail', event: this.#announcement() },
      ],
      [{ name: 'eks-audit', event: this.#subscription([...first.slice(0, 3), worse], 'second', []) }],
    ];
  }

  /** The points at which it waits on the world, in order, when nothing befalls it. */
  async awaitPoints(): Promise<AwaitPoint[]> {
    const wrong = await this.run(() => undefined);
    if (wrong.length > 0) throw new Error(`in a healthy world: ${wrong.join('; ')}`);
    return this.#asked.flatMap((what, request) => [
      { request, what, side: 'before' as const },
      { request, what, side: 'after' as const },
    ]);
  }

  /**
   * Runs it in an empty world where faults befall requests by their number, delivering again as AWS does. Returns what is
   * not as it must be; a problem may have `maxIncidents`, one in each window.
   */
  async run(faultAt: (request: number, what: AwsRequest) => Fault | undefined, maxIncidents = 1): Promise<string[]> {
    const world = this.#world;
    await world.reset();
    await this.#restartDetection();
    await world.aws.putObject(wrap.TRAIL_BUCKET, TRAIL_KEY, gzipSync(JSON.stringify({ Records: this.#trail() })));
    this.#asked = [];
    this.#invocations = 0;
    world.proxy.decide = (request) => {
      const name = request.caller.replace(/-\d+$/, '');
      this.#asked.push(`${name}: ${request.service} ${request.action}`);
      return faultAt(this.#asked.length - 1, request);
    };
    for (const wave of this.#waves) {
      for (const { name, event } of wave) await this.#untilDone(name, event);
      const feed = new FindingsFeed(world.aws);
      for (let batch = await feed.next(); batch; batch = await feed.next()) {
        const outcome = await this.#invoke('publish-alerts', batch);
        const all = new Set(batch.Records.map(({ messageId }) => messageId));
        feed.done(batch, outcome.kind === 'answered' ? failedIn(outcome.answer) : all);
      }
    }
    world.now += 30 * HOUR;
    await this.#untilDone('watch', {});
    const told = (await world.received()).map(({ alert }) => alert);
    return [...faultsOf(this.truth, told, await world.quarantined(), maxIncidents).wrong, ...world.proxy.violations];
  }

  /** What the request of that number was, of those that the last run asked. */
  askedAt(request: number): string | undefined {
    return this.#asked[request];
  }

  /** A container remembers when it last wrote what it saw of its log sources: in a new one it is always due. */
  async #restartDetection(): Promise<void> {
    for (const name of ['eks-audit', 'cloudtrail']) {
      await this.#sandboxes.get(name)?.kill();
      this.#sandboxes.delete(name);
    }
  }

  async #untilDone(name: string, event: Json): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const outcome = await this.#invoke(name, event);
      if (outcome.kind === 'answered' && failedIn(outcome.answer).size === 0) return;
    }
    throw new Error(`${name} was not done in ${MAX_TRIES} tries`);
  }

  /** The same with one invocation in a process of its own that is killed; says whether it was still at work. */
  async runDoomed(doom: Doom): Promise<{ wrong: string[]; isKilled: boolean }> {
    this.#doom = doom;
    this.#isKilled = false;
    const wrong = await this.run(() => undefined);
    this.#doom = undefined;
    return { wrong, isKilled: this.#isKilled };
  }

  /** How many invocations the last run took. */
  get invocations(): number {
    return this.#invocations;
  }

  async #invoke(name: string, event: unknown): Promise<Outcome> {
    const asked = { event, remainingMs: REMAINING_MS, now: this.#world.now };
    if (this.#doom?.invocation === this.#invocations++) return await this.#invokeDoomed(name, asked, this.#doom);
    const sandbox = this.#sandboxes.get(name) ?? (await this.#world.sandbox(name));
    this.#sandboxes.set(name, sandbox);
    const outcome = await sandbox.invoke(asked);
    if (outcome.kind === 'killed') this.#sandboxes.delete(name);
    return outcome;
  }

  async #invokeDoomed(name: string, asked: Asked, { afterMs }: Doom): Promise<Outcome> {
    const sandbox = await this.#world.sandbox(name, { kind: 'process' });
    const timer = setTimeout(() => sandbox.kill(), afterMs);
    const outcome = await sandbox.invoke(asked);
    clearTimeout(timer);
    await sandbox.kill();
    this.#isKilled = outcome.kind === 'killed';
    return outcome;
  }

  #subscription(attacks: readonly Attack[], wave: string, unreadable: readonly string[]): Json {
    const lines = attacks.map((attack, place) => {
      const fresh = retold(attack, uuidOf(`chain/${wave}/${place}`));
      this.truth.attack(fresh, AUDIT_ORIGIN);
      return JSON.stringify(fresh.value);
    });
    const messages = [...lines, ...unreadable].map((message, at) => ({ at, message }));
    return wrap.subscription(wrap.logsData(wrap.AUDIT_GROUP, wrap.AUDIT_STREAM, messages));
  }

  #announcement(): Json {
    for (const value of this.#trail()) this.truth.attack({ source: 'cloudtrail', value }, { region: REGION });
    return wrap.sqs([wrap.s3Created(TRAIL_KEY)]);
  }

  #trail(): Attack['value'][] {
    const attacks = attacksOf('cloudtrail').slice(0, 2);
    return attacks.map((attack, place) => retold(attack, uuidOf(`chain/trail/${place}`)).value);
  }
}

/** One attack of each of several problems. */
function attacksOfSeveralProblems(count: number): Attack[] {
  const byProblem = new Map(
    attacksOf('k8s-audit').map((attack) => [expectationOf(attack, AUDIT_ORIGIN).labels[0]?.dedupKey, attack]),
  );
  return [...byProblem.values()].slice(0, count);
}

/** Two attacks of one problem, of which the second is worse. */
function risingPair(attacks: readonly Attack[]): readonly [Attack, Attack] {
  const mildest = new Map<string, { rank: number; attack: Attack }>();
  for (const attack of attacks) {
    for (const { dedupKey, severity } of expectationOf(attack, AUDIT_ORIGIN).labels) {
      const rank = severityRank(severity);
      const before = mildest.get(dedupKey);
      if (before && before.rank < rank) return [before.attack, attack];
      mildest.set(dedupKey, { rank, attack });
    }
  }
  throw new Error('no problem becomes worse');
}
