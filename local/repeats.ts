import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { findingsSchema } from '../core/findings.ts';
import * as z from '../core/zod.ts';

/** Where the server tells of every request that it answers, whoever asks in this process. */
const REQUESTS = 'tracing:fastify.request.handler:start';

const sent = z.object({
  request: z.object({
    body: z.object({
      QueueUrl: z.string(),
      Entries: z.array(z.object({ MessageDeduplicationId: z.string(), MessageBody: z.string() })),
    }),
  }),
});

/**
 * Looks at findings on their way to the queue, and counts those in messages whose deduplication id came before: SQS takes
 * a message once in five minutes. No function's own numbers go into this.
 */
export class Repeats {
  readonly #queueUrl: string;
  readonly #known = new Set<string>();
  #findings = 0;

  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl;
    subscribe(REQUESTS, this.#look);
  }

  stop(): void {
    unsubscribe(REQUESTS, this.#look);
  }

  /** How many findings were repeats since this was asked last. */
  take(): number {
    const findings = this.#findings;
    this.#findings = 0;
    return findings;
  }

  readonly #look = (message: unknown): void => {
    const { data } = sent.safeParse(message);
    if (data?.request.body.QueueUrl !== this.#queueUrl) return;
    for (const { MessageDeduplicationId, MessageBody } of data.request.body.Entries) {
      if (this.#known.has(MessageDeduplicationId))
        this.#findings += findingsSchema.parse(JSON.parse(MessageBody)).alert.incident.count;
      this.#known.add(MessageDeduplicationId);
    }
  };
}
