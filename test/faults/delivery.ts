import { failedIn } from '../../local/aws.ts';
import { type Counts, countsOf } from '../../local/lambda.ts';
import { createRandom, type Random } from '../../scripts/samples/random.ts';
import type { Outcome, Sandbox } from '../support/sandbox.ts';
import { FindingsFeed } from './findings-feed.ts';
import type { Part, Payload } from './traffic.ts';
import type { World } from './world.ts';

/**
 * What a handler has, in milliseconds: what it keeps for itself, and half a second for the world. Where the world is whole
 * it has as much as it may need.
 */
const REMAINING_MS = { first: 3_000, second: 6_000, healthy: 60_000 };
/** Lambda tries an asynchronous event twice more. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const MAX_ASYNC_TRIES = 3;
const MAX_COPIES = 5;
/** How far a payload may fall behind those that were sent after it. */
const LATE_BY = 40;
/** How often a queue does not hear that a batch is done. */
const UNHEARD = 0.03;
/** How long a function on an empty queue waits before it looks again, in milliseconds. */
const POLL_MS = 5;

/** What runs at the same time of each function. */
const SANDBOXES = { 'eks-audit': 3, cloudtrail: 2, 'publish-alerts': 4 };

/** A payload on its way, or what is left of it. */
interface Delivery {
  readonly payload: Payload;
  readonly parts: readonly Part[];
  readonly tries: number;
}

/**
 * Delivers payloads as AWS does: more than once, out of order, again by the rules of each path where a function failed or
 * was killed; and its findings to the second stage. Compares what functions count with what they were given.
 */
export class Deliveries {
  readonly counts = { invocations: 0, kills: 0, redriven: 0, leastLeftMs: Infinity };
  readonly wrong: string[] = [];
  readonly #world: World;
  readonly #random: Random;
  readonly #feed: FindingsFeed;
  readonly #waiting: Delivery[] = [];
  /** What Lambda gave up on. */
  readonly #onFailure: Delivery[] = [];
  #isHealthy = false;
  #underWay = 0;

  constructor(world: World, seed: string) {
    this.#world = world;
    this.#random = createRandom(`delivery/${seed}`);
    this.#feed = new FindingsFeed(world.aws);
  }

