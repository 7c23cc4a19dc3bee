import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LogSource, logSourceKey, logSourceOf } from '../../core/log-sources/log-source.ts';
import {
  HOUR_MS,
  hourOf,
  joined,
  type LogSourceMemory,
  memoryOf,
  steadyHoursOf,
  usualRecordsAt,
} from '../../core/log-sources/memory.ts';
import { MAX_TOGETHER, type Sighting, Sightings, WRITE_EVERY_MS } from '../../core/log-sources/sightings.ts';

const NOW = Date.UTC(2026, 2, 4, 10, 35);
const PLACE = { account: '111122223333', region: 'eu-west-1' };
const PROD: LogSource = { source: 'k8s-audit', ...PLACE, cluster: 'prod' };
const TRAIL: LogSource = { source: 'cloudtrail', ...PLACE };

const sighting = (fields: Partial<Sighting> = {}): Sighting => ({
  logSource: PROD,
  seenAt: NOW,
  records: 1,
  ...fields,
});

describe('logSourceOf', () => {
  it('is the cluster of an audit log, and nothing where that is not known', () => {
    expect(logSourceOf('k8s-audit', { ...PLACE, cluster: 'prod', logGroup: '/aws/eks/prod/cluster' })).toEqual(PROD);
    for (const origin of [
      PLACE,
      { region: 'eu-west-1', cluster: 'prod' },
      { ...PLACE, cluster: 'prod', account: '1111' },
      { ...PLACE, cluster: 'prod#1' },
      { ...PLACE, cluster: 'prod', region: 'here' },
    ])
      expect(logSourceOf('k8s-audit', origin)).toBeUndefined();
  });

  it('is the account and region of CloudTrail: where an object lies says nothing, its key says it', () => {
    expect(logSourceOf('cloudtrail', PLACE)).toEqual(TRAIL);
    const key = 'CloudTrail/us-east-2/2026/03/04/444455556666_CloudTrail_us-east-2_20260304T1035Z_x.json.gz';
    const told = { source: 'cloudtrail', account: '444455556666', region: 'us-east-2' };
    for (const file of [`s3://b/AWSLogs/444455556666/${key}`, `s3://b/p/AWSLogs/o-ab12cd34ef/444455556666/${key}`])
      expect(logSourceOf('cloudtrail', { ...PLACE, file })).toEqual(told);
    expect(logSourceOf('cloudtrail', { region: 'eu-west-1', file: 's3://b/elsewhere.json' })).toBeUndefined();
  });
});

