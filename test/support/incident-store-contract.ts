import { beforeEach, describe, expect, it } from 'vitest';
import { openIncident } from '../../core/incidents/incident.ts';
import type { Problem } from '../../core/incidents/problem.ts';
import type { IncidentStore } from '../../core/incidents/store.ts';
import { alertOf } from './build.ts';

const NOW = Date.UTC(2026, 2, 1);
const IDS = ['first', 'second'];

function problem(closesAt?: number): Problem {
  const incident = closesAt === undefined ? undefined : openIncident(alertOf(), closesAt);
  return { ...(incident ? { incident } : {}), alertIds: IDS };
}

/** What every place that remembers problems must do. `open` gives an empty one. */
export function incidentStoreContract(name: string, open: () => Promise<IncidentStore>): void {
  describe(`${name} as an incident store`, () => {
    let store: IncidentStore;
    beforeEach(async () => {
      store = await open();
    });

    it('knows nothing at first', async () => {
      expect(await store.get('a', IDS)).toBeUndefined();
      expect(await store.expired(NOW, 10)).toEqual([]);
    });

    it('gives back what was put, to the letter, and nothing of its neighbours', async () => {
      expect(await store.put('a', problem(1_000), undefined, NOW)).toBe(true);
      expect((await store.get('a', IDS))?.problem).toEqual(problem(1_000));
      expect(await store.get('b', IDS)).toBeUndefined();
    });

    it('takes a write that builds on what is there', async () => {
      await store.put('a', problem(1_000), undefined, NOW);
      const read = await store.get('a', IDS);
      expect(await store.put('a', problem(), read, NOW)).toBe(true);
      expect((await store.get('a', IDS))?.problem).toEqual(problem());
    });

    it('refuses a write that builds on something older, and on nothing where there is something', async () => {
      await store.put('a', problem(1_000), undefined, NOW);
      const read = await store.get('a', IDS);
      await store.put('a', problem(2_000), read, NOW);
      expect(await store.put('a', problem(), read, NOW)).toBe(false);
      expect(await store.put('a', problem(), undefined, NOW)).toBe(false);
      expect((await store.get('a', IDS))?.problem).toEqual(problem(2_000));
    });

    it('refuses a write that builds on something where there is nothing', async () => {
      await store.put('a', problem(), undefined, NOW);
      const read = await store.get('a', IDS);
      expect(await store.put('b', problem(), read, NOW)).toBe(false);
      expect(await store.get('b', IDS)).toBeUndefined();
    });

    it('lets one of several win that write at once', async () => {
      const won = await Promise.all([1, 2, 3, 4].map((at) => store.put('a', problem(at), undefined, NOW)));
      expect(won.filter(Boolean).length).toBe(1);
    });

    it('names the problems whose incident has ended, those that ended first before the others', async () => {
      await store.put('late', problem(3_000), undefined, NOW);
      await store.put('early', problem(1_000), undefined, NOW);
      await store.put('middle', problem(2_000), undefined, NOW);
      await store.put('closed', problem(), undefined, NOW);
      expect(await store.expired(999, 10)).toEqual([]);
      expect(await store.expired(2_000, 10)).toEqual(['early', 'middle']);
      expect(await store.expired(9_000, 2)).toEqual(['early', 'middle']);
    });

    it('names those that end first of many', async () => {
      for (const place of [7, 2, 9, 4, 0, 5, 1, 8, 3, 6, 11, 10])
        await store.put(`problem-${place}`, problem(1_000 + place), undefined, NOW);
      const inOrder = Array.from({ length: 12 }, (_, place) => `problem-${place}`);
      expect(await store.expired(9_000, 5)).toEqual(inOrder.slice(0, 5));
      expect(await store.expired(9_000, 100)).toEqual(inOrder);
    });

    it('no longer names a problem whose incident was closed', async () => {
      await store.put('a', problem(1_000), undefined, NOW);
      const read = await store.get('a', IDS);
      await store.put('a', problem(), read, NOW);
      expect(await store.expired(9_000, 10)).toEqual([]);
    });

    it('knows every finding that it ever took in, when asked, and no other', async () => {
      const ids = Array.from({ length: 700 }, (_, number) => `finding-${number}`);
      for (let at = 0; at < ids.length; at += 100) {
        const alertIds = ids.slice(at, at + 100);
        const read = await store.get('a', alertIds);
        expect(read?.problem.alertIds.filter((id) => alertIds.includes(id)) ?? []).toEqual([]);
        await store.put('a', { alertIds: [...(read?.problem.alertIds ?? []), ...alertIds] }, read, NOW);
      }
      const { problem } = (await store.get('a', [...ids, 'unknown'])) ?? { problem: { alertIds: [] } };
      expect([...problem.alertIds].sort()).toEqual([...ids].sort());
    });

    it('does not know a finding whose write was refused', async () => {
      const known = Array.from({ length: 300 }, (_, number) => `known-${number}`);
      const fresh = Array.from({ length: 700 }, (_, number) => `fresh-${number}`);
      await store.put('a', { alertIds: known }, undefined, NOW);
      const read = await store.get('a', fresh);
      await store.put('a', { alertIds: known }, read, NOW);
      expect(await store.put('a', { alertIds: [...known, ...fresh] }, read, NOW)).toBe(false);
      const { problem } = (await store.get('a', fresh)) ?? { problem: { alertIds: fresh } };
      expect(problem.alertIds.filter((id) => fresh.includes(id))).toEqual([]);
    });

    it('still knows what was taken in where a write leaves it out', async () => {
      await store.put('a', problem(1_000), undefined, NOW);
      await store.put('a', { alertIds: [] }, await store.get('a', []), NOW);
      expect((await store.get('a', IDS))?.problem).toEqual(problem());
    });

    it('does not change what was stored with what was given out', async () => {
      await store.put('a', problem(1_000), undefined, NOW);
      const read = await store.get('a', IDS);
      Object.assign(read?.problem ?? {}, { alertIds: [] });
      expect((await store.get('a', IDS))?.problem).toEqual(problem(1_000));
    });
  });
}
