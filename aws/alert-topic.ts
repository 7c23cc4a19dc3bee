import type { Alert } from '../core/alert.ts';
import { attributeBytesOf, type StringAttribute } from './attributes.ts';
import type { Deadline } from './deadline.ts';
import { deliver, MAX_BATCH_ENTRIES, type Undelivered } from './deliver.ts';

/**
 * What SNS takes in one message, and in one batch together: 256 KiB of bodies and attributes.
 * https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
 */
export const MAX_SNS_BYTES = 256 * 1024;

/** An alert as it is published to a topic. */
export interface TopicMessage {
  readonly Subject?: string;
  readonly Message: string;
  readonly MessageStructure?: 'json';
  readonly MessageAttributes?: Record<string, StringAttribute>;
}

/** Publishes alerts as a topic's readers want them; gives back those that SNS did not take before the deadline, and why. */
export async function publishAlerts(
  topicArn: string,
  alerts: readonly Alert[],
  messageOf: (alert: Alert) => TopicMessage,
  deadline: Deadline,
): Promise<Undelivered<Alert>> {
  const entries = alerts.map((alert) => ({ alert, message: messageOf(alert) }));
  const { items, why } = await deliver(entries, deadline, {
    limits: { entries: MAX_BATCH_ENTRIES, bytes: MAX_SNS_BYTES },
    bytesOf: ({ message }) => snsBytesOf(message),
    async send(batch, signal) {
      const { publishBatch } = await import('./sns-client.ts');
      const PublishBatchRequestEntries = batch.map(({ message }, place) => ({ Id: String(place), ...message }));
      return await publishBatch({ TopicArn: topicArn, PublishBatchRequestEntries }, signal);
    },
  });
  return { items: items.map(({ alert }) => alert), why };
}

/** What SNS counts of a message, as UTF-8; the subject too, to be on the safe side. */
export function snsBytesOf({ Subject = '', Message, MessageAttributes = {} }: TopicMessage): number {
  return Buffer.byteLength(Subject) + Buffer.byteLength(Message) + attributeBytesOf(MessageAttributes);
}