describe('logSourceKey', () => {
  it('differs for every log source', () => {
    const part = fc.constantFrom('a', 'b', 'ab', '1');
    const source = fc.record({
      source: fc.constantFrom('k8s-audit' as const, 'cloudtrail' as const),
      account: part,
      region: part,
      cluster: fc.option(part, { nil: undefined }),
    });
    fc.assert(
      fc.property(source, source, (a, b) => {
        expect(logSourceKey(a) === logSourceKey(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('sightings', () => {
  it('are written at once, and then at most once a minute, nothing of them missing', () => {
    const sightings = new Sightings();
    sightings.add(sighting({ records: 3 }));
    expect(sightings.take(NOW)).toEqual([sighting({ records: 3 })]);
    sightings.add(sighting({ records: 5, seenAt: NOW + 1 }));
    sightings.add(sighting({ records: 7, seenAt: NOW + 2 }));
    expect(sightings.take(NOW + WRITE_EVERY_MS - 1)).toEqual([]);
    expect(sightings.take(NOW + WRITE_EVERY_MS)).toEqual([sighting({ records: 12, seenAt: NOW + 2 })]);
    expect(sightings.take(NOW + 9 * WRITE_EVERY_MS)).toEqual([]);
  });

  it('hold back no log source for another', () => {
    const sightings = new Sightings();
    sightings.add(sighting());
    sightings.take(NOW);
    sightings.add(sighting());
    sightings.add(sighting({ logSource: TRAIL }));
    expect(sightings.take(NOW).map(({ logSource }) => logSource)).toEqual([TRAIL]);
  });

  it('of other log streams alone are no sign of life', () => {
    const sightings = new Sightings();
    sightings.add(sighting({ records: 0 }));
    expect(sightings.take(NOW)).toEqual([]);
  });

  it('keep the newest event, whatever comes late, and believe none that is dated ahead', () => {
    const sightings = new Sightings();
    for (const newestAt of [NOW - 10, NOW - 86_400_000, undefined]) sightings.add(sighting({ newestAt }));
    expect(sightings.take(NOW)[0]?.newestAt).toBe(NOW - 10);
    sightings.add(sighting({ newestAt: NOW + HOUR_MS }));
    expect(sightings.take(NOW + WRITE_EVERY_MS)[0]?.newestAt).toBe(NOW);
  });

  it('of very many log sources are written a part at a time, none of them left for good', () => {
    const sightings = new Sightings();
    const clusters = Array.from({ length: 2.5 * MAX_TOGETHER }, (_, place) => `cluster-${place}`);
    for (const cluster of clusters) sightings.add(sighting({ logSource: { ...PROD, cluster } }));
    const taken = [1, 2, 3].map(() => sightings.take(NOW));
    expect(taken.map(({ length }) => length)).toEqual([MAX_TOGETHER, MAX_TOGETHER, MAX_TOGETHER / 2]);
    expect(taken.flat().map(({ logSource }) => logSource.cluster)).toEqual(clusters);
  });

  it('lose and invent no record, whatever order they are added, taken and put back in', () => {
    const step = fc.oneof(
      fc.record({ add: fc.nat(9), cluster: fc.constantFrom('a', 'b', 'c'), wait: fc.nat(50_000) }),
      fc.record({ fail: fc.boolean(), wait: fc.nat(90_000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const sightings = new Sightings();
        let now = NOW;
        let added = 0;
        let written = 0;
        for (const one of steps) {
          now += one.wait;
          if ('add' in one) {
            sightings.add(sighting({ logSource: { ...PROD, cluster: one.cluster }, seenAt: now, records: one.add }));
            added += one.add;
            continue;
          }
          for (const taken of sightings.take(now)) {
            if (one.fail) sightings.add(taken);
            else written += taken.records;
          }
        }
        const rest = sightings.take(now + WRITE_EVERY_MS).reduce((sum, { records }) => sum + records, 0);
        expect(written + rest).toBe(added);
      }),
    );
  });
});

const anySighting = fc
  .record({
    seenAt: fc.integer({ min: NOW - 40 * HOUR_MS, max: NOW }),
    records: fc.integer({ min: 1, max: 1000 }),
    age: fc.option(fc.nat(5 * HOUR_MS), { nil: undefined }),
  })
  .map(({ seenAt, records, age }) =>
    sighting({ seenAt, records, ...(age === undefined ? {} : { newestAt: seenAt - age }) }),
  );

const plain = (memory: LogSourceMemory) => ({ ...memory, records: [...memory.records].sort(([a], [b]) => a - b) });

describe('a memory', () => {
  it('is the same in whatever order and in whatever groups sightings were joined, and counts each in its hour', () => {
    fc.assert(
      fc.property(fc.array(anySighting, { minLength: 1, maxLength: 12 }), fc.nat(11), (sightings, cut) => {
        const memories = sightings.map(memoryOf);
        const inOrder = memories.reduce((a, b) => joined(a, b));
        const backwards = memories.toReversed().reduce((a, b) => joined(a, b));
        const [left, right] = [memories.slice(0, cut), memories.slice(cut)];
        const grouped = [left, right]
          .filter(({ length }) => length > 0)
          .map((some) => some.reduce((a, b) => joined(a, b)));
        for (const other of [backwards, grouped.reduce((a, b) => joined(a, b))])
          expect(plain(other)).toEqual(plain(inOrder));
        const total = [...inOrder.records.values()].reduce((a, b) => a + b, 0);
        expect(total).toBe(sightings.reduce((sum, { records }) => sum + records, 0));
        expect(inOrder.lastSeenAt).toBe(Math.max(...sightings.map(({ seenAt }) => seenAt)));
        for (const [hour, count] of inOrder.records) {
          const there = sightings.filter(({ seenAt }) => seenAt >= hour * HOUR_MS && seenAt < (hour + 1) * HOUR_MS);
          expect(count).toBe(there.reduce((sum, { records }) => sum + records, 0));
        }
      }),
    );
  });

  it('knows in how many of the hours before a log source was seen', () => {
    const hours = (...ago: readonly number[]): LogSourceMemory => ({
      logSource: PROD,
      lastSeenAt: NOW,
      records: new Map(ago.map((one) => [hourOf(NOW) - one, 7])),
    });
    const day = Array.from({ length: 24 }, (_, place) => place + 1);
    expect(steadyHoursOf(hours(0))).toBe(0);
    expect(steadyHoursOf(hours(0, ...day))).toBe(24);
    expect(steadyHoursOf(hours(0, ...day.filter((one) => one !== 13), 25))).toBe(23);
  });

  const HOUR = hourOf(NOW);
  const remembering = (counts: ReadonlyMap<number, number>): LogSourceMemory => ({
    logSource: PROD,
    lastSeenAt: NOW,
    records: counts,
  });

  it('tells what is usual at this hour of the day, and nothing before it knows the same weekday', () => {
    const days = (...daysAgo: readonly number[]) =>
      remembering(
        new Map(daysAgo.flatMap((ago) => [-1, 0, 1].map((beside) => [HOUR - 24 * ago + beside, 100 * ago + beside]))),
      );
    expect(usualRecordsAt(days(1, 2, 3, 4, 5, 6), HOUR)).toBeUndefined();
    expect(usualRecordsAt(days(1, 2, 3, 4, 5, 6, 7), HOUR)).toEqual({ median: 400, least: 99 });
    expect(usualRecordsAt(days(7), HOUR)).toEqual({ median: 700, least: 699 });
    expect(usualRecordsAt(days(1, 2, 3, 4, 5, 6, 7), HOUR + 12)).toBeUndefined();
  });

  it('does not take a silence for what is usual', () => {
    const counts = new Map([1, 2, 3, 4, 5, 6, 7].map((ago) => [HOUR - 24 * ago, ago < 6 ? 0 : 500]));
    expect(usualRecordsAt(remembering(counts), HOUR)).toEqual({ median: 500, least: 500 });
  });

  it('has its usual between the least and the most that it saw at that hour', () => {
    const count = fc.nat(5000);
    fc.assert(
      fc.property(fc.array(count, { minLength: 192, maxLength: 192 }), (all) => {
        const memory = remembering(new Map(all.map((records, ago) => [HOUR - ago, records])));
        const usual = usualRecordsAt(memory, HOUR);
        if (!usual) return;
        const around = [1, 2, 3, 4, 5, 6, 7].flatMap((ago) => [-1, 0, 1].map((beside) => all[24 * ago + beside] ?? 0));
        const counted = around.filter((records) => records > 0);
        expect(usual.least).toBe(Math.min(...counted));
        expect(usual.median).toBeGreaterThanOrEqual(usual.least);
        expect(counted.filter((records) => records <= usual.median).length * 2).toBeGreaterThanOrEqual(counted.length);
        expect(counted.filter((records) => records >= usual.median).length * 2).toBeGreaterThanOrEqual(counted.length);
      }),
    );
  });
});
