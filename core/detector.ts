import type { Finding } from './finding.ts';
import type { Severity } from './severity.ts';
import type { EventOf, SourceId, WhenOf } from './sources.ts';

/** `on`: judged and published. `shadow`: judged and counted, published only if asked. `off`: not judged unless asked. */
export const MODES = ['on', 'shadow', 'off'] as const;

export type Mode = (typeof MODES)[number];

/** ATT&CK tactic and technique, as `TA0002:T1609` or with a sub-technique `TA0006:T1552.007`. */
export type MitreId = `TA${number}:T${number}`;

export interface Detector<S extends SourceId = SourceId> {
  /** The folder's path under `detectors/`. Alert ids, runbook links and policies name it: it never changes. */
  readonly id: `${NoInfer<S>}/${string}`;
  readonly title: string;
  /** One or two sentences on why this matters: the second paragraph of the alert. */
  readonly description: string;
  /** The severity of an ordinary finding; a finding may say otherwise, and why. */
  readonly severity: Severity;
  /** `on` where absent. */
  readonly mode?: Mode;
  /** For how long repeats of one problem fold into one incident; as long as policy says in general where absent. */
  readonly incidentHours?: number;
  readonly mitre: readonly MitreId[];
  readonly source: S;
  /** The entries of the detection catalogue that this detector answers for; none for one that the catalogue lacks. */
  readonly covers: readonly string[];
  /** Exact values in the field's own notation; an absent key means any. The engine never calls `detect` outside it. */
  readonly when: WhenOf[S];
  /** Synchronous, total and repeatable: reads nothing but the event. */
  detect(event: EventOf[S]): Finding | undefined;
}

/** Declares a detector; the type ties `id`, `when` and `detect` to `source`. */
export function defineDetector<const S extends SourceId>(detector: Detector<S>): Detector<S> {
  return detector;
}

/** A detector as the generated registry lists it: with the commands of its runbook's triage. */
export interface RegisteredDetector {
  readonly detector: Detector;
  /** Commands with `{target.name}`-like holes that name fields of the alert. */
  readonly nextSteps: readonly string[];
}
