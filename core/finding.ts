import type { Severity } from './severity.ts';

/** A fact a detector names. `undefined` facts are left out of the alert. */
export type EvidenceValue = string | number | boolean | readonly string[] | undefined;

/** What one detector says of one event. */
export interface Finding {
  /** One line: who did what to which object. */
  readonly title: string;
  /** The names that make two findings the same problem. Never a timestamp or a request id. */
  readonly dedup: readonly string[];
  /** Named facts, never the contents of secrets, tokens or bodies. */
  readonly evidence: Readonly<Record<string, EvidenceValue>>;
  /** Given where this event is worse or milder than the detector's own severity; `severityReason` says why. */
  readonly severity?: Severity | undefined;
  readonly severityReason?: string | undefined;
}
