import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { UndeliveredError } from '../../aws/deliver.ts';
import { countsBy, lagsOf, logInvocation } from '../log.ts';
import { secondStage } from '../second-stage.ts';
import { incidentTable, readSettings, topicArn } from '../settings.ts';
import { Publication } from './publication.ts';

const settings = readSettings({ ALERT_TOPIC_ARN: topicArn, INCIDENT_TABLE: incidentTable });

/**
 * Turns findings from their queue into incidents, and tells those that must be told. Throws where it could do nothing with
 * any message, so that a deployment that is broken shows among the platform's errors.
 */
export async function handler(
  { Records }: SQSEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<SQSBatchResponse> {
  const startedAt = performance.now();
  const stage = secondStage(settings, context.getRemainingTimeInMillis());
  const publication = new Publication(stage);
  const failed = await publication.publish(Records);
  const problems = [...publication.problems];
  const durationMs = Math.round(performance.now() - startedAt);
  const news = publication.delivered.filter(({ incident }) => incident.state !== 'closed');
  logInvocation({
    function: 'publish-alerts',
    ...publication.counts,
    ...countsBy(
      'alerts',
      news.map(({ detector, severity }) => `${detector.id}:${severity}`),
    ),
    lagSeconds: lagsOf(news, stage.now),
    problems,
    durationMs,
  });
  if (failed.length === Records.length)
    throw new UndeliveredError('findings messages', { items: failed, why: problems }, Records.length);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
