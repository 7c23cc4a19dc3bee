import { beforeEach, describe, expect, it } from 'vitest';
import type { Alert } from '../../core/alert.ts';
import type { LogSource } from '../../core/log-sources/log-source.ts';
import { DAY_MS, HOUR_MS } from '../../core/log-sources/memory.ts';
import { reportsOf } from '../../core/log-sources/report.ts';
import type { Sighting } from '../../core/log-sources/sightings.ts';
import { MemoryLogSourceStore } from '../../core/log-sources/store.ts';
import { type ExpectedLogSource, watchedIn } from '../../core/log-sources/watched.ts';
import { createPipeline } from '../../core/pipeline.ts';
import { auditwireDetectors } from '../../detectors/auditwire/index.ts';

const MINUTE_MS = 60_000;
/** A Monday, at midnight. */
const START = Date.UTC(2026, 2, 2);
const PLACE = { account: '111122223333', region: 'eu-west-1' };
const PROD: LogSource = { source: 'k8s-audit', ...PLACE, cluster: 'prod' };
const STAGING: LogSource = { source: 'k8s-audit', ...PLACE, cluster: 'staging' };
const TRAIL: LogSource = { source: 'cloudtrail', ...PLACE };

/** How many records come at a moment, every five minutes, and how old the newest of them is. */
type Traffic = (at: number) => { readonly records: number; readonly ageMs?: number } | undefined;

/** What is busy by day, on working days, and hardly awake at night. */
const seasonal =
  (peak: number, night: number): Traffic =>
  (at) => {
    const date = new Date(at);
    const isDay = date.getUTCHours() >= 7 && date.getUTCHours() < 18;
    const isWeekend = [0, 6].includes(date.getUTCDay());
    const jitter = 0.7 + 0.6 * Math.abs(Math.sin(at / MINUTE_MS));
    return { records: Math.round((isDay && !isWeekend ? peak : night) * jitter), ageMs: 2 * MINUTE_MS };
  };

const steady: Traffic = () => ({ records: 3500, ageMs: MINUTE_MS });

/** A site on a clock of its own: traffic comes, and every five minutes the watch looks. */
class Site {
  /** The alerts that were not told before, by their ids. */
  readonly alerts = new Map<string, Alert>();
  readonly #known = new Set<string>();
  readonly #store = new MemoryLogSourceStore();
  readonly #pipeline = createPipeline({ detectors: auditwireDetectors });
  readonly #expected: readonly ExpectedLogSource[];
  #now = START;

  constructor(...expected: readonly ExpectedLogSource[]) {
    this.#expected = expected;
  }

