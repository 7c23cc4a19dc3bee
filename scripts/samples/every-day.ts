import { createRandom, type Random } from './random.ts';
import { DAY, HOUR, SECOND } from './time.ts';

/** What the moments of something that comes round all day make, with a little jitter so that nothing is in step. */
export function everyDay<T>(name: string, period: number, make: (at: number, random: Random) => T[]): T[] {
  const random = createRandom(name);
  const phase = random.int(0, period - 1);
  const rounds = Math.floor((24 * HOUR - phase) / period);
  const times = Array.from(
    { length: rounds },
    (_, i) => DAY + phase + i * period + random.int(0, Math.floor(period / 20)),
  );
  return times.filter((at) => at < DAY + 24 * HOUR - 30 * SECOND).flatMap((at) => make(at, random));
}
