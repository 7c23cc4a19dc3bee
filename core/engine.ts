import type { RegisteredDetector } from './detector.ts';
import type { Finding } from './finding.ts';
import type { Source } from './source.ts';

/** One detector's word on one event: a finding, or the error it threw. */
export type Judgement =
  | { readonly registered: RegisteredDetector; readonly finding: Finding }
  | { readonly registered: RegisteredDetector; readonly crash: unknown };

/** Judges events of one source. */
export interface Engine<E> {
  judge(event: E): Judgement[];
  /** The detectors that an event may wake, by its index keys. */
  filedFor(event: E): readonly RegisteredDetector[];
  /** What one of these says of the event; `undefined` for nothing. */
  ask(registered: RegisteredDetector, event: E): Judgement | undefined;
  /** Whether a record is certainly an event at which no detector would look; it need not be parsed any further. */
  ignores(record: object): boolean;
}

/**
 * Files detectors under the index keys of their `when`, so that an event meets only those that could want it. The
 * order of judgements is the order of `detectors`. A detector that throws silences no other.
 */
export function createEngine<E, W>(source: Source<E, W>, detectors: readonly RegisteredDetector[]): Engine<E> {
  const index = new Map<string, Set<RegisteredDetector>>();
  for (const registered of detectors) {
    for (const key of source.selects(registered.detector.when as W)) {
      const filed = index.get(key);
      if (filed) filed.add(registered);
      else index.set(key, new Set([registered]));
    }
  }
  /** By the keys that detectors are filed under, of which there are few combinations. */
  const combined = new Map<string, readonly RegisteredDetector[]>();

  function filedFor(event: E): readonly RegisteredDetector[] {
    const known = source.answers(event).filter((key) => index.has(key));
    const combination = known.join('\n');
    let filed = combined.get(combination);
    if (!filed) {
      filed = detectors.filter((registered) => known.some((key) => index.get(key)?.has(registered)));
      combined.set(combination, filed);
    }
    return filed;
  }

  function ask(registered: RegisteredDetector, event: E): Judgement | undefined {
    const { detector } = registered;
    try {
      const finding = source.admits(detector.when as W, event) ? detector.detect(event as never) : undefined;
      return finding && { registered, finding };
    } catch (crash) {
      return { registered, crash };
    }
  }

  return {
    judge: (event) => filedFor(event).flatMap((registered) => ask(registered, event) ?? []),
    filedFor,
    ask,
    ignores: (record) => source.glance(record)?.every((key) => !index.has(key)) ?? false,
  };
}
