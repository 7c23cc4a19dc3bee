import type { Context } from 'aws-lambda';
import { Deadline } from '../aws/deadline.ts';
import { errorInWords } from '../aws/deliver.ts';
import type { RegisteredDetector } from '../core/detector.ts';
import { createPipeline } from '../core/pipeline.ts';
import { incidentWindowOf } from '../core/policy.ts';
import type { SourceId } from '../core/sources.ts';
import { Detection, type FetchObject } from './detection.ts';
import { type BatchResponse, judgeEvent } from './events.ts';
import { logInvocation } from './log.ts';
import { readPolicy } from './policy.ts';
import { fifoQueueUrl, policyFile, readSettings, region } from './settings.ts';

export interface DetectOptions {
  readonly source: SourceId;
  readonly detectors: readonly RegisteredDetector[];
  /** Fetches what S3 announces. A function without it quarantines announcements. */
  readonly fetchObject?: FetchObject;
}

/**
 * A Lambda handler that judges everything it is given, and ends by itself before its time is over. Settings are read
 * here, at cold start.
 */
export function detectFunction({ source, detectors, fetchObject }: DetectOptions) {
  const settings = readSettings({
    FINDINGS_QUEUE_URL: fifoQueueUrl,
    QUARANTINE_QUEUE_URL: fifoQueueUrl,
    AWS_REGION: region,
    POLICY_FILE: policyFile,
  });
  const policy = readPolicy(
    settings.POLICY_FILE,
    detectors.map(({ detector }) => detector.id),
  );
  const windows = new Map<string, number>(
    detectors.map(({ detector }) => [detector.id, incidentWindowOf(policy, detector)]),
  );

  return async (
    event: unknown,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<BatchResponse | undefined> => {
    const startedAt = performance.now();
    const pipeline = createPipeline({ detectors, policy });
    const detection = new Detection({
      source,
      pipeline,
      windowOf: ({ detector }) => windows.get(detector.id) ?? policy.incidentWindow,
      findingsQueueUrl: settings.FINDINGS_QUEUE_URL,
      quarantineQueueUrl: settings.QUARANTINE_QUEUE_URL,
      fetchObject,
      deadline: new Deadline(context.getRemainingTimeInMillis()),
    });
    try {
      return await judgeEvent(event, detection, { source, region: settings.AWS_REGION });
    } catch (error) {
      detection.problems.push(errorInWords(error));
      throw error;
    } finally {
      const durationMs = Math.round(performance.now() - startedAt);
      const { counts, problems } = detection;
      logInvocation({ function: source, ...pipeline.counts, ...counts, problems, durationMs });
    }
  };
}
