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

  function filedUnder(keys: readonly string[]): readonly RegisteredDetector[] {
    const known = keys.filter((key) => index.has(key));
    const combination = known.join('\n');
    let filed = combined.get(combination);
    if (!filed) {
      filed = detectors.filter((registered) => known.some((key) => index.get(key)?.has(registered)));
      combined.set(combination, filed);
    }
    return filed;
  }

  return {
    ignores: (record) => source.glance(record)?.every((key) => !index.has(key)) ?? false,
    judge(event) {
      const judgements: Judgement[] = [];
      for (const registered of filedUnder(source.answers(event))) {
        if (!source.admits(registered.detector.when as W, event)) continue;
        try {
          const finding = registered.detector.detect(event as never);
          if (finding) judgements.push({ registered, finding });
        } catch (crash) {
          judgements.push({ registered, crash });
        }
      }
      return judgements;
    },
  };
}
