import { beforeEach, describe, expect, it } from 'vitest';
import { type LogSource, logSourceKey } from '../../core/log-sources/log-source.ts';
import { DAY_MS, HOUR_MS, hourOf, type LogSourceMemory, REMEMBERED_FOR_MS } from '../../core/log-sources/memory.ts';
import type { LogSourceStore } from '../../core/log-sources/store.ts';

const NOW = Date.UTC(2026, 2, 4, 10, 35);
const PLACE = { account: '111122223333', region: 'eu-west-1' };
const PROD: LogSource = { source: 'k8s-audit', ...PLACE, cluster: 'prod' };
const TRAIL: LogSource = { source: 'cloudtrail', ...PLACE };

/** What every place that remembers log sources must do. `open` gives an empty one. */
export function logSourceStoreContract(name: string, open: () => Promise<LogSourceStore>): void {
  describe(`${name} as a log source store`, () => {
    let store: LogSourceStore;
    beforeEach(async () => {
      store = await open();
    });

    const seen = (seenAt: number, records: number, newestAt?: number, logSource = PROD) =>
      store.add({ logSource, seenAt, records, ...(newestAt === undefined ? {} : { newestAt }) });
    const all = async (now = NOW) =>
      new Map((await store.all(now)).map((memory) => [logSourceKey(memory.logSource), plain(memory)]));

    it('knows nothing at first', async () => {
      expect(await store.all(NOW)).toEqual([]);
    });

    it('counts by the hour, over the end of days, each log source for itself', async () => {
      const midnight = Date.UTC(2026, 2, 4);
      await seen(midnight - 1, 5, midnight - 60_000);
      await seen(midnight, 7, midnight - 30_000);
      await seen(midnight + HOUR_MS, 11);
      await seen(midnight + HOUR_MS, 2, undefined, TRAIL);
      const hour = hourOf(midnight);
      const memories = await all();
      expect(memories.get(logSourceKey(PROD))).toEqual({
        logSource: PROD,
        lastSeenAt: midnight + HOUR_MS,
        newestAt: midnight - 30_000,
        records: { [hour - 1]: 5, [hour]: 7, [hour + 1]: 11 },
      });
      expect(memories.get(logSourceKey(TRAIL))).toEqual({
        logSource: TRAIL,
        lastSeenAt: midnight + HOUR_MS,
        records: { [hour + 1]: 2 },
      });
      expect(memories.size).toBe(2);
    });

    it('loses nothing of what is added at the same time', async () => {
      const times = Array.from({ length: 40 }, (_, place) => NOW - place);
      await Promise.all(times.map((time) => seen(time, 3, time)));
      const memory = (await all()).get(logSourceKey(PROD));
      expect(memory?.records).toEqual({ [hourOf(NOW)]: 120 });
      expect(memory?.newestAt).toBe(NOW);
    });

    it('keeps the newest event where an older one comes late', async () => {
      await seen(NOW - 2, 1, NOW - 60_000);
      await seen(NOW - 1, 1, NOW - 9 * HOUR_MS);
      await seen(NOW, 1);
      expect((await all()).get(logSourceKey(PROD))).toMatchObject({ lastSeenAt: NOW, newestAt: NOW - 60_000 });
    });

    it('remembers a week and the day before it, and forgets what was not seen since', async () => {
      await seen(NOW - 7 * DAY_MS - HOUR_MS, 4);
      await seen(NOW, 9);
      await seen(NOW - REMEMBERED_FOR_MS - DAY_MS, 1, undefined, TRAIL);
      const memories = await all();
      expect(memories.get(logSourceKey(PROD))?.records).toMatchObject({ [hourOf(NOW) - 169]: 4, [hourOf(NOW)]: 9 });
      expect(memories.has(logSourceKey(TRAIL))).toBe(false);
    });

    it('gives back more log sources than are read together', async () => {
      const clusters = Array.from({ length: 130 }, (_, place) => ({ ...PROD, cluster: `cluster-${place}` }));
      await Promise.all(clusters.map((logSource) => seen(NOW, 1, undefined, logSource)));
      expect([...(await all()).keys()].sort()).toEqual(clusters.map(logSourceKey).sort());
    });

    it('begins to wait for a log source when it is first asked, and waits for that alone', async () => {
      expect(await store.awaitedSince(PROD, NOW)).toBe(NOW);
      expect(await store.awaitedSince(PROD, NOW + HOUR_MS)).toBe(NOW);
      expect(await store.awaitedSince(TRAIL, NOW + HOUR_MS)).toBe(NOW + HOUR_MS);
      expect(await store.all(NOW + HOUR_MS)).toEqual([]);
    });
  });
}

const plain = (memory: LogSourceMemory) => ({ ...memory, records: Object.fromEntries(memory.records) });
