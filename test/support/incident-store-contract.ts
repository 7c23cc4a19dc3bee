import { beforeEach, describe, expect, it } from 'vitest';
import { openIncident } from '../../core/incidents/incident.ts';
import type { Problem } from '../../core/incidents/problem.ts';
import type { IncidentStore } from '../../core/incidents/store.ts';
import { alertOf } from './build.ts';

const NEVER = Date.UTC(2100);

function problem(closesAt?: number): Problem {
  const incident = closesAt === undefined ? undefined : openIncident(alertOf(), closesAt);
  return { ...(incident ? { incident } : {}), alertIds: ['first', 'second'] };
}

/** What every place that remembers problems must do. `open` gives an empty one. */
export function incidentStoreContract(name: string, open: () => Promise<IncidentStore>): void {
  describe(`${name} as an incident store`, () => {
    let store: IncidentStore;
    beforeEach(async () => {
      store = await open();
    });

    it('knows nothing at first', async () => {
      expect(await store.get('a')).toBeUndefined();
      expect(await store.expired(NEVER, 10)).toEqual([]);
    });

    it('gives back what was put, to the letter, and nothing of its neighbours', async () => {
      expect(await store.put('a', problem(1_000), undefined, NEVER)).toBe(true);
      expect((await store.get('a'))?.problem).toEqual(problem(1_000));
      expect(await store.get('b')).toBeUndefined();
    });

    it('takes a write that builds on what is there', async () => {
      await store.put('a', problem(1_000), undefined, NEVER);
      const read = await store.get('a');
      expect(await store.put('a', problem(), read?.version, NEVER)).toBe(true);
      expect((await store.get('a'))?.problem).toEqual(problem());
    });

    it('refuses a write that builds on something older, and on nothing where there is something', async () => {
      await store.put('a', problem(1_000), undefined, NEVER);
      const read = await store.get('a');
      await store.put('a', problem(2_000), read?.version, NEVER);
      expect(await store.put('a', problem(), read?.version, NEVER)).toBe(false);
      expect(await store.put('a', problem(), undefined, NEVER)).toBe(false);
      expect((await store.get('a'))?.problem).toEqual(problem(2_000));
    });

    it('refuses a write that builds on something where there is nothing', async () => {
      await store.put('a', problem(), undefined, NEVER);
      const read = await store.get('a');
      expect(await store.put('b', problem(), read?.version, NEVER)).toBe(false);
      expect(await store.get('b')).toBeUndefined();
    });

    it('lets one of several win that write at once', async () => {
      const won = await Promise.all([1, 2, 3, 4].map((at) => store.put('a', problem(at), undefined, NEVER)));
      expect(won.filter(Boolean).length).toBe(1);
    });

    it('names the problems whose incident has ended, those that ended first before the others', async () => {
      await store.put('late', problem(3_000), undefined, NEVER);
      await store.put('early', problem(1_000), undefined, NEVER);
      await store.put('middle', problem(2_000), undefined, NEVER);
      await store.put('closed', problem(), undefined, NEVER);
      expect(await store.expired(999, 10)).toEqual([]);
      expect(await store.expired(2_000, 10)).toEqual(['early', 'middle']);
      expect(await store.expired(9_000, 2)).toEqual(['early', 'middle']);
    });

    it('no longer names a problem whose incident was closed', async () => {
      await store.put('a', problem(1_000), undefined, NEVER);
      const read = await store.get('a');
      await store.put('a', problem(), read?.version, NEVER);
      expect(await store.expired(9_000, 10)).toEqual([]);
    });

    it('does not change what was stored with what was given out', async () => {
      await store.put('a', problem(1_000), undefined, NEVER);
      const read = await store.get('a');
      Object.assign(read?.problem ?? {}, { alertIds: [] });
      expect((await store.get('a'))?.problem).toEqual(problem(1_000));
    });
  });
}
