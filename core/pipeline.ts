import { type Alert, buildAlert } from './alert.ts';
import type { RegisteredDetector } from './detector.ts';
import { createEngine } from './engine.ts';
import { createScanner, type Scanned } from './k8s-audit/scan.ts';
import { DEFAULT_POLICY, type Policy, type Suppression, suppressionOf } from './policy.ts';
import { type Delivery, type Quarantined, quarantined } from './record.ts';
import type { EventContext, Source } from './source.ts';
import { SOURCE_IDS, type SourceId, sources } from './sources.ts';

/** A finding that goes out, or one that was muted and by what. */
export type Outgoing =
  | { readonly alert: Alert; readonly muted?: never }
  | { readonly alert: Alert; readonly muted: Suppression | 'shadow' };

/** What became of one delivery. A record in quarantine may still have findings: another detector's crash ate none. */
export interface Verdict {
  readonly outgoing: readonly Outgoing[];
  readonly quarantined: readonly Quarantined[];
}

/**
 * Every delivery is in exactly one of these, so that `records = quiet + found + quarantined + control + skipped`;
 * `findings` counts what detectors said, muted ones included. `skipped` are events that `wants` left out.
 */
export interface Counts {
  records: number;
  quiet: number;
  found: number;
  quarantined: number;
  control: number;
  skipped: number;
  findings: number;
}

export interface Pipeline {
  readonly counts: Readonly<Counts>;
  receive(delivery: Delivery): Verdict;
  /**
   * A CloudWatch Logs payload parsed and without the records that are quiet by its bytes, which it counts: what is left
   * is to be received. `undefined` where nothing can be said of it unparsed, and all of it is to be received.
   */
  withoutQuiet(payload: Buffer): Scanned | undefined;
  /** Whether a line of NDJSON is quiet by its bytes; counts it if so. Any other is to be received. */
  isQuiet(line: Buffer): boolean;
  /** Whether a record is an event of which no detector wants to know; counts it if so. Any other is to be received. */
  isIgnored(record: unknown): boolean;
}

export interface PipelineOptions {
  readonly detectors: readonly RegisteredDetector[];
  readonly policy?: Policy;
  /** Also judges by detectors that are off, and sends what those in shadow find. */
  readonly all?: boolean;
  /** Which events to judge at all, by what is known before judging: a replay of one hour, of one cluster. */
  readonly wants?: (context: EventContext) => boolean;
}

/** Judges deliveries one by one. Pure, and never throws on data: what cannot be judged comes back as quarantined. */
export function createPipeline({ detectors, policy = DEFAULT_POLICY, all = false, wants }: PipelineOptions): Pipeline {
  const counts: Counts = { records: 0, quiet: 0, found: 0, quarantined: 0, control: 0, skipped: 0, findings: 0 };
  const modeOf = ({ detector }: RegisteredDetector) => policy.detectors[detector.id]?.mode ?? detector.mode ?? 'on';
  const wanted = detectors.filter((registered) => all || modeOf(registered) !== 'off');
  const judges = Object.fromEntries(
    SOURCE_IDS.map((id) => {
      const source: Source<unknown, unknown> = sources[id] as never;
      const engine = createEngine(
        source,
        wanted.filter(({ detector }) => detector.source === id),
      );
      return [id, { source, engine }];
    }),
  ) as Record<SourceId, { source: Source<unknown, unknown>; engine: ReturnType<typeof createEngine> }>;

  function judge({ source: sourceId, value, origin }: Delivery & { kind: 'record' }): Verdict | 'skipped' {
    const { source, engine } = judges[sourceId];
    const parsed = source.schema.safeParse(value);
    if (!parsed.success) {
      // The top-level field only: further down, keys are the record's own text.
      const issue = parsed.error.issues[0];
      const detail = `${sourceId} event: ${String(issue?.path[0] ?? 'the record')}: ${issue?.message}`;
      return { outgoing: [], quarantined: [quarantined('schema-mismatch', detail, origin)] };
    }
    const event = parsed.data;
    if (wants && !wants(source.context(event, origin))) return 'skipped';
    const outgoing: Outgoing[] = [];
    const crashes: Quarantined[] = [];
    for (const judgement of engine.judge(event)) {
      const { detector } = judgement.registered;
      try {
        if ('crash' in judgement) throw judgement.crash;
        const alert = buildAlert(
          judgement.registered,
          judgement.finding,
          source.eventKey(event),
          source.context(event, origin),
          origin,
          { runbookBaseUrl: policy.runbookBaseUrl, severity: policy.detectors[detector.id]?.severity },
        );
        const inShadow = !all && modeOf(judgement.registered) === 'shadow' ? 'shadow' : undefined;
        const muted = suppressionOf(policy, alert) ?? inShadow;
        outgoing.push(muted ? { alert, muted } : { alert });
      } catch (crash) {
        crashes.push(quarantined('detector-crashed', `${detector.id}: ${crashName(crash)}`, origin));
      }
    }
    // Of what is missing nobody can say that it was harmless.
    if (outgoing.length + crashes.length === 0 && source.isPartial?.(event))
      crashes.push(
        quarantined('truncated', `${sourceId} event: not whole, and what is there wakes no detector`, origin),
      );
    return { outgoing, quarantined: crashes };
  }

  // What `wants` narrows by is not looked at before a record is parsed.
  const isWatching = (id: SourceId) => !wants && wanted.some(({ detector }) => detector.source === id);
  const scanner = isWatching('k8s-audit') ? createScanner(judges['k8s-audit'].engine) : undefined;
  const glancing = SOURCE_IDS.filter(isWatching).map((id) => judges[id].engine);
  const countQuiet = (quiet: number) => {
    counts.records += quiet;
    counts.quiet += quiet;
  };

  function isIgnored(record: unknown): boolean {
    if (typeof record !== 'object' || record === null) return false;
    const ignored = glancing.some((engine) => engine.ignores(record));
    if (ignored) countQuiet(1);
    return ignored;
  }

  return {
    counts,
    withoutQuiet(payload) {
      const scanned = scanner?.withoutQuiet(payload);
      if (scanned) countQuiet(scanned.quiet);
      return scanned;
    },
    isQuiet(line) {
      const quiet = scanner?.isQuiet(line) ?? false;
      if (quiet) countQuiet(1);
      return quiet;
    },
    isIgnored,
    receive(delivery) {
      if (delivery.kind === 'record' && isIgnored(delivery.value)) return NOTHING;
      counts.records++;
      if (delivery.kind === 'control') {
        counts.control++;
        return NOTHING;
      }
      const verdict = delivery.kind === 'record' ? judge(delivery) : { outgoing: [], quarantined: [delivery] };
      if (verdict === 'skipped') {
        counts.skipped++;
        return NOTHING;
      }
      counts.findings += verdict.outgoing.length;
      if (verdict.quarantined.length > 0) counts.quarantined++;
      else if (verdict.outgoing.length > 0) counts.found++;
      else counts.quiet++;
      return verdict;
    },
  };
}

const NOTHING: Verdict = { outgoing: [], quarantined: [] };

/** A crash by its kind and place; its message may quote the event. */
function crashName(crash: unknown): string {
  if (!(crash instanceof Error)) return 'threw a value that is no Error';
  const place = /\(?(?:file:\/\/)?[^\s()]*\/((?:core|detectors)\/[\w./-]+:\d+)/.exec(crash.stack ?? '')?.[1];
  return place ? `${crash.name} at ${place}` : crash.name;
}
