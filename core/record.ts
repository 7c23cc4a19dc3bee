import type { Origin } from './source.ts';
import type { SourceId } from './sources.ts';

/** Why a record could not be judged. */
export type QuarantineReason =
  | 'not-json'
  | 'bad-encoding'
  | 'truncated'
  | 'too-deep'
  | 'too-big'
  | 'unrecognised'
  | 'schema-mismatch'
  | 'detector-crashed';

/** What arrives is one of three: a record to judge, something that is known to hold no event, or something unreadable. */
export type Delivery =
  | { readonly kind: 'record'; readonly source: SourceId; readonly value: object; readonly origin: Origin }
  | { readonly kind: 'control'; readonly what: string; readonly origin: Origin }
  | Quarantined;

export interface Quarantined {
  readonly kind: 'quarantined';
  readonly reason: QuarantineReason;
  /** What was seen and what was wanted; never the record's own text. */
  readonly detail: string;
  readonly origin: Origin;
}

export function quarantined(reason: QuarantineReason, detail: string, origin: Origin): Quarantined {
  return { kind: 'quarantined', reason, detail, origin };
}
