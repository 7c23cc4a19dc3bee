import type { AnnouncedObject } from '../../aws/announcement.ts';
import { Deadline, DeadlineError, MARGIN_MS } from '../../aws/deadline.ts';
import { decodeBase64Gzip } from '../../aws/decode.ts';
import { errorInWords } from '../../aws/deliver.ts';
import { resendFindings } from '../../aws/findings-queue.ts';
import {
  deleteMessages,
  giveBack,
  type Receipt,
  type ReceivedMessage,
  receiveMessages,
} from '../../aws/queue-reader.ts';
import { fetchObject } from '../../aws/trail-objects.ts';
import { deliveriesOfValue } from '../../core/envelope.ts';
import { cut, inert } from '../../core/inert.ts';
import { jsonIn } from '../../core/json.ts';
import type { LogSourceId } from '../../core/log-sources/log-source.ts';
import { Detection } from '../detection.ts';
import { judgeEvent } from '../events.ts';
import { type DeadLetter, deadLetterIn, failedInvocationIn, type Task } from './dead-letter.ts';
import { type Judging, rejudge } from './rejudge.ts';
import type { Request } from './request.ts';

export interface RedriveOptions extends Pick<Request, 'limit' | 'dryRun'> {
  readonly judging: Judging;
  /** Where events come from that do not say it. */
  readonly region: string;
  readonly remainingMs: number;
}

/** What became of a message: it is gone, or why it is still in its queue. */
export type Outcome =
  | { readonly outcome: 'redriven' }
  | { readonly outcome: 'stillQuarantined' | 'failed'; readonly why: string }
  | { readonly outcome: 'untouched' };

/** A message that is still in its queue, in names and numbers that hold nothing of an event. */
export type Left = Exclude<Outcome, { outcome: 'redriven' }> &
  Pick<DeadLetter, 'what' | 'reason' | 'origin'> & {
    readonly queue: string;
    readonly messageId: string;
    readonly ageSeconds: number;
    readonly bytes: number;
  };

/** More are counted and not listed, and texts are cut, so that an answer is never the 6 MB that Lambda takes at most. */
const MAX_LISTED = 1_000;
const MAX_LISTED_LENGTH = 1_300;
/** Redriving ends this long before the rest, so that what was redriven can be deleted; no deletion takes longer. */
const CLOSING_MS = 5_000;

/**
 * One run through queues: what can be done with a message is done, and only then is it deleted. To die between the two
 * does it twice, under the same alert ids; the other way round would lose it. A message that stays is hidden until the end
 * of the run, so that it comes up once and is in nobody's way, and then given back.
 */
export class Redrive {
  /** `received = redriven + stillQuarantined + failed + untouched`, where `redriven` are those that are gone. */
  readonly counts = { received: 0, redriven: 0, stillQuarantined: 0, failed: 0, untouched: 0 };
  readonly left: Left[] = [];
  /** What the world did, in words that hold nothing of an event. */
  readonly problems = new Set<string>();
  readonly #options: RedriveOptions;
  readonly #working: Deadline;
  readonly #closing: Deadline;

  constructor(options: RedriveOptions) {
    this.#options = options;
    this.#working = new Deadline(options.remainingMs - CLOSING_MS);
    this.#closing = new Deadline(options.remainingMs);
  }

