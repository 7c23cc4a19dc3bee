import { type AnnouncedObject, type Announcement, announcementsIn, kindOfTrailObject } from '../aws/announcement.ts';
import { type Deadline, DeadlineError } from '../aws/deadline.ts';
import { errorInWords } from '../aws/deliver.ts';
import { sendFindings } from '../aws/findings-queue.ts';
import { receivedInObject } from '../aws/object.ts';
import { type Opened, openBase64, type Received, receivedInText } from '../aws/payload.ts';
import { type QuarantinedRecord, sendToQuarantine } from '../aws/quarantine-queue.ts';
import type { Alert } from '../core/alert.ts';
import { FindingsByProblem } from '../core/findings.ts';
import type { Pipeline } from '../core/pipeline.ts';
import { type Delivery, quarantined } from '../core/record.ts';
import type { Origin } from '../core/source.ts';
import { type SourceId, sources } from '../core/sources.ts';

export type FetchObject = (object: AnnouncedObject, deadline: Deadline) => AsyncIterable<Buffer>;

/** What is held of one payload before it is sent, so that no payload fills the memory. */
const MAX_HELD = 500;
const MAX_HELD_TEXT = 8 * 1024 * 1024;
/** After so many records what is held is sent and the time looked at: with little CPU they take seconds. */
const MAX_UNSENT = 2_000;

export interface DetectionOptions {
  readonly source: SourceId;
  readonly pipeline: Pipeline;
  /** The length of an alert's incident, in milliseconds. */
  readonly windowOf: (alert: Alert) => number;
  readonly findingsQueueUrl: string;
  readonly quarantineQueueUrl: string;
  readonly fetchObject: FetchObject | undefined;
  readonly deadline: Deadline;
  /** Told of every payload, once it was judged and sent, what it showed of its log source. */
  readonly onSeen?: (seen: Seen) => void;
}

/** What a payload showed: where it came from and how many of its records were events of its source. */
export interface Seen extends Pick<Opened, 'origin' | 'lastAt'> {
  readonly records: number;
}

/** The judging of one invocation's payloads, and the accounts of it. Rejects only for the world's faults. */
export class Detection {
  /** `findings = sent + repeated + muted`, unless sending failed; all records but `parsed` were quiet by their bytes. */
  readonly counts = { parsed: 0, sent: 0, repeated: 0, muted: 0, findingsMessages: 0, quarantineMessages: 0 };
  /** Why records were quarantined, a word for each. */
  readonly reasons: string[] = [];
  /** What the world did, in words that hold nothing of an event. */
  readonly problems: string[] = [];
  /** How many parts of a batch were done. */
  done = 0;
  readonly #options: DetectionOptions;

  constructor(options: DetectionOptions) {
    this.#options = options;
  }

  /** Judges one payload in base64, without parsing what needs no parsing. */
  async judgeEncoded(base64: string, origin: Origin): Promise<void> {
    const { pipeline, source } = this.#options;
    const eventsBefore = eventsIn(pipeline.counts);
    const { received, ...opened } = openBase64(base64, { origin, source }, pipeline);
    await this.#judge(received, eventsBefore, opened);
  }

  /** Judges one payload; sends its findings, and then what could not be judged. */
  async judge(received: Iterable<Received> | AsyncIterable<Received>, origin?: Origin): Promise<void> {
    await this.#judge(received, eventsIn(this.#options.pipeline.counts), origin ? { origin } : {});
  }

