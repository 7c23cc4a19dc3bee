import { createHash } from 'node:crypto';
import type { PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Problem } from '../core/incidents/problem.ts';
import { type IncidentStore, REMEMBERED_FOR_MS, type StoredProblem } from '../core/incidents/store.ts';
import type { Deadline } from './deadline.ts';

/**
 * How many ids a problem's item keeps; older ones become items of their own. Every write pays for the whole item, and
 * these are some 9 KB of it.
 */
export const MAX_IDS_IN_ITEM = 256;

/**
 * One partition of an index takes 1,000 writes a second, and an index that takes no more makes the table refuse writes: a
 * flood of new problems goes to eight.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
const SHARDS = 8;

const PROBLEM_PREFIX = 'incident#';

type DynamoDb = typeof import('./dynamodb-client.ts');

/**
 * Problems in a DynamoDB table, for one invocation. Throws what AWS answers, and a `DeadlineError` when time is over.
 *
 * A problem is one item of at most some 120 KB: an alert (64 KiB), what was seen since it was told (12 KiB), and the ids of
 * {@link MAX_IDS_IN_ITEM} findings or of the ten messages (35 KB) that were taken in last. DynamoDB takes 400 KB. Ids that
 * must leave it are written as items of their own before, so that no finding is forgotten, whatever happens between the two
 * writes.
 */
export class IncidentTable implements IncidentStore {
  readonly #tableName: string;
  readonly #deadline: Deadline;

  constructor(tableName: string, deadline: Deadline) {
    this.#tableName = tableName;
    this.#deadline = deadline;
  }

  async get(dedupKey: string, alertIds: readonly string[]): Promise<StoredProblem | undefined> {
    const item = await this.#item(PROBLEM_PREFIX + dedupKey);
    if (!item) return undefined;
    const problem: Problem = JSON.parse(item.problem?.S ?? '');
    const inItem = new Set(problem.alertIds);
    const elsewhere = inItem.size < MAX_IDS_IN_ITEM ? [] : alertIds.filter((id) => !inItem.has(id));
    const found = await fewAtATime(elsewhere, async (id) => ((await this.#item(idKey(dedupKey, id))) ? [id] : []));
    return {
      problem: { ...problem, alertIds: [...found.flat(), ...problem.alertIds] },
      version: Number(item.version?.N),
    };
  }

  async put(dedupKey: string, problem: Problem, read: StoredProblem | undefined, now: number): Promise<boolean> {
    const { incident } = problem;
    const forgetAtMs = Math.max(now, incident?.closesAt ?? now) + REMEMBERED_FOR_MS;
    const forgetAt = { N: `${Math.ceil(forgetAtMs / 1000)}` };
    const stored = new Set(read?.problem.alertIds);
    const fresh = problem.alertIds.filter((id) => !stored.has(id));
    // An id on its own says that its finding was taken in: of those that this write takes in, that is not true yet.
    const leaving = [...stored].slice(0, Math.max(0, stored.size + fresh.length - MAX_IDS_IN_ITEM));
    await fewAtATime(leaving, (id) => this.#write({ Item: { pk: { S: idKey(dedupKey, id) }, forgetAt } }));
    const alertIds = [...stored].slice(leaving.length).concat(fresh);
    const closing = incident && {
      closing: { S: shardKey(shardOf(dedupKey)) },
      closesAt: { N: `${incident.closesAt}` },
    };
    const unchanged = read
      ? { ConditionExpression: 'version = :read', ExpressionAttributeValues: { ':read': { N: `${read.version}` } } }
      : { ConditionExpression: 'attribute_not_exists(pk)' };
    try {
      await this.#write({
        Item: {
          pk: { S: PROBLEM_PREFIX + dedupKey },
          version: { N: `${(read?.version ?? 0) + 1}` },
          problem: { S: JSON.stringify({ ...problem, alertIds }) },
          forgetAt,
          ...closing,
        },
        ...unchanged,
      });
      return true;
    } catch (error) {
      // Also where our own write was made, and its answer lost: then what is there is what was to be.
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  }

  /**
   * As {@link IncidentStore.expired} says, from an index that may be a moment behind the table: who closes an incident
   * reads it first, and what is missing is found the next time.
   */
  async expired(now: number, limit: number): Promise<readonly string[]> {
    const shards = Array.from({ length: SHARDS }, (_, shard) => this.#expiredIn(shard, now, limit));
    const pages = await Promise.all(shards);
    return pages
      .flat()
      .sort((a, b) => a.closesAt - b.closesAt)
      .slice(0, limit)
      .map(({ pk }) => pk.slice(PROBLEM_PREFIX.length));
  }

  async #expiredIn(shard: number, now: number, limit: number): Promise<{ pk: string; closesAt: number }[]> {
    const { Items = [] } = await this.#call(({ query }, signal) =>
      query(
        {
          TableName: this.#tableName,
          IndexName: 'closing',
          KeyConditionExpression: 'closing = :shard AND closesAt <= :now',
          ExpressionAttributeValues: { ':shard': { S: shardKey(shard) }, ':now': { N: `${now}` } },
          Limit: limit,
        },
        signal,
      ),
    );
    return Items.map(({ pk, closesAt }) => ({ pk: pk?.S ?? '', closesAt: Number(closesAt?.N) }));
  }

  async #item(pk: string) {
    const input = { TableName: this.#tableName, Key: { pk: { S: pk } }, ConsistentRead: true };
    return (await this.#call(({ getItem }, signal) => getItem(input, signal))).Item;
  }

  async #write(input: Omit<PutItemCommandInput, 'TableName'>): Promise<void> {
    await this.#call(({ putItem }, signal) => putItem({ TableName: this.#tableName, ...input }, signal));
  }

  async #call<T>(work: (dynamodb: DynamoDb, signal: AbortSignal) => Promise<T>): Promise<T> {
    return await this.#deadline.run(async (signal) => await work(await import('./dynamodb-client.ts'), signal));
  }
}

/** Half of the connections that the SDK opens: who waits for one longer than it takes to connect is given up. */
const AT_A_TIME = 25;

async function fewAtATime<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < items.length; at += AT_A_TIME)
    done.push(...(await Promise.all(items.slice(at, at + AT_A_TIME).map(work))));
  return done;
}

function idKey(dedupKey: string, alertId: string): string {
  return `finding#${dedupKey}#${alertId}`;
}

function shardOf(dedupKey: string): number {
  return createHash('sha256').update(dedupKey).digest().readUInt8() % SHARDS;
}

function shardKey(shard: number): string {
  return `incident#${shard}`;
}