  /** Goes through one queue until it is empty, the limit is reached or the time is over. Never rejects. */
  async queue(queueUrl: string): Promise<void> {
    // Without what they hold: all that stays in a queue may be more than there is memory.
    const kept = new Map<string, Receipt>();
    try {
      for (;;) {
        const messages = await this.#receive(queueUrl);
        if (messages.length === 0) break;
        const fresh = messages.filter(({ id }) => !kept.has(id));
        this.counts.received += fresh.length;
        for (const { id, receiptHandle } of messages) kept.set(id, { id, receiptHandle });
        for (const { id } of await this.#redriveAll(queueUrl, fresh)) kept.delete(id);
      }
    } catch (error) {
      this.problems.add(errorInWords(error));
    }
    await giveBack(queueUrl, [...kept.values()], this.#closing);
  }

  async #receive(queueUrl: string): Promise<ReceivedMessage[]> {
    const { limit = Number.POSITIVE_INFINITY } = this.#options;
    const atMost = limit - this.counts.received;
    if (atMost <= 0 || this.#working.remainingMs === 0) return [];
    return await receiveMessages(queueUrl, { atMost, hiddenForMs: this.#options.remainingMs }, this.#working);
  }

  /** Redrives messages one after the other, deletes those of which that was possible, and returns what is deleted. */
  async #redriveAll(queueUrl: string, messages: readonly ReceivedMessage[]): Promise<ReceivedMessage[]> {
    const tried: { message: ReceivedMessage; deadLetter: DeadLetter; outcome: Outcome }[] = [];
    for (const message of messages) {
      const deadLetter = deadLetterIn(message);
      tried.push({ message, deadLetter, outcome: await this.#redrive(message, deadLetter.task) });
    }
    const done = tried.flatMap(({ message, outcome }) => (outcome.outcome === 'redriven' ? [message] : []));
    const deadline = new Deadline(Math.min(this.#closing.remainingMs, CLOSING_MS) + MARGIN_MS);
    const { items, why } = await deleteMessages(queueUrl, done, deadline);
    const undeleted = new Set(items);
    for (const { message, deadLetter, outcome } of tried) {
      const isStuck = undeleted.has(message);
      const what: Outcome = isStuck ? { outcome: 'failed', why: `redriven, not deleted: ${why.join('; ')}` } : outcome;
      this.counts[what.outcome]++;
      if (what.outcome !== 'redriven') this.#list(queueUrl, message, deadLetter, what);
    }
    return done.filter((message) => !undeleted.has(message));
  }

  async #redrive(message: ReceivedMessage, task: Task): Promise<Outcome> {
    const isOver = this.#working.remainingMs === 0;
    if ((this.#options.dryRun || isOver) && task.kind !== 'none') return { outcome: 'untouched' };
    try {
      return await this.#perform(message, task);
    } catch (error) {
      return error instanceof DeadlineError ? { outcome: 'untouched' } : failed(errorInWords(error));
    }
  }

  async #perform(message: ReceivedMessage, task: Task): Promise<Outcome> {
    switch (task.kind) {
      case 'judge-record': {
        const still = await rejudge(task.record, this.#options.judging, this.#working);
        if (!still) return REDRIVEN;
        return { outcome: 'stillQuarantined', why: `${still.reason}: ${still.detail}` };
      }
      case 'send-findings':
        await resendFindings(this.#options.judging.findingsQueueUrl, task.findings, message.id, this.#working);
        return REDRIVEN;
      case 'detect':
        return await this.#detect(task.event);
      case 'read-failures':
        for (const object of task.objects) {
          const outcome = await this.#redriveFailure(message, object);
          if (outcome.outcome !== 'redriven') return outcome;
        }
        return REDRIVEN;
      case 'none':
        return failed(task.why);
    }
  }

  async #redriveFailure(message: ReceivedMessage, object: AnnouncedObject): Promise<Outcome> {
    const chunks: Buffer[] = [];
    for await (const chunk of fetchObject(object, this.#working)) chunks.push(chunk);
    const invocation = failedInvocationIn(jsonIn(Buffer.concat(chunks).toString('utf8')));
    if (!invocation) return failed('the object is no record of a failed invocation');
    return await this.#perform(message, invocation.task);
  }

  /**
   * Judges what a function was given; what cannot be judged goes into quarantine. That it comes late says nothing of the
   * health of its log source.
   */
  async #detect(event: unknown): Promise<Outcome> {
    const { judging, region } = this.#options;
    const source = sourceOf(event);
    const detection = new Detection({ ...judging, source, fetchObject, deadline: this.#working });
    const answer = await judgeEvent(event, detection, { source, region });
    return answer && answer.batchItemFailures.length > 0 ? failed(detection.problems.join('; ')) : REDRIVEN;
  }

  #list(
    queue: string,
    { id, sentAt, body }: ReceivedMessage,
    { what, reason, origin }: DeadLetter,
    outcome: Exclude<Outcome, { outcome: 'redriven' }>,
  ): void {
    if (this.left.length === MAX_LISTED) return;
    this.left.push({
      ...('why' in outcome ? { outcome: outcome.outcome, why: listed(outcome.why) } : outcome),
      what,
      reason: listed(reason),
      origin: listed(origin),
      queue,
      messageId: id,
      ageSeconds: Math.round((Date.now() - sentAt) / 1000),
      bytes: Buffer.byteLength(body),
    });
  }
}

const REDRIVEN: Outcome = { outcome: 'redriven' };

function listed(text: string): string {
  return cut(inert(text), MAX_LISTED_LENGTH);
}

function failed(why: string): Outcome {
  return { outcome: 'failed', why };
}

/**
 * Whose events a payload carries, by the first event in it; what the system says of itself comes with the audit log. A
 * payload without any is one for the function that reads everything.
 */
function sourceOf(event: unknown): LogSourceId {
  for (const delivery of deliveriesOfValue(event, {}, decodeBase64Gzip))
    if (delivery.kind === 'record') return delivery.source === 'auditwire' ? 'k8s-audit' : delivery.source;
  return 'cloudtrail';
}
