import { type AnnouncedObject, type Announcement, announcementsIn, kindOfTrailObject } from '../aws/announcement.ts';
import { type Deadline, DeadlineError } from '../aws/deadline.ts';
import { errorInWords } from '../aws/deliver.ts';
import { sendFindings } from '../aws/findings-queue.ts';
import { type Received, receivedInBytes, receivedInText } from '../aws/payload.ts';
import { type QuarantinedRecord, sendToQuarantine } from '../aws/quarantine-queue.ts';
import type { Alert } from '../core/alert.ts';
import { FindingsByProblem } from '../core/findings.ts';
import type { Pipeline } from '../core/pipeline.ts';
import { type Delivery, quarantined } from '../core/record.ts';
import type { Origin } from '../core/source.ts';
import type { SourceId } from '../core/sources.ts';

export type FetchObject = (object: AnnouncedObject, deadline: Deadline) => Promise<Buffer>;

export interface DetectionOptions {
  readonly source: SourceId;
  readonly pipeline: Pipeline;
  /** The length of an alert's incident, in milliseconds. */
  readonly windowOf: (alert: Alert) => number;
  readonly findingsQueueUrl: string;
  readonly quarantineQueueUrl: string;
  readonly fetchObject: FetchObject | undefined;
  readonly deadline: Deadline;
}

/** The judging of one invocation's payloads, and the accounts of it. Rejects only for the world's faults. */
export class Detection {
  /** `findings = sent + repeated + muted`, unless sending failed. */
  readonly counts = { sent: 0, repeated: 0, muted: 0, findingsMessages: 0, quarantineMessages: 0 };
  /** What the world did, in words that hold nothing of an event. */
  readonly problems: string[] = [];
  readonly #options: DetectionOptions;

  constructor(options: DetectionOptions) {
    this.#options = options;
  }

  /** Judges one payload; sends its findings, and then what could not be judged. */
  async judge(received: Iterable<Received>): Promise<void> {
    const { pipeline, windowOf, findingsQueueUrl, quarantineQueueUrl, deadline } = this.#options;
    const findings = new FindingsByProblem();
    const bad: QuarantinedRecord[] = [];
    for (const { delivery, raw } of received) {
      const verdict = pipeline.receive(delivery);
      for (const { alert, muted } of verdict.outgoing) {
        if (muted) this.counts.muted++;
        else if (!findings.add(alert)) this.counts.repeated++;
      }
      const [first] = verdict.quarantined;
      if (!first) continue;
      const detail = verdict.quarantined.map((one) => one.detail).join('; ');
      bad.push({ reason: first.reason, detail, origin: first.origin, raw: raw() });
    }
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
      const received = await this.#announced(announcement, origin);
      await this.judge('kind' in received ? [{ delivery: received, raw: () => body }] : received);
    }
  }

  /** Does a part of a batch and says whether that was possible; what was not is delivered again. */
  async isDone(work: () => Promise<void>): Promise<boolean> {
    try {
      if (this.#options.deadline.remainingMs === 0) throw new DeadlineError();
      await work();
      return true;
    } catch (error) {
      this.problems.push(errorInWords(error));
      return false;
    }
  }

  async #announced(announcement: Announcement, origin: Origin): Promise<Delivery | Iterable<Received>> {
    const { source, fetchObject, deadline } = this.#options;
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
        return receivedInBytes(await fetchObject(object, deadline), { origin: place, source });
      }
    }
  }
}
