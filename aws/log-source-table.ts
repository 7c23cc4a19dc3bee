import type { AttributeValue, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { type LogSource, logSourceKey } from '../core/log-sources/log-source.ts';
import {
  DAY_MS,
  HOUR_MS,
  hourOf,
  joined,
  type LogSourceMemory,
  REMEMBERED_FOR_MS,
} from '../core/log-sources/memory.ts';
import type { Sighting } from '../core/log-sources/sightings.ts';
import type { LogSourceStore } from '../core/log-sources/store.ts';
import type { Deadline } from './deadline.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MAX_KEYS = 100;

/** What is left unprocessed was throttled. */
const PAUSE_MS = 100;

const PREFIX = 'source#';
/** Under this the index of what ends has the days of log sources: incidents end under others. */
const CLOSING = 'log-source';

type DynamoDb = typeof import('./dynamodb-client.ts');
type Item = Record<string, AttributeValue>;

/**
 * Log sources in the table that holds all state, for one invocation. Throws what AWS answers, and a `DeadlineError` when
 * time is over.
 *
 * A day of a log source is one item of less than 1 KB, with a count for each hour: one small update adds to it, whoever
 * adds to it at the same time, and the table's time to live does the forgetting. One item for all days would make every
 * update pay for all of them, and updates cannot add within a map that is not there yet.
 */
export class LogSourceTable implements LogSourceStore {
  readonly #tableName: string;
  readonly #deadline: Deadline;

  constructor(tableName: string, deadline: Deadline) {
    this.#tableName = tableName;
    this.#deadline = deadline;
  }

  async add({ logSource, seenAt, records, newestAt }: Sighting): Promise<void> {
    const day = Math.floor(seenAt / DAY_MS);
    const endsAt = (day + 1) * DAY_MS;
    const values = {
      ':logSource': { S: JSON.stringify(logSource) },
      ':closing': { S: CLOSING },
      ':endsAt': numeric(endsAt),
      ':forgetAt': numeric((endsAt + REMEMBERED_FOR_MS) / 1000),
      ':seenAt': numeric(seenAt),
      ':records': numeric(records),
    };
    // Several containers write at the same time, each when it saw something: the last of them is no further off than that.
    const sets =
      'SET logSource = :logSource, closing = :closing, closesAt = :endsAt, forgetAt = :forgetAt, lastSeenAt = :seenAt';
    const update = {
      Key: { pk: { S: `${keyOf(logSource)}#${day}` } },
      ExpressionAttributeNames: { '#hour': hourName(hourOf(seenAt) % 24) },
    };
    const adds = ' ADD #hour :records';
    if (newestAt !== undefined) {
      try {
        await this.#update({
          ...update,
          UpdateExpression: `${sets}, newestAt = :newestAt${adds}`,
          ConditionExpression: 'attribute_not_exists(newestAt) OR newestAt <= :newestAt',
          ExpressionAttributeValues: { ...values, ':newestAt': numeric(newestAt) },
        });
        return;
      } catch (error) {
        if (!(error instanceof Error && error.name === 'ConditionalCheckFailedException')) throw error;
      }
    }
    await this.#update({ ...update, UpdateExpression: sets + adds, ExpressionAttributeValues: values });
  }

  async all(now: number): Promise<readonly LogSourceMemory[]> {
    const memories = new Map<string, LogSourceMemory>();
    const keys = await this.#daysSince(now - REMEMBERED_FOR_MS);
    for (let at = 0; at < keys.length; at += MAX_KEYS) {
      for (const item of await this.#items(keys.slice(at, at + MAX_KEYS))) {
        const memory = memoryIn(item);
        const key = logSourceKey(memory.logSource);
        const known = memories.get(key);
        memories.set(key, known ? joined(known, memory) : memory);
      }
    }
    return [...memories.values()].filter(({ lastSeenAt }) => lastSeenAt > now - REMEMBERED_FOR_MS);
  }

  async awaitedSince(logSource: LogSource, now: number): Promise<number> {
    const { Attributes = {} } = await this.#update({
      Key: { pk: { S: keyOf(logSource) } },
      UpdateExpression: 'SET awaitedSince = if_not_exists(awaitedSince, :now), forgetAt = :forgetAt',
      ExpressionAttributeValues: { ':now': numeric(now), ':forgetAt': numeric(Math.ceil((now + DAY_MS) / 1000)) },
      ReturnValues: 'ALL_NEW',
    });
    return numberIn(Attributes.awaitedSince) ?? now;
  }

  /** The keys of days that ended after a time, or go on, from an index that may be a moment behind the table. */
  async #daysSince(time: number): Promise<string[]> {
    const keys: string[] = [];
    let from: Item | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await this.#call(({ query }, signal) =>
        query(
          {
            TableName: this.#tableName,
            IndexName: 'closing',
            KeyConditionExpression: 'closing = :closing AND closesAt > :time',
            ExpressionAttributeValues: { ':closing': { S: CLOSING }, ':time': numeric(time) },
            ...(from ? { ExclusiveStartKey: from } : {}),
          },
          signal,
        ),
      );
      keys.push(...Items.flatMap(({ pk }) => pk?.S ?? []));
      from = LastEvaluatedKey;
    } while (from);
    return keys;
  }

  async #items(keys: readonly string[]): Promise<Item[]> {
    const items: Item[] = [];
    let waiting = keys.map((pk): Item => ({ pk: { S: pk } }));
    for (let round = 0; waiting.length > 0; round++) {
      if (round > 0) await this.#deadline.pause(PAUSE_MS);
      const { Responses = {}, UnprocessedKeys = {} } = await this.#call(({ batchGetItem }, signal) =>
        batchGetItem({ RequestItems: { [this.#tableName]: { Keys: waiting } } }, signal),
      );
      items.push(...(Responses[this.#tableName] ?? []));
      waiting = UnprocessedKeys[this.#tableName]?.Keys ?? [];
    }
    return items;
  }

  async #update(input: Omit<UpdateItemCommandInput, 'TableName'>) {
    return await this.#call(({ updateItem }, signal) => updateItem({ TableName: this.#tableName, ...input }, signal));
  }

  async #call<T>(work: (dynamodb: DynamoDb, signal: AbortSignal) => Promise<T>): Promise<T> {
    return await this.#deadline.run(async (signal) => await work(await import('./dynamodb-client.ts'), signal));
  }
}

function keyOf(logSource: LogSource): string {
  return PREFIX + logSourceKey(logSource);
}

/** One day of a log source. */
function memoryIn(item: Item): LogSourceMemory {
  const firstHour = hourOf((numberIn(item.closesAt) ?? 0) - DAY_MS);
  const hours = Array.from({ length: DAY_MS / HOUR_MS }, (_, hour) => hour);
  const newestAt = numberIn(item.newestAt);
  return {
    logSource: JSON.parse(item.logSource?.S ?? ''),
    lastSeenAt: numberIn(item.lastSeenAt) ?? 0,
    ...(newestAt === undefined ? {} : { newestAt }),
    records: new Map(
      hours.flatMap((hour) => {
        const count = numberIn(item[hourName(hour)]);
        return count === undefined ? [] : [[firstHour + hour, count] as const];
      }),
    ),
  };
}

function hourName(hour: number): string {
  return `hour${hour}`;
}

function numeric(value: number): AttributeValue {
  return { N: String(value) };
}

function numberIn(value: AttributeValue | undefined): number | undefined {
  return value?.N === undefined ? undefined : Number(value.N);
}
