import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { type Bundle, bundleFunctions } from '../../scripts/build.ts';

const require = createRequire(import.meta.url);

export interface Context {
  getRemainingTimeInMillis(): number;
}

/** A handler as Lambda calls it. */
export type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** The functions, bundled into a directory of their own for as long as they are used. */
export class Bundles {
  readonly all: readonly Bundle[];
  readonly #directory: string;

  private constructor(all: readonly Bundle[], directory: string) {
    this.all = all;
    this.#directory = directory;
  }

  static async build(): Promise<Bundles> {
    const directory = await mkdtemp(join(tmpdir(), 'auditwire-bundles-'));
    return new Bundles(await bundleFunctions(directory), directory);
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }

  /** Starts a function as Lambda does at a cold start: the file is loaded anew, with this environment and no other. */
  start(name: string, environment: Readonly<Record<string, string>>): Handler {
    const file = this.all.find((bundle) => bundle.name === name)?.file ?? name;
    for (const setting of SETTINGS) delete process.env[setting];
    Object.assign(process.env, environment);
    delete require.cache[file];
    return require(file).handler;
  }
}

const SETTINGS = ['FINDINGS_QUEUE_URL', 'QUARANTINE_QUEUE_URL', 'ALERT_TOPIC_ARN', 'POLICY_FILE', 'AWS_REGION'];

/** What a function answered, or what it threw, and what it logged. */
export interface Invocation {
  readonly answer?: unknown;
  readonly error?: Error;
  readonly log: string;
}

/** Invokes a handler with an event that went over the wire. `remainingMs` is Lambda's, of which two seconds are kept. */
export async function invoke(handler: Handler, event: unknown, remainingMs = 30_000): Promise<Invocation> {
  const lines: unknown[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line) => lines.push(line));
  try {
    const answer = await handler(JSON.parse(JSON.stringify(event)), { getRemainingTimeInMillis: () => remainingMs });
    return { answer, log: lines.join('\n') };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)), log: lines.join('\n') };
  } finally {
    log.mockRestore();
  }
}
