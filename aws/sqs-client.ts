import { SendMessageBatchCommand, type SendMessageBatchCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import { CLIENT_OPTIONS } from './client-options.ts';

const client = new SQSClient(CLIENT_OPTIONS);

/** Calls SQS. The SDK takes longer to load than everything else together: import this when there is something to send. */
export async function sendMessageBatch(input: SendMessageBatchCommandInput, abortSignal: AbortSignal) {
  return await client.send(new SendMessageBatchCommand(input), { abortSignal });
}
