/** `npm run prove`: what the tests of this folder do, for longer than a test may take. */
import { parseArgs } from 'node:util';
import { createRandom } from '../../scripts/samples/random.ts';
import { Chain } from './chain.ts';
import { cutAt, pairsOf } from './cuts.ts';
import { faultRun } from './fault-run.ts';
import { World } from './world.ts';

const USAGE = `Proves under faults that nothing is lost. Exits with 1 where something is.

usage: npm run prove -- [--seeds 20] [--from 1] [--events 200000] [--kills 2000] [--pairs]
  --seeds N    fault runs, each by a seed of its own, the first of which is --from
  --events N   how many events each has
  --kills N    how many processes are killed by the kernel, at any moment
  --pairs      every kill with every other fault at every other request
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    events: { type: 'string', default: '200000' },
    kills: { type: 'string', default: '2000' },
    pairs: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** About as long as the slowest handler is at work after a cold start, in milliseconds. */
const MAX_KILL_MS = 150;

async function faultRuns(first: number, count: number, events: number): Promise<void> {
  for (let seed = first; seed < first + count; seed++) {
    const startedAt = performance.now();
    const { wrong, trace, ...numbers } = await faultRun(String(seed), events);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    console.log(JSON.stringify({ ...numbers, seconds, wrong: wrong.length }));
    if (wrong.length > 0) fail([`seed ${seed}, ${events} events`, ...wrong, 'faults:', ...trace]);
  }
}

async function killed(processes: number, isEveryPair: boolean): Promise<void> {
  const world = await World.start();
  try {
    const chain = new Chain(world, 6);
    const points = await chain.awaitPoints();
    const { invocations } = chain;
    for (const point of points) check(await chain.run(cutAt(point)), point);
    console.log(JSON.stringify({ awaitPoints: points.length }));
    const pairs = isEveryPair ? pairsOf(points) : [];
    for (const { point, other } of pairs) check(await chain.run(cutAt(point, other)), { point, other });
    console.log(JSON.stringify({ pairs: pairs.length }));
    const random = createRandom('prove');
    let atWork = 0;
    for (let time = 0; time < processes; time++) {
      const doom = { invocation: time % invocations, afterMs: random.int(0, MAX_KILL_MS) };
      const { wrong, isKilled } = await chain.runDoomed(doom);
      check(wrong, doom);
      if (isKilled) atWork++;
    }
    console.log(JSON.stringify({ processes, killedAtWork: atWork }));
  } finally {
    await world.stop();
  }
}

function check(wrong: readonly string[], where: object): void {
  if (wrong.length > 0) fail([JSON.stringify(where), ...wrong]);
}

function fail(lines: readonly string[]): void {
  process.exitCode = 1;
  console.log(lines.join('\n  '));
}

if (values.help) process.stdout.write(USAGE);
else {
  await faultRuns(Number(values.from), Number(values.seeds), Number(values.events));
  await killed(Number(values.kills), values.pairs);
}
