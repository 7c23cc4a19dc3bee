import type { RegisteredDetector } from './detector.ts';
import type { Finding } from './finding.ts';
import type { Source } from './source.ts';

/** One detector's word on one event: a finding, or the error it threw. */
export type Judgement =
  | { readonly registered: RegisteredDetector; readonly finding: Finding }
  | { readonly registered: RegisteredDetector; readonly crash: unknown };

/** Judges events of one source. */
export type Engine<E> = (event: E) => Judgement[];

/**
 * Files detectors under the index keys of their `when`, so that an event meets only those that could want it. The
 * order of judgements is the order of `detectors`. A detector that throws silences no other.
 */
export function createEngine<E, W>(source: Source<E, W>, detectors: readonly RegisteredDetector[]): Engine<E> {
  const index = new Map<string, number[]>();
  for (const [position, { detector }] of detectors.entries()) {
    for (const key of source.selects(detector.when as W)) {
      const filed = index.get(key);
      if (filed) filed.push(position);
      else index.set(key, [position]);
    }
  }

  return (event) => {
    const positions = new Set(source.answers(event).flatMap((key) => index.get(key) ?? []));
    const judgements: Judgement[] = [];
    for (const position of [...positions].sort((a, b) => a - b)) {
      const registered = detectors[position];
      if (!registered || !source.admits(registered.detector.when as W, event)) continue;
      try {
        const finding = registered.detector.detect(event as never);
        if (finding) judgements.push({ registered, finding });
      } catch (crash) {
        judgements.push({ registered, crash });
      }
    }
    return judgements;
  };
}
