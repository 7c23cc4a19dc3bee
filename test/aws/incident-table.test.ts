import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { Deadline } from '../../aws/deadline.ts';
import { IncidentTable, MAX_IDS_IN_ITEM } from '../../aws/incident-table.ts';
import { MAX_ALERT_BYTES } from '../../core/alert.ts';
import { FindingsByProblem, MAX_ALERT_IDS } from '../../core/findings.ts';
import { NEW_PROBLEM, takeIn } from '../../core/incidents/problem.ts';
import { REMEMBERED_FOR_MS } from '../../core/incidents/store.ts';
import { alertOf } from '../support/build.ts';
import { incidentStoreContract } from '../support/incident-store-contract.ts';
import { incidentTables } from '../support/incident-tables.ts';

const tables = incidentTables();

incidentStoreContract('a table', tables.open);

const NOW = Date.UTC(2026, 2, 1);
const HOUR_MS = 3_600_000;

/** The findings of a message whose events have these numbers. */
function findings(from: number, to: number, finding: object = {}, windowMs = HOUR_MS) {
  const gathered = new FindingsByProblem();
  for (let number = from; number < to; number++)
    gathered.add(
      alertOf(finding, {
        auditID: `${'\u{fffd}'.repeat(300)}${number}`,
        objectRef: { resource: 'pods', namespace: `${number}${'\u{fffd}'.repeat(300)}` },
      }),
    );
  const [all] = gathered.all(() => windowMs);
  if (!all) throw new Error('no findings');
  return all;
}

/** What DynamoDB counts of an item of texts and numbers: a number takes at most 21 bytes. */
const bytesOf = (item: Record<string, AttributeValue>) =>
  Object.entries(item).reduce((sum, [name, { S }]) => sum + Buffer.byteLength(name + (S ?? '0'.repeat(21))), 0);

describe('the items of a problem', () => {
  it('stay far below the 400 KB of DynamoDB, whatever it holds', async () => {
    const table = await tables.open();
    const evidence = Object.fromEntries(
      Array.from({ length: 9 }, (_, key) => [`fact${key}`, Array.from({ length: 50 }, () => '\u{20ac}'.repeat(34))]),
    );
    let { problem } = takeIn(NEW_PROBLEM, findings(0, 1, { evidence }), NOW);
    expect(Buffer.byteLength(JSON.stringify(problem.incident))).toBeGreaterThan(MAX_ALERT_BYTES / 2);
    await table.put('a', problem, undefined, NOW);
    // Ten messages are a batch of a FIFO queue, and all of one problem they are one write.
    for (let batch = 0; batch < 2; batch++) {
      const read = await table.get('a', []);
      problem = read?.problem ?? NEW_PROBLEM;
      for (let message = 0; message < 10; message++) {
        const from = 1 + (batch * 10 + message) * MAX_ALERT_IDS;
        ({ problem } = takeIn(problem, findings(from, from + MAX_ALERT_IDS, { evidence }), NOW));
      }
      expect(await table.put('a', problem, read, NOW)).toBe(true);
    }
    const all = await tables.items();
    expect(all.length).toBe(1 + 1 + 10 * MAX_ALERT_IDS);
    const sizes = all.map(bytesOf).sort((a, b) => b - a);
    expect(sizes[0]).toBeGreaterThan(MAX_ALERT_BYTES);
    expect(sizes[0]).toBeLessThan(120 * 1024);
    expect(sizes[1]).toBeLessThan(200);
  });

  it('become more only where there are more findings than one holds', async () => {
    const table = await tables.open();
    const ids = Array.from({ length: MAX_IDS_IN_ITEM + 1 }, (_, number) => `finding-${number}`);
    await table.put('a', { alertIds: ids.slice(0, -1) }, undefined, NOW);
    expect((await tables.items()).length).toBe(1);
    const read = await table.get('a', []);
    await table.put('a', { alertIds: [...(read?.problem.alertIds ?? []), ...ids.slice(-1)] }, read, NOW);
    expect((await tables.items()).map(({ pk }) => pk?.S).sort()).toEqual(['finding#a#finding-0', 'incident#a']);
  });

  it('are forgotten in seconds since 1970, 110 days after the last finding or the end of the incident', async () => {
    const table = await tables.open();
    const forgottenAt = async () => Number((await tables.items())[0]?.forgetAt?.N) * 1000;
    await table.put('a', { alertIds: ['finding'] }, undefined, NOW);
    expect(await forgottenAt()).toBe(NOW + REMEMBERED_FOR_MS);
    expect(REMEMBERED_FOR_MS / HOUR_MS).toBe(110 * 24);

    const windowMs = 30 * 24 * HOUR_MS;
    const { problem } = takeIn(NEW_PROBLEM, findings(0, 1, {}, windowMs), NOW);
    await table.put('a', problem, await table.get('a', []), NOW);
    expect(await forgottenAt()).toBe(NOW + windowMs + REMEMBERED_FOR_MS);

    await table.put('a', { alertIds: [] }, await table.get('a', []), NOW + windowMs + 1);
    expect(await forgottenAt()).toBe(NOW + windowMs + REMEMBERED_FOR_MS + 1000);
  });

  it('are in several partitions of the index, and in none when nothing is to be closed', async () => {
    const table = await tables.open();
    const { problem } = takeIn(NEW_PROBLEM, findings(0, 1), NOW);
    for (let number = 0; number < 40; number++) await table.put(`problem-${number}`, problem, undefined, NOW);
    expect(new Set((await tables.items()).map(({ closing }) => closing?.S)).size).toBeGreaterThan(4);
    for (let number = 0; number < 40; number++) {
      const key = `problem-${number}`;
      await table.put(key, NEW_PROBLEM, await table.get(key, []), NOW);
    }
    expect((await tables.items()).filter(({ closing, closesAt }) => closing || closesAt)).toEqual([]);
  });
});

describe('when the world fails', () => {
  it('throws what AWS answers, and takes nothing for an answer but a condition that does not hold', async () => {
    const missing = new IncidentTable('no-such-table', new Deadline(600_000));
    await expect(missing.get('a', [])).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(missing.put('a', NEW_PROBLEM, undefined, NOW)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(missing.expired(NOW, 10)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('throws when there is no more time', async () => {
    const late = new IncidentTable('state', new Deadline(0));
    await expect(late.get('a', [])).rejects.toMatchObject({ name: 'DeadlineError' });
    await expect(late.put('a', NEW_PROBLEM, undefined, NOW)).rejects.toMatchObject({ name: 'DeadlineError' });
  });
});
