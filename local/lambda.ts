import { AsyncLocalStorage } from 'node:async_hooks';
import { Console } from 'node:console';
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { compileFunction, constants } from 'node:vm';
import type { Bundle } from '../scripts/build.ts';

/** A handler as Lambda calls it. */
export type Handler = (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<unknown>;

/** What a function answered, or what it threw, and what it wrote to standard output and error. */
export interface Invocation {
  readonly answer?: unknown;
  readonly error?: Error;
  readonly log: string;
}

/** Where an invocation's output goes. Nothing else in this process shares it. */
const output = new AsyncLocalStorage<string[]>();

/**
 * Starts a function as Lambda does at a cold start: its bundle is loaded anew, with this environment and no other. Its
 * time of day is what `now` says, in milliseconds since 1970; without that it is ours.
 */
export function startFunction(
  { file, code }: Pick<Bundle, 'file' | 'code'>,
  environment: Readonly<Record<string, string>>,
  now?: () => number,
): Handler {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      output.getStore()?.push(String(chunk));
      done();
    },
  });
  const own = {
    process: Object.create(process, {
      env: { value: { ...environment } },
      stdout: { value: stream },
      stderr: { value: stream },
    }),
    console: new Console(stream),
    ...(now ? { Date: dateAt(now) } : {}),
  };
  const requireBuiltin = createRequire(file);
  const require = (name: string) => (/^(?:node:)?process$/.test(name) ? own.process : requireBuiltin(name));
  const module: { exports: { handler?: Handler } } = { exports: {} };
  const load = compileFunction(code, ['exports', 'require', 'module', ...Object.keys(own)], {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  load(module.exports, require, module, ...Object.values(own));
  if (!module.exports.handler) throw new Error(`${file} exports no handler`);
  return module.exports.handler;
}

/** Invokes a handler with an event that went over the wire. `remainingMs` is Lambda's, of which two seconds are kept. */
export async function invoke(handler: Handler, event: unknown, remainingMs = 30_000): Promise<Invocation> {
  const written: string[] = [];
  const log = () => written.join('').trimEnd();
  try {
    const context = { getRemainingTimeInMillis: () => remainingMs };
    const answer = await output.run(written, () => handler(JSON.parse(JSON.stringify(event)), context));
    return { answer, log: log() };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)), log: log() };
  }
}

function dateAt(now: () => number): DateConstructor {
  return new Proxy(Date, {
    construct: (target, given, called) => Reflect.construct(target, given.length === 0 ? [now()] : given, called),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}
