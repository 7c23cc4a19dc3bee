import {
  ChangeMessageVisibilityBatchCommand,
  type ChangeMessageVisibilityBatchCommandInput,
  DeleteMessageBatchCommand,
  type DeleteMessageBatchCommandInput,
  GetQueueUrlCommand,
  type GetQueueUrlCommandInput,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  type SendMessageBatchCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { CLIENT_OPTIONS } from './client-options.ts';

const client = new SQSClient(CLIENT_OPTIONS);

/** Calls SQS. The SDK takes longer to load than everything else together: import this when there is something to send. */
export async function sendMessageBatch(input: SendMessageBatchCommandInput, abortSignal: AbortSignal) {
  return await client.send(new SendMessageBatchCommand(input), { abortSignal });
}

/** The same for the commands of who reads a queue. */
export async function receiveMessage(input: ReceiveMessageCommandInput, abortSignal: AbortSignal) {
  return await client.send(new ReceiveMessageCommand(input), { abortSignal });
}

export async function getQueueUrl(input: GetQueueUrlCommandInput, abortSignal: AbortSignal) {
  return await client.send(new GetQueueUrlCommand(input), { abortSignal });
}

export async function deleteMessageBatch(input: DeleteMessageBatchCommandInput, abortSignal: AbortSignal) {
  return await client.send(new DeleteMessageBatchCommand(input), { abortSignal });
}

export async function changeMessageVisibilityBatch(
  input: ChangeMessageVisibilityBatchCommandInput,
  abortSignal: AbortSignal,
) {
  return await client.send(new ChangeMessageVisibilityBatchCommand(input), { abortSignal });
}
