import { byTime, type K8sEvent } from '../scripts/samples/k8s-event.ts';
import { createRandom } from '../scripts/samples/random.ts';
import { DAY, HOUR, SECOND } from '../scripts/samples/time.ts';
import { drawFrom } from './traffic/act.ts';
import { attacks } from './traffic/attacks.ts';
import { failures } from './traffic/failures.ts';
import { noise } from './traffic/noise.ts';
import { payloadsOf } from './traffic/payloads.ts';
import { work } from './traffic/work.ts';

/** The largest pause between two acts: some 150 events a second, as 300 nodes make them. */
const MAX_PAUSE_MS = 18;
const draw = drawFrom([...noise, ...failures, ...work, ...attacks]);

/** What began before the log does: rollouts under way, watches that end. */
const WARM_UP_MS = 45 * SECOND;

/** The audit log of a cluster of some hundreds of nodes from nine in the morning, oldest answer first; by seed. */
export function* auditTraffic(seed: string, count: number): Generator<K8sEvent> {
  const random = createRandom(`traffic/${seed}`);
  const bySecond = new Map<number, K8sEvent[]>();
  let told = 0;
  const start = DAY + 9 * HOUR;
  let now = start - WARM_UP_MS;
  while (told < count) {
    const second = Math.floor(now / SECOND);
    for (const event of draw(random).make(now, random)) {
      const due = Math.max(second, Math.floor(Date.parse(event.stageTimestamp) / SECOND));
      const others = bySecond.get(due);
      if (others) others.push(event);
      else bySecond.set(due, [event]);
    }
    now += random.int(0, MAX_PAUSE_MS);
    if (Math.floor(now / SECOND) === second) continue;
    const over = now < start ? [] : byTime(bySecond.get(second) ?? []).slice(0, count - told);
    bySecond.delete(second);
    told += over.length;
    yield* over;
  }
}

/** The same as CloudWatch Logs delivers it: base64 gzip payloads. */
export const auditPayloads = (seed: string, count: number): Generator<string> =>
  payloadsOf(auditTraffic(seed, count), seed);