  /** Delivers payloads, each one to five times, until all of them are done or given up. */
  async deliver(payloads: readonly Payload[]): Promise<void> {
    const copies = payloads.flatMap((payload) => {
      const times = this.#random.chance(0.5) ? 1 : this.#random.int(2, MAX_COPIES);
      return Array.from({ length: times }, (): Delivery => ({ payload, parts: payload.parts, tries: 0 }));
    });
    const due = copies.map((delivery, place) => ({ delivery, due: place + this.#random.int(0, LATE_BY) }));
    this.#waiting.push(...due.sort((a, b) => a.due - b.due).map(({ delivery }) => delivery));
    await this.#work();
  }

  /** The world is whole from now on, and functions have as much time as they may need. */
  heal(): void {
    this.#world.proxy.decide = () => undefined;
    this.#isHealthy = true;
  }

  /** Delivers what was given up, to functions that must not fail any more. */
  async redrive(): Promise<void> {
    this.counts.redriven = this.#onFailure.length;
    this.#waiting.push(...this.#onFailure.splice(0));
    await this.#work();
    if (this.#onFailure.length > 0) this.wrong.push(`${this.#onFailure.length} payloads failed in a healthy world`);
  }

  /** Lets the scheduled function end what is over, until it succeeds. */
  async closeWindows(): Promise<void> {
    let sandbox = await this.#world.sandbox('watch');
    for (;;) {
      const { kind } = await this.#invoke(sandbox, {}, REMAINING_MS.second);
      if (kind === 'killed') sandbox = await this.#world.sandbox('watch');
      if (kind === 'answered') return await sandbox.kill();
    }
  }

  async #work(): Promise<void> {
    const each = (name: keyof typeof SANDBOXES, work: () => Promise<void>) =>
      Array.from({ length: SANDBOXES[name] }, work);
    await Promise.all([
      ...each('eks-audit', () => this.#firstStage('eks-audit')),
      ...each('cloudtrail', () => this.#firstStage('cloudtrail')),
      ...each('publish-alerts', () => this.#secondStage()),
    ]);
  }

  async #firstStage(name: Payload['function']): Promise<void> {
    let sandbox = await this.#world.sandbox(name);
    for (;;) {
      const place = this.#waiting.findIndex(({ payload }) => payload.function === name);
      const [delivery] = place < 0 ? [] : this.#waiting.splice(place, 1);
      if (!delivery) return await sandbox.kill();
      this.#underWay++;
      const outcome = await this.#invoke(sandbox, eventOf(delivery), REMAINING_MS.first);
      if (outcome.kind === 'killed') sandbox = await this.#world.sandbox(name);
      this.#again(delivery, this.#leftOf(delivery, outcome));
      this.#underWay--;
    }
  }

  /** Which parts of a delivery must come again, by the rules of what delivered it. */
  #leftOf({ payload, parts }: Delivery, outcome: Outcome): readonly Part[] {
    if (outcome.kind !== 'answered') return parts;
    const failed = failedIn(outcome.answer);
    const first = parts.findIndex(({ id }) => failed.has(id));
    if (first < 0) {
      this.#check(parts, countsOf(outcome));
      return [];
    }
    return payload.path === 'kinesis' ? parts.slice(first) : parts.filter(({ id }) => failed.has(id));
  }

  #again({ payload, tries }: Delivery, parts: readonly Part[]): void {
    if (parts.length === 0) return;
    const delivery = { payload, parts, tries: tries + 1 };
    if (payload.path === 'logs' && delivery.tries === MAX_ASYNC_TRIES) this.#onFailure.push({ ...delivery, tries: 0 });
    else this.#waiting.splice(this.#random.int(0, Math.min(LATE_BY, this.#waiting.length)), 0, delivery);
  }

  async #secondStage(): Promise<void> {
    let sandbox = await this.#world.sandbox('publish-alerts');
    for (;;) {
      // What the first stage sends while the queue is being looked at may not be seen.
      const isLast = this.#waiting.length === 0 && this.#underWay === 0;
      const batch = await this.#feed.next();
      if (!batch) {
        if (isLast && this.#feed.isEmpty) return await sandbox.kill();
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        continue;
      }
      const outcome = await this.#invoke(sandbox, batch, REMAINING_MS.second);
      if (outcome.kind === 'killed') sandbox = await this.#world.sandbox('publish-alerts');
      if (outcome.kind === 'answered') this.#checkFolding(countsOf(outcome));
      const isHeard = outcome.kind === 'answered' && !this.#random.chance(UNHEARD);
      const all = new Set(batch.Records.map(({ messageId }) => messageId));
      this.#feed.done(batch, isHeard ? failedIn(outcome.answer) : all);
    }
  }

  async #invoke(sandbox: Sandbox, event: unknown, remainingMs: number): Promise<Outcome> {
    this.counts.invocations++;
    const outcome = await sandbox.invoke({
      event,
      remainingMs: this.#isHealthy ? REMAINING_MS.healthy : remainingMs,
      now: this.#world.now,
    });
    if (outcome.kind === 'killed') this.counts.kills++;
    else this.counts.leastLeftMs = Math.min(this.counts.leastLeftMs, outcome.leftMs);
    return outcome;
  }

  /** What a function counted must be what it was given. */
  #check(parts: readonly Part[], counted: Counts): void {
    const total = (name: keyof Part['expected']) => parts.reduce((sum, { expected }) => sum + expected[name], 0);
    for (const name of ['records', 'found', 'quarantined', 'control', 'findings'] as const) {
      if (counted[name] !== total(name))
        this.wrong.push(`${name}: counted ${counted[name]}, delivered ${total(name)} (${parts.map(({ id }) => id)})`);
    }
    const { records, quiet = 0, found = 0, quarantined = 0, control = 0, findings } = counted;
    const sum = quiet + found + quarantined + control;
    if (sum !== records) this.wrong.push(`${records} records, of which ${sum} are accounted for`);
    const { sent = 0, repeated = 0, muted = 0 } = counted;
    if (sent + repeated + muted !== findings)
      this.wrong.push(`${findings} findings: ${sent} sent, ${repeated} repeated, ${muted} muted`);
  }

  #checkFolding({ findings = 0, alerted = 0, folded = 0 }: Counts): void {
    if (findings !== alerted + folded) this.wrong.push(`${findings} findings: ${alerted} alerted, ${folded} folded`);
  }
}

function eventOf({ payload, parts }: Delivery): unknown {
  return payload.path === 'logs' ? parts[0]?.event : { Records: parts.map(({ event }) => event) };
}