  /** Lets time pass; `traffic` says what comes of each log source meanwhile. */
  async pass(ms: number, traffic: readonly (readonly [LogSource, Traffic])[]): Promise<void> {
    for (const end = this.#now + ms; this.#now < end; this.#now += 5 * MINUTE_MS) {
      for (const [logSource, at] of traffic) {
        const { records, ageMs = 0 } = at(this.#now) ?? { records: 0 };
        const sighting: Sighting = { logSource, seenAt: this.#now, records, newestAt: this.#now - ageMs };
        if (records > 0) await this.#store.add(sighting);
      }
      await this.#watch();
    }
  }

  /** What was told since it was last asked: which detector, of what, how bad. */
  told(): string[] {
    const told = [...this.alerts.values()].map(
      ({ detector, target, severity }) => `${detector.id.slice('auditwire/'.length)} ${target.name} ${severity}`,
    );
    this.alerts.clear();
    return told;
  }

  async #watch(): Promise<void> {
    for (const value of reportsOf(await watchedIn(this.#store, this.#expected, this.#now), this.#now)) {
      const { outgoing, quarantined } = this.#pipeline.receive({
        kind: 'record',
        source: 'auditwire',
        value,
        origin: {},
      });
      expect(quarantined).toEqual([]);
      for (const { alert } of outgoing) {
        if (!this.#known.has(alert.alertId)) this.alerts.set(alert.alertId, alert);
        this.#known.add(alert.alertId);
      }
    }
  }
}

describe('ordinary life', () => {
  it('is quiet: nights, weekends, and an account in which hardly anybody works', async () => {
    const site = new Site(PROD, { ...TRAIL, silence: 6 * HOUR_MS });
    const quiet: LogSource = { ...TRAIL, region: 'sa-east-1' };
    await site.pass(22 * DAY_MS, [
      [PROD, seasonal(9000, 900)],
      [STAGING, seasonal(4000, 30)],
      [TRAIL, seasonal(400, 1)],
      [quiet, (at) => (new Date(at).getUTCHours() === 9 ? { records: 3 } : undefined)],
    ]);
    expect(site.told()).toEqual([]);
  });

  it('is quiet with clusters that live for an afternoon', async () => {
    const site = new Site();
    for (let day = 0; day < 3; day++) {
      await site.pass(5 * HOUR_MS, [[{ ...PROD, cluster: `ci-${day}` }, steady]]);
      await site.pass(19 * HOUR_MS, []);
    }
    expect(site.told()).toEqual([]);
  });

  it('is quiet where events come late beside those that come in time, or alone in a quiet hour', async () => {
    const site = new Site(PROD, TRAIL);
    await site.pass(2 * DAY_MS, [
      [PROD, (at) => (at % HOUR_MS === 0 ? { records: 90, ageMs: 9 * HOUR_MS } : { records: 900, ageMs: MINUTE_MS })],
      [TRAIL, () => ({ records: 2, ageMs: 5 * HOUR_MS })],
    ]);
    expect(site.told()).toEqual([]);
  });
});

describe('a silence', () => {
  let site: Site;
  beforeEach(async () => {
    site = new Site(PROD, TRAIL);
    await site.pass(2 * DAY_MS, [
      [PROD, steady],
      [STAGING, steady],
      [TRAIL, steady],
    ]);
    expect(site.told()).toEqual([]);
  });

  it('of a cluster that policy names is told after a quarter of an hour, and again every day', async () => {
    const others = [
      [STAGING, steady],
      [TRAIL, steady],
    ] as const;
    await site.pass(10 * MINUTE_MS, others);
    expect(site.told()).toEqual([]);
    await site.pass(5 * MINUTE_MS, others);
    expect(site.told()).toEqual(['log-source-silent prod high']);
    await site.pass(23 * HOUR_MS, others);
    expect(site.told()).toEqual([]);
    await site.pass(HOUR_MS, others);
    expect(site.told()).toEqual(['log-source-silent prod high']);
  });

  it('that ends and begins again is told again, and all of it is one problem', async () => {
    const others = [[STAGING, steady] as const, [TRAIL, steady] as const];
    const alerts: Alert[] = [];
    for (let time = 0; time < 3; time++) {
      await site.pass(30 * MINUTE_MS, others);
      alerts.push(...site.alerts.values());
      expect(site.told()).toEqual(['log-source-silent prod high']);
      await site.pass(2 * HOUR_MS, [[PROD, steady], ...others]);
      expect(site.told()).toEqual([]);
    }
    expect(new Set(alerts.map(({ alertId }) => alertId)).size).toBe(3);
    expect(new Set(alerts.map(({ dedupKey }) => dedupKey)).size).toBe(1);
  });

  it('of a cluster that was deleted, and that policy does not name, is told once and without a page', async () => {
    await site.pass(12 * DAY_MS, [
      [PROD, steady],
      [TRAIL, steady],
    ]);
    expect(site.told()).toEqual(['log-source-silent staging medium']);
  });

  it('of CloudTrail is told after three quarters of an hour', async () => {
    const others = [
      [PROD, steady],
      [STAGING, steady],
    ] as const;
    await site.pass(40 * MINUTE_MS, others);
    expect(site.told()).toEqual([]);
    await site.pass(5 * MINUTE_MS, others);
    expect(site.told()).toEqual(['log-source-silent 111122223333 high']);
  });

  it('of everything says so', async () => {
    await site.pass(65 * MINUTE_MS, []);
    const titles = [...site.alerts.values()].map(({ title }) => title);
    expect(titles.at(-1)).toBe('Nothing from the audit log of staging for 60 minutes; all 3 log sources are silent');
  });
});

describe('a log source that policy names and that never came', () => {
  it('is told when it has been waited for, from when it was named', async () => {
    const site = new Site(PROD, { ...TRAIL, silence: 2 * HOUR_MS });
    await site.pass(15 * MINUTE_MS, []);
    expect(site.told()).toEqual([]);
    await site.pass(HOUR_MS, []);
    expect(site.told()).toEqual(['log-source-silent prod medium']);
    await site.pass(HOUR_MS, []);
    expect(site.told()).toEqual(['log-source-silent 111122223333 medium']);
  });

  it('is told no more once it comes', async () => {
    const site = new Site(PROD);
    await site.pass(10 * MINUTE_MS, []);
    await site.pass(DAY_MS, [[PROD, steady]]);
    expect(site.told()).toEqual([]);
  });
});

describe('a log that is cut down', () => {
  const narrowed: Traffic = () => ({ records: 2, ageMs: MINUTE_MS });

  it('is told within two hours, by night too, though it never falls silent', async () => {
    const traffic = seasonal(9000, 900);
    const site = new Site(PROD);
    await site.pass(8 * DAY_MS, [
      [PROD, traffic],
      [STAGING, traffic],
    ]);
    expect(site.told()).toEqual([]);
    await site.pass(2 * HOUR_MS, [
      [PROD, narrowed],
      [STAGING, narrowed],
    ]);
    expect(site.told()).toEqual(['log-source-volume-drop prod high', 'log-source-volume-drop staging medium']);
  });

  it('is told at the same hour as an outage of the week before', async () => {
    const site = new Site(PROD);
    await site.pass(6 * DAY_MS, [[PROD, steady]]);
    await site.pass(3 * HOUR_MS, []);
    await site.pass(2 * DAY_MS - 3 * HOUR_MS, [[PROD, steady]]);
    site.told();
    await site.pass(2 * HOUR_MS, [[PROD, narrowed]]);
    expect(site.told()).toEqual(['log-source-volume-drop prod high']);
  });

  it('is not told of an hour that began in silence: that was told already', async () => {
    const site = new Site(PROD);
    await site.pass(9 * DAY_MS, [[PROD, steady]]);
    await site.pass(58 * MINUTE_MS, []);
    expect(site.told()).toEqual(['log-source-silent prod high']);
    await site.pass(4 * HOUR_MS, [[PROD, steady]]);
    expect(site.told()).toEqual([]);
  });
});

describe('a log that comes late', () => {
  it('is told while it does', async () => {
    const site = new Site(PROD, TRAIL);
    await site.pass(DAY_MS, [
      [PROD, steady],
      [TRAIL, steady],
    ]);
    expect(site.told()).toEqual([]);
    const begun = START + DAY_MS;
    const stuck: Traffic = (at) => ({ records: 3500, ageMs: at - begun });
    const both = [[PROD, stuck] as const, [TRAIL, stuck] as const];
    await site.pass(15 * MINUTE_MS, both);
    expect(site.told()).toEqual([]);
    await site.pass(40 * MINUTE_MS, both);
    expect(site.told()).toEqual(['log-source-lagging prod medium', 'log-source-lagging 111122223333 medium']);
    await site.pass(2 * HOUR_MS, [
      [PROD, steady],
      [TRAIL, steady],
    ]);
    expect(site.told()).toEqual([]);
  });
});
