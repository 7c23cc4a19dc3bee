import { type Announcement, announcementsIn, kindOfTrailObject } from '../../aws/announcement.ts';
import type { Deadline } from '../../aws/deadline.ts';
import { decodeBase64Gzip } from '../../aws/decode.ts';
import { sendFindings } from '../../aws/findings-queue.ts';
import { receivedInObject } from '../../aws/object.ts';
import type { RecordInQuarantine } from '../../aws/quarantine-queue.ts';
import { fetchObject } from '../../aws/trail-objects.ts';
import { deliveriesOf } from '../../core/envelope.ts';
import { FindingsByProblem } from '../../core/findings.ts';
import type { Pipeline } from '../../core/pipeline.ts';
import { type Delivery, type Quarantined, quarantined } from '../../core/record.ts';
import type { Origin } from '../../core/source.ts';
import type { DetectionOptions } from '../detection.ts';

/** What judges, whatever it is that is judged again. */
export type Judging = Pick<DetectionOptions, 'pipeline' | 'windowOf' | 'findingsQueueUrl' | 'quarantineQueueUrl'>;

/**
 * Judges a record from quarantine from the same origin as when it came, so that what is found has the ids that it would
 * have had; sends what is found, and gives back why the record must stay in quarantine, if it must. It is not sent there
 * again: SQS would take it for a repeat of itself within five minutes, and who then deletes the first has lost both.
 */
export async function rejudge(
  record: RecordInQuarantine,
  { pipeline, windowOf, findingsQueueUrl }: Judging,
  deadline: Deadline,
): Promise<Quarantined | undefined> {
  const findings = new FindingsByProblem();
  let still = record.isCut ? quarantined('too-big', 'only its beginning could be kept', record.origin) : undefined;
  for await (const delivery of deliveriesIn(record, pipeline, deadline)) {
    const verdict = pipeline.receive(delivery);
    for (const { alert, muted } of verdict.outgoing) if (!muted) findings.add(alert);
    still ??= verdict.quarantined[0];
  }
  await sendFindings(findingsQueueUrl, findings.all(windowOf), deadline);
  return still;
}

async function* deliveriesIn(
  { raw, origin }: RecordInQuarantine,
  pipeline: Pipeline,
  deadline: Deadline,
): AsyncGenerator<Delivery> {
  const announcements = raw === '' ? objectIn(origin.file) : announcementsIn(raw);
  if (announcements) {
    for (const announcement of announcements) yield* announced(announcement, origin, pipeline, deadline);
    return;
  }
  // A payload that could not be decoded lies there as the base64 that it was.
  const decoded = decodeBase64Gzip(raw);
  yield* deliveriesOf('text' in decoded ? decoded.text : raw, origin, decodeBase64Gzip);
}

async function* announced(
  announcement: Announcement,
  origin: Origin,
  pipeline: Pipeline,
  deadline: Deadline,
): AsyncGenerator<Delivery> {
  if (announcement.kind === 'unreadable')
    yield quarantined('schema-mismatch', 'an S3 notification that names no event, bucket or key', origin);
  if (announcement.kind !== 'created') return;
  const { object } = announcement;
  const place = { ...origin, file: `s3://${object.bucket}/${object.key}` };
  const what = kindOfTrailObject(object.key);
  if (what) {
    yield { kind: 'control', what, origin: place };
    return;
  }
  const bytes = fetchObject(object, deadline);
  for await (const { delivery } of receivedInObject(bytes, { origin: place, source: 'cloudtrail' }, pipeline))
    yield delivery;
}

/** The object that an origin names: it keeps what is quarantined without a text of its own. */
function objectIn(file: string | undefined): Announcement[] | undefined {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(file ?? '') ?? [];
  return bucket === undefined || key === undefined ? undefined : [{ kind: 'created', object: { bucket, key } }];
}
