import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRAIL_BUCKET } from '../../scripts/samples/payloads/envelopes.ts';
import { Chain } from './chain.ts';
import { Deliveries } from './delivery.ts';
import { LabelledTraffic } from './traffic.ts';
import { faultsOf } from './verdict.ts';
import { World } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const EVENTS = 2_500;
/** What comes in a window and what comes in the next are two incidents. */
const INCIDENTS = 2;

describe('what is delivered again', () => {
  it.each([
    ['when SQS has forgotten it', 5 * MINUTE + 1],
    ['when Lambda gives up on it', 6 * HOUR],
    ['when CloudWatch Logs gives up on it', 24 * HOUR],
  ])('%s changes no incident, and counts nothing twice', async (_, afterMs) => {
    const traffic = new LabelledTraffic('time', EVENTS);
    const world = await World.start();
    try {
      for (const { key, body } of traffic.objects) await world.aws.putObject(TRAIL_BUCKET, key, body);
      const deliveries = new Deliveries(world, 'time');
      deliveries.heal();
      await deliveries.deliver(traffic.payloads);
      world.now += afterMs;
      await deliveries.closeWindows();
      await deliveries.deliver(traffic.payloads.toReversed());
      world.now += 48 * HOUR;
      await deliveries.closeWindows();

      const told = (await world.received()).map(({ alert }) => alert);
      const quarantined = await world.quarantined();
      const { wrong, repeats } = faultsOf(traffic.truth, told, [...new Set(quarantined)]);
      expect([...deliveries.wrong, ...wrong, ...world.proxy.violations]).toEqual([]);
      expect(repeats).toBe(0);
      // Only the queue knows what it was sent: for five minutes.
      expect(quarantined.length).toBe(2 * traffic.truth.unreadable.size);
    } finally {
      await world.stop();
    }
  });
});

describe('an outage', () => {
  let world: World;
  let chain: Chain;
  beforeAll(async () => {
    world = await World.start();
    chain = new Chain(world, 2);
  });
  afterAll(() => world.stop());

  it.each([
    ['sqs', 10 * MINUTE],
    ['sns', 10 * MINUTE],
    ['s3', 10 * MINUTE],
    ['dynamodb', 10 * MINUTE],
    ['sqs', 24 * HOUR],
    ['sns', 24 * HOUR],
    ['s3', 24 * HOUR],
    ['dynamodb', 24 * HOUR],
  ])('of %s for %d ms delays what is told, and changes nothing of it', async (service, lengthMs) => {
    let missed = 0;
    let endsAt = Infinity;
    const wrong = await chain.run((_, request) => {
      if (request.service !== service) return undefined;
      if (endsAt === Infinity) endsAt = world.now + lengthMs;
      if (world.now >= endsAt) return undefined;
      world.now += lengthMs / 20;
      missed++;
      return { name: '503' };
    }, INCIDENTS);
    expect(wrong).toEqual([]);
    expect(missed).toBe(20);
  });
});
