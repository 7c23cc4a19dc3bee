import { type Announcement, announcementsIn } from '../../aws/announcement.ts';
import type { Deadline } from '../../aws/deadline.ts';
import { decodeBase64Gzip } from '../../aws/decode.ts';
import { sendFindings } from '../../aws/findings-queue.ts';
import { receivedInObject } from '../../aws/object.ts';
import type { RecordInQuarantine } from '../../aws/quarantine-queue.ts';
import { fetchObject } from '../../aws/trail-objects.ts';
import type { Alert } from '../../core/alert.ts';
import type { RegisteredDetector } from '../../core/detector.ts';
import { deliveriesOf } from '../../core/envelope.ts';
import { FindingsByProblem } from '../../core/findings.ts';
import { createPipeline } from '../../core/pipeline.ts';
import type { Policy } from '../../core/policy.ts';
import { type Delivery, type Quarantined, quarantined } from '../../core/record.ts';
import type { Origin } from '../../core/source.ts';

export interface RejudgeOptions {
  readonly detectors: readonly RegisteredDetector[];
  readonly policy: Policy;
  /** The length of an alert's incident, in milliseconds. */
  readonly windowOf: (alert: Alert) => number;
  readonly findingsQueueUrl: string;
}

/** Sends what is now found in a record, and gives back why it must stay in quarantine, if it must. */
export type Rejudge = (record: RecordInQuarantine, deadline: Deadline) => Promise<Quarantined | undefined>;

/**
 * Judges records from quarantine by the same pipeline and from the same origin as when they came, so that what is found
 * has the ids that it would have had. What still cannot be judged is not sent to quarantine again: there SQS would take it
 * for a repeat of itself within five minutes, and who then deletes the first has lost both.
 */
export function createRejudge({ detectors, policy, windowOf, findingsQueueUrl }: RejudgeOptions): Rejudge {
  const pipeline = createPipeline({ detectors, policy });

  async function* deliveriesIn({ raw, origin }: RecordInQuarantine, deadline: Deadline): AsyncGenerator<Delivery> {
    const announcements = raw === '' ? objectIn(origin.file) : announcementsIn(raw);
    if (announcements) {
      for (const announcement of announcements) yield* announced(announcement, origin, deadline);
      return;
    }
    // A payload that could not be decoded lies there as the base64 that it was.
    const decoded = decodeBase64Gzip(raw);
    yield* deliveriesOf('text' in decoded ? decoded.text : raw, origin, decodeBase64Gzip);
  }

  async function* announced(announcement: Announcement, origin: Origin, deadline: Deadline): AsyncGenerator<Delivery> {
    if (announcement.kind === 'unreadable')
      yield quarantined('schema-mismatch', 'an S3 notification that names no event, bucket or key', origin);
    if (announcement.kind !== 'created') return;
    const { object } = announcement;
    const place = { ...origin, file: `s3://${object.bucket}/${object.key}` };
    const bytes = fetchObject(object, deadline);
    for await (const { delivery } of receivedInObject(bytes, { origin: place, source: 'cloudtrail' }, pipeline))
      yield delivery;
  }

  return async (record, deadline) => {
    const findings = new FindingsByProblem();
    let still: Quarantined | undefined;
    for await (const delivery of deliveriesIn(record, deadline)) {
      const verdict = pipeline.receive(delivery);
      for (const { alert, muted } of verdict.outgoing) if (!muted) findings.add(alert);
      still ??= verdict.quarantined[0];
    }
    await sendFindings(findingsQueueUrl, findings.all(windowOf), deadline);
    return still;
  };
}

/** The object that an origin names. What was broken of it is quarantined without its text, which the object keeps. */
function objectIn(file: string | undefined): Announcement[] | undefined {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(file ?? '') ?? [];
  return bucket === undefined || key === undefined ? undefined : [{ kind: 'created', object: { bucket, key } }];
}
