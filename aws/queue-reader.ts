import type { Deadline } from './deadline.ts';
import { deliver, MAX_BATCH_ENTRIES, type Undelivered } from './deliver.ts';

/** A message that nobody else receives until it is deleted, given back, or the time is over for which it is hidden. */
export interface ReceivedMessage {
  readonly id: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** The attributes that its sender gave it, as text. */
  readonly attributes: Readonly<Record<string, string>>;
  /** When it came into the queue that it was sent to, in milliseconds since 1970. */
  readonly sentAt: number;
}

/** What SQS asks of who deletes a message or gives it back, and what tells it from others. */
export type Receipt = Pick<ReceivedMessage, 'id' | 'receiptHandle'>;

/** The URL of a queue in the account whose credentials are used. Throws what AWS answers. */
export async function queueUrlOf(name: string, deadline: Deadline): Promise<string> {
  const { getQueueUrl } = await import('./sqs-client.ts');
  const { QueueUrl = '' } = await deadline.run((signal) => getQueueUrl({ QueueName: name }, signal));
  return QueueUrl;
}

/**
 * Receives at most ten messages and hides them for `hiddenForMs`, twelve hours at most. An answer without any is the end
 * of the queue: waiting a second makes SQS ask all its servers, where otherwise it asks some.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
 */
export async function receiveMessages(
  queueUrl: string,
  { atMost, hiddenForMs }: { readonly atMost: number; readonly hiddenForMs: number },
  deadline: Deadline,
): Promise<ReceivedMessage[]> {
  const { receiveMessage } = await import('./sqs-client.ts');
  const input = {
    QueueUrl: queueUrl,
    MaxNumberOfMessages: Math.min(atMost, MAX_BATCH_ENTRIES),
    VisibilityTimeout: Math.ceil(hiddenForMs / 1000),
    WaitTimeSeconds: 1,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['SentTimestamp' as const],
  };
  const { Messages = [] } = await deadline.run((signal) => receiveMessage(input, signal));
  return Messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', Attributes, MessageAttributes = {} }) => ({
    id: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue]),
    ),
    sentAt: Number(Attributes?.SentTimestamp),
  }));
}

/** Deletes messages for good and gives back those that may come again. */
export async function deleteMessages(
  queueUrl: string,
  messages: readonly Receipt[],
  deadline: Deadline,
): Promise<Undelivered<Receipt>> {
  const { deleteMessageBatch } = await import('./sqs-client.ts');
  return await inBatches(messages, deadline, (entries, signal) =>
    deleteMessageBatch({ QueueUrl: queueUrl, Entries: entries }, signal),
  );
}

/** Lets others receive messages at once; those that could not be given back come when their time is over. */
export async function giveBack(queueUrl: string, messages: readonly Receipt[], deadline: Deadline): Promise<void> {
  const { changeMessageVisibilityBatch } = await import('./sqs-client.ts');
  await inBatches(messages, deadline, (entries, signal) => {
    const Entries = entries.map((entry) => ({ ...entry, VisibilityTimeout: 0 }));
    return changeMessageVisibilityBatch({ QueueUrl: queueUrl, Entries }, signal);
  });
}

type Entry = { readonly Id: string; readonly ReceiptHandle: string };

async function inBatches(
  messages: readonly Receipt[],
  deadline: Deadline,
  send: (entries: Entry[], signal: AbortSignal) => ReturnType<Parameters<typeof deliver>[2]['send']>,
): Promise<Undelivered<Receipt>> {
  return await deliver(messages, deadline, {
    limits: { entries: MAX_BATCH_ENTRIES, bytes: Number.POSITIVE_INFINITY },
    bytesOf: () => 0,
    send: (batch, signal) =>
      send(
        batch.map(({ receiptHandle }, place) => ({ Id: String(place), ReceiptHandle: receiptHandle })),
        signal,
      ),
  });
}
