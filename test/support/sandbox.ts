import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** What a sandbox is asked to do: an event, Lambda's remaining time, and the time of day in milliseconds since 1970. */
export interface Asked {
  readonly event: unknown;
  readonly remainingMs: number;
  readonly now: number;
}

/** What a sandbox says. */
export type Told = { readonly kind: 'started' } | { readonly kind: 'failed'; readonly error: string } | Ended;

type Ended = (
  | { readonly kind: 'answered'; readonly answer: unknown }
  | { readonly kind: 'threw'; readonly error: string }
) & {
  /** What was written to standard output and error. */
  readonly log: string;
  /** How long before Lambda's end the handler ended. */
  readonly leftMs: number;
  readonly peakRssBytes: number;
};

/** How an invocation ended. What was killed answers nothing. */
export type Outcome = Ended | { readonly kind: 'killed' };

export interface SandboxOptions {
  /** The bundle's file. */
  readonly file: string;
  /** The only environment that it has. */
  readonly environment: Readonly<Record<string, string>>;
  /** How long waits between tries are, as a part of what they would be. */
  readonly pace?: number;
  /** A process of its own can be killed as the kernel kills, and its memory measured; a thread starts sooner. */
  readonly kind?: 'thread' | 'process';
}

const PROGRAM = fileURLToPath(new URL('sandbox-program.ts', import.meta.url));

/** A Lambda function's execution environment: loaded anew, alone with its memory, and killed at any time. */
export class Sandbox {
  readonly #peer: Worker | ChildProcess;
  readonly #gone: Promise<void>;
  #resolve: (outcome: Outcome) => void = () => {};
  #crash: string | undefined;

  private constructor(peer: Worker | ChildProcess) {
    this.#peer = peer;
    this.#gone = new Promise((resolve) => {
      peer.once('exit', () => resolve());
    });
    peer.on('message', (told: Told) => {
      if (told.kind === 'answered' || told.kind === 'threw') this.#resolve(told);
    });
    // What nobody caught ends the sandbox; on Lambda too.
    peer.on('error', (error: Error) => {
      this.#crash = `uncaught ${error.name}: ${error.message}`;
    });
  }

  /** Starts a function as Lambda does at a cold start. Rejects with the words of the error that it could not start with. */
  static async start({ file, environment, pace = 1, kind = 'thread' }: SandboxOptions): Promise<Sandbox> {
    const args = [file, String(pace)];
    const env = { ...environment, NODE_NO_WARNINGS: '1' };
    const peer =
      kind === 'thread'
        ? new Worker(PROGRAM, { argv: args, env, execArgv: [] })
        : fork(PROGRAM, args, { env, execArgv: [], serialization: 'advanced' });
    const sandbox = new Sandbox(peer);
    const told = await Promise.race([
      new Promise<Told>((resolve) => {
        peer.once('message', resolve);
      }),
      sandbox.#gone.then((): Told => ({ kind: 'failed', error: sandbox.#crash ?? 'the sandbox ended as it began' })),
    ]);
    if (told.kind === 'started') return sandbox;
    await sandbox.kill();
    throw new Error(told.kind === 'failed' ? told.error : 'the sandbox said something before it was asked');
  }

  /** Invokes the handler. An error that nobody caught is thrown here: no handler may end like that. */
  async invoke(asked: Asked): Promise<Outcome> {
    const outcome = new Promise<Outcome>((resolve) => {
      this.#resolve = resolve;
    });
    if (this.#peer instanceof Worker) this.#peer.postMessage(asked);
    else this.#peer.send({ ...asked });
    const ended = await Promise.race([outcome, this.#gone.then((): Outcome => ({ kind: 'killed' }))]);
    if (ended.kind === 'killed' && this.#crash) throw new Error(this.#crash);
    return ended;
  }

  /** Ends it at once, whatever it is doing: a process by SIGKILL. */
  async kill(): Promise<void> {
    if (this.#peer instanceof Worker) await this.#peer.terminate();
    else this.#peer.kill('SIGKILL');
    await this.#gone;
  }
}
