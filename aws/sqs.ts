import { attributeBytesOf, type StringAttribute } from './attributes.ts';
import type { Deadline } from './deadline.ts';
import { deliver, MAX_BATCH_ENTRIES, type Undelivered } from './deliver.ts';

/**
 * What SQS takes in one message, and in one batch together: 1 MiB of bodies and attributes.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export const MAX_SQS_BYTES = 1024 * 1024;

/** A message for a FIFO queue: SQS takes what has the same `MessageDeduplicationId` once in five minutes. */
export interface FifoMessage {
  readonly MessageBody: string;
  readonly MessageGroupId: string;
  readonly MessageDeduplicationId: string;
  readonly MessageAttributes?: Record<string, StringAttribute>;
}

/** Sends messages to a FIFO queue in batches and gives back those that did not get there. */
export async function sendToQueue(
  queueUrl: string,
  messages: readonly FifoMessage[],
  deadline: Deadline,
): Promise<Undelivered<FifoMessage>> {
  return await deliver(messages, deadline, {
    limits: { entries: MAX_BATCH_ENTRIES, bytes: MAX_SQS_BYTES },
    bytesOf: sqsBytesOf,
    async send(batch, signal) {
      const { sendMessageBatch } = await import('./sqs-client.ts');
      const Entries = batch.map((message, place) => ({ Id: String(place), ...message }));
      return await sendMessageBatch({ QueueUrl: queueUrl, Entries }, signal);
    },
  });
}

/** What SQS counts of a message, as UTF-8: its body and its attributes. */
export function sqsBytesOf({ MessageBody, MessageAttributes = {} }: FifoMessage): number {
  return Buffer.byteLength(MessageBody) + attributeBytesOf(MessageAttributes);
}
