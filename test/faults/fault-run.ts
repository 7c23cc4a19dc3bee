import { TRAIL_BUCKET } from '../../scripts/samples/payloads/envelopes.ts';
import { Deliveries } from './delivery.ts';
import { seededFaults } from './seeded-faults.ts';
import { LabelledTraffic } from './traffic.ts';
import { faultsOf } from './verdict.ts';
import { World } from './world.ts';

const DAY_MS = 24 * 3_600_000;

export interface Report {
  readonly seed: string;
  readonly events: number;
  readonly findings: number;
  readonly problems: number;
  readonly invocations: number;
  readonly kills: number;
  readonly redriven: number;
  /** How long before Lambda's end the handler that took longest ended. */
  readonly leastLeftMs: number;
  /** How often the subscriber got again what it had. */
  readonly repeats: number;
  /** How often each fault was. */
  readonly faults: Readonly<Record<string, number>>;
  /** What is not as it must be. */
  readonly wrong: readonly string[];
  /** Each fault in order. */
  readonly trace: readonly string[];
}

/**
 * Runs labelled traffic, by seed, through everything that is deployed, with faults of every kind at once; then the world is
 * healed, what was given up is delivered again, and every window ends.
 */
export async function faultRun(seed: string, events: number): Promise<Report> {
  const traffic = new LabelledTraffic(seed, events);
  const world = await World.start();
  try {
    for (const { key, body } of traffic.objects) await world.aws.putObject(TRAIL_BUCKET, key, body);
    const deliveries = new Deliveries(world, seed);
    world.proxy.decide = seededFaults(seed);
    await deliveries.deliver(traffic.payloads);
    deliveries.heal();
    await deliveries.redrive();
    world.now += 2 * DAY_MS;
    await deliveries.closeWindows();
    const told = (await world.received()).map(({ alert }) => alert);
    const { repeats, wrong } = faultsOf(traffic.truth, told, await world.quarantined());
    const { trace, violations } = world.proxy;
    return {
      seed,
      events: traffic.events,
      findings: traffic.truth.findings,
      problems: traffic.truth.problems.size,
      ...deliveries.counts,
      repeats,
      faults: countedBy(trace),
      wrong: [...deliveries.wrong, ...wrong, ...violations],
      trace,
    };
  } finally {
    await world.stop();
  }
}

function countedBy(trace: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of trace) {
    const [, , , fault = ''] = line.split(' ');
    counts[fault] = (counts[fault] ?? 0) + 1;
  }
  return counts;
}
