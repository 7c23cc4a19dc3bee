import type { Random } from '../../scripts/samples/random.ts';

/** Something that happens, and how often compared with other things. */
export interface Act<Event> {
  readonly weight: number;
  readonly make: (at: number, random: Random) => readonly Event[];
}

const STEPS = 1_000_000;

/** Draws one act at a time, the likelier the heavier. */
export function drawFrom<Event>(acts: readonly [Act<Event>, ...Act<Event>[]]): (random: Random) => Act<Event> {
  const total = acts.reduce((sum, { weight }) => sum + weight, 0);
  let reached = 0;
  const upTo = acts.map(({ weight }) => {
    reached += weight;
    return (reached / total) * STEPS;
  });
  return (random) => {
    const drawn = random.int(1, STEPS);
    return acts[upTo.findIndex((limit) => drawn <= limit)] ?? acts[0];
  };
}
