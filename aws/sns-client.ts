import { PublishBatchCommand, type PublishBatchCommandInput, SNSClient } from '@aws-sdk/client-sns';
import { CLIENT_OPTIONS } from './client-options.ts';

const client = new SNSClient(CLIENT_OPTIONS);

/** Calls SNS. The SDK takes longer to load than everything else together: import this when there is something to send. */
export async function publishBatch(input: PublishBatchCommandInput, abortSignal: AbortSignal) {
  return await client.send(new PublishBatchCommand(input), { abortSignal });
}
