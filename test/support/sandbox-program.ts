/** What a sandbox runs, as a worker thread or as a process of its own: one bundled function, one invocation at a time. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { type Handler, invoke, startFunction } from '../../local/lambda.ts';
import type { Asked, Told } from './sandbox.ts';

const [, , file = '', pace = '1'] = process.argv;

// Whatever waits before it tries again draws how long: a test has as many tries in less time.
const random = Math.random;
Math.random = () => random() * Number(pace);

// A function has streams of its own, and these tests look at nothing else.
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (chunk: string | Uint8Array) => {
    throw new Error(`written past the function's own streams: ${chunk}`);
  };
}

const tell = (told: Told) => (parentPort ? parentPort.postMessage(told) : process.send?.(told));

let timeOfDay = Date.now();
let handler: Handler;
try {
  const beside = readdirSync(dirname(file)).filter((name) => name.endsWith('.js') && name !== basename(file));
  const lazy = beside.map((name) => read(join(dirname(file), name)));
  handler = startFunction({ ...read(file), lazy }, process.env, () => timeOfDay);
  tell({ kind: 'started' });
} catch (error) {
  tell({ kind: 'failed', error: wordsOf(error) });
}

function read(file: string) {
  return { file, code: readFileSync(file, 'utf8') };
}

async function answer({ event, remainingMs, now }: Asked): Promise<void> {
  timeOfDay = now;
  const endsAt = performance.now() + remainingMs;
  const { answer, error, log } = await invoke(handler, event, remainingMs);
  tell({
    ...(error ? { kind: 'threw', error: wordsOf(error) } : { kind: 'answered', answer }),
    log,
    leftMs: Math.round(endsAt - performance.now()),
    peakRssBytes: peakRssBytes(),
  });
}

/**
 * The most that this process ever held. What `getrusage` says began with what the parent held; where there is no /proc it
 * has to do. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
 */
function peakRssBytes(): number {
  const status = '/proc/self/status';
  const kib = existsSync(status) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1] : undefined;
  return 1024 * Number(kib ?? process.resourceUsage().maxRSS);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

if (parentPort) parentPort.on('message', answer);
else process.on('message', answer);