  async #judge(
    received: Iterable<Received> | AsyncIterable<Received>,
    eventsBefore: number,
    seen: Omit<Opened, 'received'>,
  ): Promise<void> {
    const { pipeline, deadline, onSeen } = this.#options;
    let { origin, lastAt } = seen;
    let findings = new FindingsByProblem();
    let bad: QuarantinedRecord[] = [];
    let textHeld = 0;
    let unsent = 0;
    for await (const { delivery, raw } of received) {
      origin ??= delivery.origin;
      this.counts.parsed++;
      unsent++;
      if (delivery.kind === 'record') lastAt = latest(lastAt, timeOf(delivery));
      const verdict = pipeline.receive(delivery);
      for (const { alert, muted } of verdict.outgoing) {
        if (muted) this.counts.muted++;
        else if (!findings.add(alert)) this.counts.repeated++;
      }
      const [first] = verdict.quarantined;
      if (first) {
        const detail = verdict.quarantined.map((one) => one.detail).join('; ');
        const record = { reason: first.reason, detail, origin: first.origin, raw: raw() };
        bad.push(record);
        this.reasons.push(first.reason);
        textHeld += record.raw.length;
      }
      if (findings.size + bad.length < MAX_HELD && textHeld < MAX_HELD_TEXT && unsent < MAX_UNSENT) continue;
      if (deadline.remainingMs === 0) throw new DeadlineError();
      await this.#send(findings, bad);
      findings = new FindingsByProblem();
      bad = [];
      textHeld = 0;
      unsent = 0;
    }
    await this.#send(findings, bad);
    if (origin) onSeen?.({ origin, lastAt, records: eventsIn(pipeline.counts) - eventsBefore });
  }

  async #send(findings: FindingsByProblem, bad: readonly QuarantinedRecord[]): Promise<void> {
    const { windowOf, findingsQueueUrl, quarantineQueueUrl, deadline } = this.#options;
    const messages = findings.all(windowOf);
    await sendFindings(findingsQueueUrl, messages, deadline);
    this.counts.findingsMessages += messages.length;
    this.counts.sent += messages.reduce((sum, { alert }) => sum + alert.incident.count, 0);
    await sendToQuarantine(quarantineQueueUrl, bad, deadline);
    this.counts.quarantineMessages += bad.length;
  }

  /** Judges the objects that an SQS message announces, each as a payload of its own, or else what the message holds. */
  async judgeMessage(body: string, origin: Origin): Promise<void> {
    const announcements = announcementsIn(body);
    if (!announcements) return await this.judge(receivedInText(body, { origin, source: this.#options.source }));
    for (const announcement of announcements) {
      const received = this.#announced(announcement, origin);
      if ('kind' in received) await this.judge([{ delivery: received, raw: () => body }]);
      else await this.judge(received.records, received.origin);
    }
  }

  /** Does a part of a batch, which has an id, and says whether that was possible; what was not is delivered again. */
  async isDone(id: string, work: () => Promise<void>): Promise<boolean> {
    try {
      if (this.#options.deadline.remainingMs === 0) throw new DeadlineError();
      await work();
      this.done++;
      return true;
    } catch (error) {
      this.problems.push(`${id}: ${errorInWords(error)}`);
      return false;
    }
  }

  #announced(
    announcement: Announcement,
    origin: Origin,
  ): Delivery | { readonly records: AsyncIterable<Received>; readonly origin: Origin } {
    const { source, pipeline, fetchObject, deadline } = this.#options;
    switch (announcement.kind) {
      case 'other':
        return { kind: 'control', what: 's3-notification', origin };
      case 'unreadable':
        return quarantined('schema-mismatch', 'an S3 notification that names no event, bucket or key', origin);
      case 'created': {
        const { object } = announcement;
        const place = { ...origin, file: `s3://${object.bucket}/${object.key}` };
        const what = kindOfTrailObject(object.key);
        if (what) return { kind: 'control', what, origin: place };
        if (!fetchObject) return quarantined('unrecognised', 'an S3 object, which this function does not read', place);
        return {
          records: receivedInObject(fetchObject(object, deadline), { origin: place, source }, pipeline),
          origin: place,
        };
      }
    }
  }
}

/** When a record was logged; where the transport does not say that, when it happened. */
function timeOf({ source, value, origin }: Delivery & { readonly kind: 'record' }): number | undefined {
  return origin.receivedAt ?? sources[source].timeOf?.(value);
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

/** Events of the source itself: neither other log streams nor what was unreadable. */
function eventsIn({ quiet, found }: Pipeline['counts']): number {
  return quiet + found;
}
