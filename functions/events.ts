import { receivedInValue } from '../aws/payload.ts';
import type { SourceId } from '../core/sources.ts';
import * as z from '../core/zod.ts';
import type { Detection } from './detection.ts';

/** What SQS and Kinesis are told to deliver again. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

const subscriptionEvent = z.object({ awslogs: z.object({ data: z.string() }) });

const kinesisRecord = z.object({
  kinesis: z.object({ sequenceNumber: z.string(), data: z.string() }),
  eventSourceARN: z.optional(z.string()),
});
const kinesisEvent = z.object({ Records: z.array(kinesisRecord).check(z.minLength(1)) });

const sqsRecord = z.object({ eventSource: z.literal('aws:sqs'), messageId: z.string(), body: z.string() });
const sqsEvent = z.object({ Records: z.array(sqsRecord).check(z.minLength(1)) });

/**
 * Judges what Lambda delivers. Of a batch from Kinesis or SQS it reports what the world did not let it finish. Anything
 * else was delivered asynchronously and has no such answer: it rejects, so that Lambda delivers it again.
 */
export async function judgeEvent(
  event: unknown,
  detection: Detection,
  { source, region }: { readonly source: SourceId; readonly region: string },
): Promise<BatchResponse | undefined> {
  const { data: kinesis } = kinesisEvent.safeParse(event);
  if (kinesis) return await judgeKinesis(kinesis, detection, region);
  const { data: sqs } = sqsEvent.safeParse(event);
  if (sqs) return await judgeSqs(sqs, detection, region);
  const origin = { region };
  const { data: logs } = subscriptionEvent.safeParse(event);
  if (logs) await detection.judgeEncoded(logs.awslogs.data, origin);
  else await detection.judge(receivedInValue(event, { origin, source }));
  return undefined;
}

/** Records come in order, and Kinesis delivers everything from the first that failed again. */
async function judgeKinesis(
  { Records }: z.infer<typeof kinesisEvent>,
  detection: Detection,
  region: string,
): Promise<BatchResponse> {
  for (const { kinesis, eventSourceARN } of Records) {
    const origin = { region: eventSourceARN?.split(':')[3] || region };
    if (!(await detection.isDone(kinesis.sequenceNumber, () => detection.judgeEncoded(kinesis.data, origin))))
      return { batchItemFailures: [{ itemIdentifier: kinesis.sequenceNumber }] };
  }
  return { batchItemFailures: [] };
}

async function judgeSqs(
  { Records }: z.infer<typeof sqsEvent>,
  detection: Detection,
  region: string,
): Promise<BatchResponse> {
  const batchItemFailures: { itemIdentifier: string }[] = [];
  for (const { messageId, body } of Records) {
    if (!(await detection.isDone(messageId, () => detection.judgeMessage(body, { region }))))
      batchItemFailures.push({ itemIdentifier: messageId });
  }
  return { batchItemFailures };
}
