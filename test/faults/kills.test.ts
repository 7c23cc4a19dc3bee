import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../scripts/samples/random.ts';
import { type AwaitPoint, Chain } from './chain.ts';
import { cutAt, pairsOf } from './cuts.ts';
import { World } from './world.ts';

/** How many of all pairs are tried, and how many processes are killed; `npm run prove` tries them all, and thousands. */
const PAIRS = 24;
const PROCESSES = 12;

let world: World;
let chain: Chain;
let points: readonly AwaitPoint[];

beforeAll(async () => {
  world = await World.start();
  chain = new Chain(world, 2);
  points = await chain.awaitPoints();
}, 60_000);
afterAll(() => world.stop());

describe('killed where it waits on the world', () => {
  it('waits in every function, on every service', () => {
    const kinds = new Set(points.map(({ what }) => what));
    expect([...kinds].sort()).toEqual([
      'cloudtrail: dynamodb UpdateItem',
      'cloudtrail: s3 GetObject',
      'cloudtrail: sqs SendMessageBatch',
      'eks-audit: dynamodb UpdateItem',
      'eks-audit: sqs SendMessageBatch',
      'publish-alerts: dynamodb GetItem',
      'publish-alerts: dynamodb PutItem',
      'publish-alerts: sns PublishBatch',
      'watch: dynamodb BatchGetItem',
      'watch: dynamodb GetItem',
      'watch: dynamodb PutItem',
      'watch: dynamodb Query',
      'watch: sns PublishBatch',
    ]);
  });

  it('at each point: nothing is lost and no incident is told as another', async () => {
    const cut: AwaitPoint[] = [];
    for (const point of points) {
      expect(await chain.run(cutAt(point)), JSON.stringify(point)).toEqual([]);
      cut.push({ ...point, what: chain.askedAt(point.request) ?? 'nothing' });
    }
    expect(cut).toEqual(points);
  });

  it('and refused for good at each request, which is delivered again', async () => {
    for (const { request, what } of points.filter(({ side }) => side === 'before'))
      expect(await chain.run((number) => (number === request ? { name: 'denied' } : undefined)), what).toEqual([]);
  });

  it('at one point, and another fault at another', async () => {
    const pairs = pairsOf(points);
    const step = Math.floor(pairs.length / PAIRS);
    for (const { point, other } of pairs.filter((_, place) => place % step === 0))
      expect(await chain.run(cutAt(point, other)), JSON.stringify({ point, other })).toEqual([]);
  });

  it('by the kernel, at any moment', async () => {
    await chain.run(() => undefined);
    const { invocations } = chain;
    const random = createRandom('kills');
    let killed = 0;
    for (let time = 0; time < PROCESSES; time++) {
      const doom = { invocation: time % invocations, afterMs: random.int(0, 150) };
      const { wrong, isKilled } = await chain.runDoomed(doom);
      expect(wrong, JSON.stringify(doom)).toEqual([]);
      if (isKilled) killed++;
    }
    expect(killed).toBeGreaterThan(PROCESSES / 4);
  });
});
