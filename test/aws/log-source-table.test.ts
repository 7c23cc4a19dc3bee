import { type AttributeValue, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deadline } from '../../aws/deadline.ts';
import { LogSourceTable } from '../../aws/log-source-table.ts';
import { DAY_MS, HOUR_MS, REMEMBERED_FOR_MS } from '../../core/log-sources/memory.ts';
import { LocalAws } from '../../local/aws.ts';
import { logSourceStoreContract } from '../support/log-source-store-contract.ts';

let aws: LocalAws;
let opened = 0;
const tableName = () => `state-${opened}`;

beforeAll(async () => {
  aws = await LocalAws.start();
  Object.assign(process.env, aws.environment);
});
afterAll(() => aws.stop());

async function open(): Promise<LogSourceTable> {
  opened++;
  await aws.createStateTable(tableName());
  return new LogSourceTable(tableName(), new Deadline(600_000));
}

async function items(): Promise<Record<string, AttributeValue>[]> {
  return (await aws.dynamo.send(new ScanCommand({ TableName: tableName() }))).Items ?? [];
}

logSourceStoreContract('a DynamoDB table', open);

describe('a table of log sources', () => {
  const DAY = Date.UTC(2026, 2, 4);
  const PROD = { source: 'k8s-audit', account: '111122223333', region: 'eu-west-1', cluster: 'prod' } as const;

  it('has one small item for each day, which is forgotten when nobody compares with it any more', async () => {
    const store = await open();
    for (let hour = 0; hour < 48; hour++)
      for (const records of [1_000_000, 2_345_678])
        await store.add({ logSource: PROD, seenAt: DAY + hour * HOUR_MS, records, newestAt: DAY + hour * HOUR_MS });
    const days = await items();
    expect(days.map(({ pk }) => pk?.S).sort()).toEqual([
      'source#k8s-audit/111122223333/eu-west-1/prod#20516',
      'source#k8s-audit/111122223333/eu-west-1/prod#20517',
    ]);
    const [first] = days.sort((a, b) => Number(a.closesAt?.N) - Number(b.closesAt?.N));
    expect(Number(first?.closesAt?.N)).toBe(DAY + DAY_MS);
    expect(Number(first?.forgetAt?.N)).toBe((DAY + DAY_MS + REMEMBERED_FOR_MS) / 1000);
    expect(JSON.stringify(first).length).toBeLessThan(1024);
  });

  it('is forgotten a day after nobody waits any more', async () => {
    const store = await open();
    await store.awaitedSince(PROD, DAY);
    await store.awaitedSince(PROD, DAY + HOUR_MS);
    const [item] = await items();
    expect(Number(item?.forgetAt?.N)).toBe((DAY + HOUR_MS + DAY_MS) / 1000);
  });

  it('says what AWS answers', async () => {
    await expect(new LogSourceTable('missing', new Deadline(600_000)).all(DAY)).rejects.toThrow(
      /not found|non-existent/,
    );
  });
});
