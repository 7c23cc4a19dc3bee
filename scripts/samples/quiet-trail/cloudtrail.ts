import { createRandom } from '../random.ts';
import { type TrailEvent, trailByTime } from '../trail-event.ts';
import { changes } from './changes.ts';
import { machines } from './machines.ts';
import { people } from './people.ts';

/** One ordinary day of one account's management events, as CloudTrail delivers them: about in order, not quite. */
export function quietTrail(): TrailEvent[] {
  const random = createRandom('trail/delivery');
  const records = trailByTime([...machines(), ...people(), ...changes()]);
  for (let i = 0; i + 1 < records.length; i++) {
    const [here, next] = [records[i], records[i + 1]];
    if (here && next && random.chance(0.1)) [records[i], records[i + 1]] = [next, here];
  }
  return records;
}
