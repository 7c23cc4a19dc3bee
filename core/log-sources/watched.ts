import { type LogSource, logSourceKey } from './log-source.ts';
import type { LogSourceMemory } from './memory.ts';
import type { LogSourceStore } from './store.ts';

/** A log source that the site's policy names, and for how many milliseconds it may be silent where the policy says. */
export interface ExpectedLogSource extends LogSource {
  readonly silence?: number | undefined;
}

/** A log source that was seen, or that is waited for since a time in milliseconds since 1970. */
export type WatchedLogSource = {
  readonly logSource: LogSource;
  readonly expected?: ExpectedLogSource | undefined;
} & ({ readonly memory: LogSourceMemory } | { readonly awaitedSince: number });

/** Every log source to look after: those that were seen, and then those that are expected and were not. */
export async function watchedIn(
  store: LogSourceStore,
  expected: readonly ExpectedLogSource[],
  now: number,
): Promise<WatchedLogSource[]> {
  const awaited = new Map(expected.map((one) => [logSourceKey(one), one]));
  const seen = (await store.all(now)).map((memory) => {
    const key = logSourceKey(memory.logSource);
    const one = awaited.get(key);
    awaited.delete(key);
    return { logSource: memory.logSource, memory, expected: one };
  });
  const unseen = [...awaited.values()].map(async (one) => {
    const { silence: _, ...logSource } = one;
    return { logSource, expected: one, awaitedSince: await store.awaitedSince(logSource, now) };
  });
  return [...seen, ...(await Promise.all(unseen))];
}
