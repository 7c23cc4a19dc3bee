import { createHash } from 'node:crypto';
import { createRandom } from '../../scripts/samples/random.ts';
import type { AwsRequest } from '../support/aws-request.ts';
import type { Fault, FaultName } from '../support/fault.ts';

/** How often each fault befalls a request, in a thousand. What hangs costs the rest of an invocation's time. */
const PER_MILLE: readonly (readonly [FaultName, number])[] = [
  ['500', 40],
  ['503', 40],
  ['throttled', 40],
  ['kms-throttled', 20],
  ['denied', 10],
  ['reset', 40],
  ['hang', 6],
  ['kill', 12],
  ['partial', 80],
  ['commit-500', 30],
  ['commit-reset', 30],
  ['commit-hang', 6],
  ['commit-kill', 12],
];

/** A service that is down stays so for longer than an invocation can wait, in milliseconds. */
const OUTAGE_MS = 1_500;

/**
 * Faults by seed: what befalls a request follows from what it says and how often that was said before, so that the same
 * seed gives the same faults in whatever order sandboxes come by. Each service is down once, from some request on.
 */
export function seededFaults(seed: string): (request: AwsRequest) => Fault | undefined {
  const seen = new Map<string, number>();
  const isDown = outages(seed);
  return ({ service, action, target, body, entries }) => {
    if (isDown(service)) return { name: '503' };
    const key = createHash('sha256').update(`${service}\n${action}\n${target}\n`).update(body).digest('hex');
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    const random = createRandom(`${seed}/${key}/${times}`);
    let drawn = random.int(0, 999);
    for (const [name, share] of PER_MILLE) {
      drawn -= share;
      if (drawn >= 0) continue;
      if (name !== 'partial') return { name };
      const refused = entries.filter(() => random.chance(0.5)).map(({ id }) => id);
      return refused.length > 0 ? { name, refused: new Set(refused) } : undefined;
    }
    return undefined;
  };
}

function outages(seed: string): (service: string) => boolean {
  const requests = new Map<string, number>();
  const endsAt = new Map<string, number>();
  return (service) => {
    const count = (requests.get(service) ?? 0) + 1;
    requests.set(service, count);
    if (count === createRandom(`${seed}/${service}`).int(20, 200)) endsAt.set(service, performance.now() + OUTAGE_MS);
    return performance.now() < (endsAt.get(service) ?? 0);
  };
}
