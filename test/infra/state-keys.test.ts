import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeWaiting } from '../../aws/canary-table.ts';
import { Deadline } from '../../aws/deadline.ts';
import { IncidentTable, MAX_IDS_IN_ITEM } from '../../aws/incident-table.ts';
import { LogSourceTable } from '../../aws/log-source-table.ts';
import { NEW_PROBLEM } from '../../core/incidents/problem.ts';
import { matchesWildcard } from '../../core/wildcard.ts';
import { CANARIES, INCIDENTS, LOG_SOURCES } from '../../infra/publishing.ts';
import { LocalAws } from '../../local/aws.ts';

const NOW = Date.UTC(2026, 2, 1);
const SOURCE = { source: 'k8s-audit', account: '111122223333', region: 'eu-west-1', cluster: 'prod' } as const;
const deadline = new Deadline(600_000);

describe('the keys that roles may use', () => {
  let aws: LocalAws;
  beforeAll(async () => {
    aws = await LocalAws.start();
    Object.assign(process.env, aws.environment);
  });
  afterAll(() => aws.stop());

  it.each([
    [
      'incidents',
      INCIDENTS,
      async (table: string) => {
        const store = new IncidentTable(table, deadline);
        const ids = Array.from({ length: MAX_IDS_IN_ITEM }, (_, place) => `id-${place}`);
        await store.put('a', { ...NEW_PROBLEM, alertIds: ids }, undefined, NOW);
        await store.put('a', { ...NEW_PROBLEM, alertIds: [...ids, 'one-more'] }, await store.get('a', []), NOW);
      },
    ],
    [
      'log sources',
      LOG_SOURCES,
      async (table: string) => {
        const store = new LogSourceTable(table, deadline);
        await store.add({ logSource: SOURCE, seenAt: NOW, records: 1, newestAt: NOW });
        await store.awaitedSince(SOURCE, NOW);
      },
    ],
    ['canaries', CANARIES, (table: string) => writeWaiting(table, [], NOW, deadline)],
  ])('are those of %s, each of them', async (_, keys, write) => {
    const TableName = `keys-of-${keys.length}-${keys[0]?.replace(/\W/g, '')}`;
    await aws.createStateTable(TableName);
    await write(TableName);
    const { Items = [] } = await aws.dynamo.send(new ScanCommand({ TableName }));
    const written = Items.map(({ pk }) => pk?.S ?? '');
    expect(written).not.toEqual([]);
    expect(written.filter((pk) => !keys.some((key) => matchesWildcard(key, pk)))).toEqual([]);
    expect(keys.filter((key) => !written.some((pk) => matchesWildcard(key, pk)))).toEqual([]);
  });
});
