import {
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { CLIENT_OPTIONS } from './client-options.ts';

const client = new DynamoDBClient(CLIENT_OPTIONS);

/** Calls DynamoDB. The SDK takes longer to load than everything else together: import this when there is something to do. */
export async function getItem(input: GetItemCommandInput, abortSignal: AbortSignal) {
  return await client.send(new GetItemCommand(input), { abortSignal });
}

/** Calls DynamoDB. Rejects with a `ConditionalCheckFailedException` where the condition of a write does not hold. */
export async function putItem(input: PutItemCommandInput, abortSignal: AbortSignal) {
  return await client.send(new PutItemCommand(input), { abortSignal });
}

/** Calls DynamoDB, for one page of what a key condition selects. */
export async function query(input: QueryCommandInput, abortSignal: AbortSignal) {
  return await client.send(new QueryCommand(input), { abortSignal });
}

/** Calls DynamoDB, for at most a hundred items, of which the answer may leave some unprocessed. */
export async function batchGetItem(input: BatchGetItemCommandInput, abortSignal: AbortSignal) {
  return await client.send(new BatchGetItemCommand(input), { abortSignal });
}

/** Calls DynamoDB. Rejects with a `ConditionalCheckFailedException` where the condition of an update does not hold. */
export async function updateItem(input: UpdateItemCommandInput, abortSignal: AbortSignal) {
  return await client.send(new UpdateItemCommand(input), { abortSignal });
}
