import { AsyncLocalStorage } from 'node:async_hooks';
import { Console } from 'node:console';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { Writable } from 'node:stream';
import { compileFunction } from 'node:vm';
import type { Bundle, BundleFile } from '../scripts/build.ts';

/** A handler as Lambda calls it. */
export type Handler = (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<unknown>;

/** What a function answered, or what it threw, and what it wrote to standard output and error. */
export interface Invocation {
  readonly answer?: unknown;
  readonly error?: Error;
  readonly log: string;
}

/** The numbers that a function logged, by name. */
export type Counts = Readonly<Record<string, number>>;

/** Where an invocation's output goes. Nothing else in this process shares it. */
const output = new AsyncLocalStorage<string[]>();

/** What a function loads. */
type Code = Pick<BundleFile, 'file' | 'code'>;

/** The bundle of a function. */
export function bundleOf(bundles: readonly Bundle[], name: string): Bundle {
  const bundle = bundles.find((one) => one.name === name);
  if (!bundle) throw new Error(`no function ${name}`);
  return bundle;
}

/**
 * Starts a function as Lambda does at a cold start: its files are loaded anew, with this environment and no other. Its
 * time of day is what `now` says, in milliseconds since 1970; without that it is ours.
 */
export function startFunction(
  { file, code, lazy = [] }: Code & { readonly lazy?: readonly Code[] },
  environment: NodeJS.ProcessEnv,
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
  const loaded = new Map<Code, unknown>();
  const require = (name: string) => {
    if (/^(?:node:)?process$/.test(name)) return own.process;
    const beside = lazy.find(({ file }) => name === `./${basename(file)}`);
    if (!beside) return requireBuiltin(name);
    if (!loaded.has(beside)) loaded.set(beside, load(beside));
    return loaded.get(beside);
  };
  const load = ({ file, code }: Code): { readonly handler?: Handler } => {
    const module = { exports: {} };
    const run = compileFunction(code, ['exports', 'require', 'module', ...Object.keys(own)], { filename: file });
    run(module.exports, require, module, ...Object.values(own));
    return module.exports;
  };
  const { handler } = load({ file, code });
  if (!handler) throw new Error(`${file} exports no handler`);
  return handler;
}

/** Invokes a handler with an event that went over the wire; `remainingMs` is the time that Lambda gives it. */
export async function invoke(handler: Handler, event: unknown, remainingMs = 30_000): Promise<Invocation> {
  const endsAt = performance.now() + remainingMs;
  const context = { getRemainingTimeInMillis: () => Math.max(0, Math.round(endsAt - performance.now())) };
  const written: string[] = [];
  const log = () => written.join('').trimEnd();
  try {
    const answer = await output.run(written, () => handler(JSON.parse(JSON.stringify(event)), context));
    return { answer, log: log() };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)), log: log() };
  }
}

/** The numbers in an invocation's log, which is one line of JSON. */
export function countsOf({ log }: Pick<Invocation, 'log'>): Counts {
  const line: Record<string, unknown> = JSON.parse(log);
  return Object.fromEntries(
    Object.entries(line).flatMap(([name, value]) => (typeof value === 'number' ? [[name, value]] : [])),
  );
}

/** A `Date` for which it is the time of day that `now` says, in milliseconds since 1970. */
export function dateAt(now: () => number): DateConstructor {
  return new Proxy(Date, {
    construct: (target, given, called) => Reflect.construct(target, given.length === 0 ? [now()] : given, called),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}
