import { type AnnouncedObject, announcementsIn } from '../../aws/announcement.ts';
import { quarantinedRecordIn, type RecordInQuarantine } from '../../aws/quarantine-queue.ts';
import type { ReceivedMessage } from '../../aws/queue-reader.ts';
import { type Findings, findingsSchema } from '../../core/findings.ts';
import { jsonIn } from '../../core/json.ts';
import { readLeniently } from '../../core/lenient.ts';
import * as z from '../../core/zod.ts';

/** What must be done with a message so that it can be deleted. */
export type Task =
  | { readonly kind: 'judge-record'; readonly record: RecordInQuarantine }
  | { readonly kind: 'send-findings'; readonly findings: Findings }
  /** `event` is what Lambda gave, or would have given, to one of the functions that detect. */
  | { readonly kind: 'detect'; readonly event: unknown }
  /** The records that Lambda keeps of failed invocations where S3 is their on-failure destination. */
  | { readonly kind: 'read-failures'; readonly objects: readonly AnnouncedObject[] }
  | { readonly kind: 'none'; readonly why: string };

/** What a message is, in names and words that hold nothing of an event, and what must be done with it. */
export interface DeadLetter {
  readonly what: 'quarantined record' | 'findings' | 'failed invocation' | 'S3 notification' | 'event' | 'other';
  /** Why it lies where it lies, as far as it says so itself. */
  readonly reason: string;
  /** Where it came from, as far as it says so itself. */
  readonly origin: string;
  readonly task: Task;
}

const invocationRecord = z.object({
  requestContext: z.object({ functionArn: z.string(), condition: z.string() }),
  requestPayload: z.optional(z.unknown()),
  payload: z.optional(z.string()),
  KinesisBatchInfo: z.optional(z.unknown()),
});

const subscriptionEvent = z.object({ awslogs: z.object({ data: z.string() }) });
const eventBridgeEvent = z.object({ 'detail-type': z.string(), detail: z.record(z.string(), z.unknown()) });
const lambdaEvent = z.union([subscriptionEvent, eventBridgeEvent]);

/** What S3 sends to a queue when it is told to notify it. */
const testEvent = z.object({ Event: z.literal('s3:TestEvent') });

/** What EventBridge is told of a new object, and keeps if it cannot pass it on. */
const objectCreated = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.literal('Object Created'),
  detail: z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string() }) }),
});

const snsNotification = z.object({ Type: z.literal('Notification'), TopicArn: z.string() });

/** The prefix is Lambda's own, for asynchronous invocations and for event source mappings. */
const FAILURES = 'aws/lambda/';

/**
 * Recognises what lies in a queue of Auditwire's, whichever queue it is: a record in quarantine, findings, a failed
 * invocation, an S3 notification, or an event that EventBridge could not deliver.
 */
export function deadLetterIn(message: Pick<ReceivedMessage, 'id' | 'body' | 'attributes'>): DeadLetter {
  const record = quarantinedRecordIn(message);
  if (record) {
    const { reason, detail, origin } = record;
    const task = { kind: 'judge-record', record } as const;
    return { what: 'quarantined record', reason: `${reason}: ${detail}`, origin: JSON.stringify(origin), task };
  }
  const value = jsonIn(message.body);
  return (
    failedInvocationIn(value) ??
    findingsIn(value) ??
    notificationIn(value, message) ??
    eventIn(value, message) ?? {
      what: 'other',
      reason: '-',
      origin: '-',
      task: { kind: 'none', why: foreign(value) },
    }
  );
}

/**
 * A failed invocation, of which the record says what it was given. `undefined` of anything else.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function failedInvocationIn(value: unknown): DeadLetter | undefined {
  const { data } = invocationRecord.safeParse(value);
  if (!data) return undefined;
  const { requestContext, requestPayload, payload, KinesisBatchInfo } = data;
  const event = requestPayload ?? (payload === undefined ? undefined : jsonIn(payload));
  const task: Task =
    typeof event === 'object' && event !== null
      ? { kind: 'detect', event }
      : {
          kind: 'none',
          why: KinesisBatchInfo
            ? 'only its place in the stream is kept: whole batches need S3 as on-failure destination'
            : 'what the function was given is not kept: it was too big for this destination',
        };
  return { what: 'failed invocation', reason: requestContext.condition, origin: requestContext.functionArn, task };
}

function findingsIn(value: unknown): DeadLetter | undefined {
  const findings = readLeniently(findingsSchema, value);
  if (!findings) return undefined;
  const task = { kind: 'send-findings', findings } as const;
  return { what: 'findings', reason: 'not published', origin: findings.alert.detector.id, task };
}

function notificationIn(value: unknown, message: Pick<ReceivedMessage, 'id' | 'body'>): DeadLetter | undefined {
  const body = notificationOf(value) ?? message.body;
  const announcements = announcementsIn(body) ?? (testEvent.safeParse(value).success ? [] : undefined);
  if (!announcements) return undefined;
  const objects = announcements.flatMap((one) => (one.kind === 'created' ? [one.object] : []));
  const origin = objects.map(({ bucket, key }) => `s3://${bucket}/${key}`).join(' ') || '-';
  if (objects.length > 0 && objects.every(({ key }) => key.startsWith(FAILURES)))
    return { what: 'failed invocation', reason: 'kept in S3', origin, task: { kind: 'read-failures', objects } };
  const event = { Records: [{ eventSource: 'aws:sqs', messageId: message.id, body }] };
  return { what: 'S3 notification', reason: 'not read', origin, task: { kind: 'detect', event } };
}

/** A new object of which EventBridge tells, in the words of S3's own notifications, which encode keys. */
function notificationOf(value: unknown): string | undefined {
  const { data } = objectCreated.safeParse(value);
  if (!data) return undefined;
  const { bucket, object } = data.detail;
  const s3 = { bucket: { name: bucket.name }, object: { key: encodeURIComponent(object.key) } };
  return JSON.stringify({ Records: [{ eventName: 'ObjectCreated:EventBridge', s3 }] });
}

function eventIn(value: unknown, { attributes }: Pick<ReceivedMessage, 'attributes'>): DeadLetter | undefined {
  if (!lambdaEvent.safeParse(value).success) return undefined;
  const { ERROR_CODE: reason = 'not delivered', RULE_ARN: origin = '-' } = attributes;
  return { what: 'event', reason, origin, task: { kind: 'detect', event: value } };
}

function foreign(value: unknown): string {
  const { data: notification } = snsNotification.safeParse(value);
  return notification
    ? 'what SNS could not deliver is for its subscriber to take: to publish it again would tell all others twice'
    : 'nothing that Auditwire or AWS puts into its queues';
}
