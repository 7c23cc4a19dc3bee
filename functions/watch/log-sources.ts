import { errorInWords } from '../../aws/deliver.ts';
import type { LogSourceReport } from '../../core/auditwire/schema.ts';
import { eksLogGroup } from '../../core/log-sources/log-source.ts';
import { reportsOf } from '../../core/log-sources/report.ts';
import type { LogSourceStore } from '../../core/log-sources/store.ts';
import { type ExpectedLogSource, watchedIn } from '../../core/log-sources/watched.ts';
import type { Origin } from '../../core/source.ts';
import { Detection, type DetectionOptions } from '../detection.ts';

export interface LogSourcesOptions extends Omit<DetectionOptions, 'source' | 'fetchObject'> {
  readonly store: LogSourceStore;
  readonly expected: readonly ExpectedLogSource[];
  /** In milliseconds since 1970. */
  readonly now: number;
}

/** A look at every log source that was seen, or is expected: a report on each, judged like any record. */
export class LogSources {
  /** `findings = sent + repeated + muted`, unless sending failed. */
  counts = { logSources: 0, findings: 0, sent: 0, repeated: 0, muted: 0 };
  readonly problems: string[] = [];
  readonly #options: LogSourcesOptions;

  constructor(options: LogSourcesOptions) {
    this.#options = options;
  }

  /** Reports on all, and sends what is found. Never rejects for the world's faults: they are among `problems`. */
  async report(): Promise<void> {
    const { store, expected, now, pipeline } = this.#options;
    const detection = new Detection({ ...this.#options, source: 'auditwire', fetchObject: undefined });
    const before = pipeline.counts.findings;
    let logSources = 0;
    try {
      const reports = reportsOf(await watchedIn(store, expected, now), now);
      logSources = reports.length;
      await detection.judge(reports.map(received));
    } catch (error) {
      this.problems.push(errorInWords(error));
    }
    const { sent, repeated, muted } = detection.counts;
    this.counts = { logSources, findings: pipeline.counts.findings - before, sent, repeated, muted };
  }
}

function received(report: LogSourceReport) {
  const { account, region, cluster } = report.logSource;
  const origin: Origin = {
    account,
    region,
    ...(cluster === undefined ? {} : { cluster, logGroup: eksLogGroup(cluster) }),
  };
  return {
    delivery: { kind: 'record', source: 'auditwire', value: report, origin } as const,
    raw: () => JSON.stringify(report),
  };
}
