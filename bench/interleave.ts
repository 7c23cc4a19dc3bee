import { spawnSync } from 'node:child_process';
import { bundled } from './bundle.ts';
import type { EngineName } from './engines.ts';
import { note } from './note.ts';
import type { Run } from './run-once.ts';

/** A file of payloads, how often to run each engine over it, and where programs may be written meanwhile. */
export interface Corpus {
  readonly directory: string;
  readonly path: string;
  readonly rounds: number;
}

/**
 * Runs every engine `rounds` times, each time in a process of its own, the engines taking turns and in another order
 * each round, so that whatever else the machine does falls on all of them.
 */
export function interleaved<Name extends EngineName>(
  names: readonly Name[],
  { directory, path, rounds }: Corpus,
): Record<Name, readonly Run[]> {
  const runs = Object.fromEntries(names.map((name): [string, Run[]] => [name, []])) as Record<Name, Run[]>;
  const program = bundled('run-once.ts', 'runOnce', directory);
  for (let round = 0; round < rounds; round++) {
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) {
      note(`run ${round + 1} of ${rounds}: ${name}`);
      runs[name].push(inProcess(program, name, path));
    }
  }
  note('');
  return runs;
}

function inProcess(program: string, name: EngineName, path: string): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, name, path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} over ${path} failed: ${stderr}`);
  return JSON.parse(stdout);
}

export const least = (values: readonly number[]): number => Math.min(...values);

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
