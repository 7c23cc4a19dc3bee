/** What a sandbox runs, as a worker thread or as a process of its own: one bundled function, one invocation at a time. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { Asked, Told } from './sandbox.ts';
import { VirtualClock } from './virtual-clock.ts';

const [, , bundle = '', pace = '1'] = process.argv;

// Whatever waits before it tries again draws how long: a test has as many tries in less time.
const random = Math.random;
Math.random = () => random() * Number(pace);

let written: string[] = [];
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (chunk: string | Uint8Array) => {
    written.push(String(chunk));
    return true;
  };
}

const tell = (told: Told) => (parentPort ? parentPort.postMessage(told) : process.send?.(told));

const clock = new VirtualClock(Date.now());
let handler: (event: unknown, context: object) => Promise<unknown>;
try {
  handler = createRequire(import.meta.url)(bundle).handler;
  tell({ kind: 'started' });
} catch (error) {
  tell({ kind: 'failed', error: wordsOf(error) });
}

async function invoke({ event, remainingMs, now }: Asked): Promise<void> {
  clock.set(now);
  const endsAt = performance.now() + remainingMs;
  written = [];
  const context = { getRemainingTimeInMillis: () => Math.max(0, Math.round(endsAt - performance.now())) };
  try {
    const answer = await handler(event, context);
    tell({ kind: 'answered', answer, ...accounts(endsAt) });
  } catch (error) {
    tell({ kind: 'threw', error: wordsOf(error), ...accounts(endsAt) });
  }
}

function accounts(endsAt: number) {
  return {
    log: written.join('').split('\n').filter(Boolean),
    leftMs: Math.round(endsAt - performance.now()),
    peakRssBytes: peakRssBytes(),
  };
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

if (parentPort) parentPort.on('message', invoke);
else process.on('message', invoke);
