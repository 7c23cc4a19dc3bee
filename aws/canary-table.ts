import type { SentCanary } from '../core/auditwire/canary.ts';
import * as z from '../core/zod.ts';
import type { Deadline } from './deadline.ts';

const KEY = { pk: { S: 'canary' } };
/** In milliseconds: a canary function that was off for longer begins anew. */
const REMEMBERED_FOR_MS = 24 * 3_600_000;

const waitingSchema = z.array(z.object({ id: z.string(), sentAt: z.number() }));

/** The canaries that are waited for, as the table that holds all state has them; none at first. Throws what AWS answers. */
export async function readWaiting(tableName: string, deadline: Deadline): Promise<readonly SentCanary[]> {
  const { getItem } = await import('./dynamodb-client.ts');
  const { Item } = await deadline.run((signal) =>
    getItem({ TableName: tableName, Key: KEY, ConsistentRead: true }, signal),
  );
  return waitingSchema.parse(JSON.parse(Item?.waiting?.S ?? '[]'));
}

/** Replaces what {@link readWaiting} gives. `now` is in milliseconds since 1970. */
export async function writeWaiting(
  tableName: string,
  waiting: readonly SentCanary[],
  now: number,
  deadline: Deadline,
): Promise<void> {
  const { putItem } = await import('./dynamodb-client.ts');
  const forgetAt = { N: String(Math.ceil((now + REMEMBERED_FOR_MS) / 1000)) };
  const Item = { ...KEY, waiting: { S: JSON.stringify(waiting) }, forgetAt };
  await deadline.run((signal) => putItem({ TableName: tableName, Item }, signal));
}
