import { digestOf, type Findings } from '../core/findings.ts';
import type { Deadline } from './deadline.ts';
import { UndeliveredError } from './deliver.ts';
import { type FifoMessage, sendToQueue } from './sqs.ts';

/**
 * Sends findings to the queue between detection and publishing. Throws an {@link UndeliveredError} if some remain when
 * there is no more time; sending all of them again is safe, for SQS takes each once in five minutes and the incidents
 * know each by its id.
 */
export async function sendFindings(queueUrl: string, findings: readonly Findings[], deadline: Deadline): Promise<void> {
  const undelivered = await sendToQueue(queueUrl, findings.map(findingsMessage), deadline);
  if (undelivered.items.length > 0) throw new UndeliveredError('findings messages', undelivered, findings.length);
}

/**
 * Sends findings again that were taken out of the queue unpublished, as the message `id`. SQS may still know them by their
 * own deduplication id: it would answer that it has taken them, and drop them. A second try with the same message is a
 * repeat. Throws an {@link UndeliveredError} if there is no more time.
 */
export async function resendFindings(
  queueUrl: string,
  findings: Findings,
  id: string,
  deadline: Deadline,
): Promise<void> {
  const message = { ...findingsMessage(findings), MessageDeduplicationId: id };
  const undelivered = await sendToQueue(queueUrl, [message], deadline);
  if (undelivered.items.length > 0) throw new UndeliveredError('findings messages', undelivered, 1);
}

/** Findings as a message of at most 68 KiB. Problems are message groups, so that one problem's findings stay in order. */
export function findingsMessage(findings: Findings): FifoMessage {
  return {
    MessageBody: JSON.stringify(findings),
    MessageGroupId: findings.alert.dedupKey,
    MessageDeduplicationId: digestOf(findings.alertIds),
  };
}
