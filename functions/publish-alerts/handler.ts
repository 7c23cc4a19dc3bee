import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { publishAlerts } from '../../aws/alert-topic.ts';
import { Deadline } from '../../aws/deadline.ts';
import { MemoryIncidentStore } from '../../core/incidents/store.ts';
import { logInvocation } from '../log.ts';
import { readSettings, topicArn } from '../settings.ts';
import { Publication } from './publication.ts';

const settings = readSettings({ ALERT_TOPIC_ARN: topicArn });
const store = new MemoryIncidentStore();

/** Turns findings from their queue into incidents, and tells those that must be told. */
export async function handler(
  { Records }: SQSEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<SQSBatchResponse> {
  const startedAt = performance.now();
  const deadline = new Deadline(context.getRemainingTimeInMillis());
  const publication = new Publication(store, Date.now(), (alerts) =>
    publishAlerts(settings.ALERT_TOPIC_ARN, alerts, deadline),
  );
  const failed = await publication.publish(Records);
  const durationMs = Math.round(performance.now() - startedAt);
  logInvocation({ function: 'publish-alerts', ...publication.counts, problems: publication.problems, durationMs });
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
