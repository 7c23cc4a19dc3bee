import type { Message } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { type LocalAws, sqsEvent } from '../../local/aws.ts';

const MAX_BATCH = 10;

/**
 * What Lambda does with a FIFO queue: gives a function up to ten messages, several of one group among them in their order,
 * and nothing more of a group before it knows what became of these. (The emulator gives out one message of a group at a
 * time.)
 */
export class FindingsFeed {
  readonly #aws: LocalAws;
  readonly #groups = new Map<string, Message[]>();
  readonly #busy = new Set<string>();

  constructor(aws: LocalAws) {
    this.#aws = aws;
  }

  /** The next batch; `undefined` where nothing can be given now. */
  async next(): Promise<SQSEvent | undefined> {
    for (const message of await this.#aws.drain(this.#aws.queueUrl('findings.fifo'))) {
      const group = groupOf(message);
      const waiting = this.#groups.get(group);
      if (waiting) waiting.push(message);
      else this.#groups.set(group, [message]);
    }
    const batch: Message[] = [];
    for (const [group, waiting] of this.#groups) {
      if (this.#busy.has(group)) continue;
      batch.push(...waiting.slice(0, MAX_BATCH - batch.length));
      if (batch.length === MAX_BATCH) break;
    }
    for (const message of batch) this.#busy.add(groupOf(message));
    return batch.length === 0 ? undefined : sqsEvent(batch);
  }

  /** Takes back what must be delivered again, and forgets the rest of the batch. */
  done({ Records }: SQSEvent, again: ReadonlySet<string>): void {
    for (const { messageId, attributes } of Records) {
      const group = attributes.MessageGroupId ?? '';
      this.#busy.delete(group);
      if (again.has(messageId)) continue;
      const rest = (this.#groups.get(group) ?? []).filter(({ MessageId }) => MessageId !== messageId);
      if (rest.length > 0) this.#groups.set(group, rest);
      else this.#groups.delete(group);
    }
  }

  /** Whether something waits or is on its way. */
  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }
}

function groupOf({ Attributes }: Message): string {
  return Attributes?.MessageGroupId ?? '';
}
