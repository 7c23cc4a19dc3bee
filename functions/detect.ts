import type { Context } from 'aws-lambda';
import { Deadline } from '../aws/deadline.ts';
import { errorInWords } from '../aws/deliver.ts';
import type { RegisteredDetector } from '../core/detector.ts';
import { type LogSourceId, logSourceOf } from '../core/log-sources/log-source.ts';
import { Sightings } from '../core/log-sources/sightings.ts';
import { type Counts, createPipeline } from '../core/pipeline.ts';
import { incidentWindowsOf } from '../core/policy.ts';
import { detectorIds } from '../detectors/ids.ts';
import { Detection, type FetchObject } from './detection.ts';
import { type BatchResponse, judgeEvent } from './events.ts';
import { countsBy, logInvocation } from './log.ts';
import { readPolicy } from './policy.ts';
import { fifoQueueUrl, incidentTable, policyFile, readSettings, region } from './settings.ts';
import { recordSightings } from './sightings.ts';

export interface DetectOptions {
  /** The function's folder, by which its log lines and metrics are known. */
  readonly name: string;
  readonly source: LogSourceId;
  readonly detectors: readonly RegisteredDetector[];
  /** Fetches what S3 announces. A function without it quarantines announcements. */
  readonly fetchObject?: FetchObject;
}

/** The world let nothing of a batch be done. */
class BatchError extends Error {
  override name = 'BatchError';
  constructor(why: readonly string[]) {
    super(`nothing of the batch could be done: ${why.join('; ')}`);
  }
}

/**
 * A Lambda handler that judges everything it is given, and ends by itself before its time is over. Settings are read
 * here, at cold start. It throws where it could do nothing with any record of a batch, so that a deployment that is broken
 * shows among the platform's errors: the same comes again as if it had been reported.
 */
export function detectFunction({ name, source, detectors, fetchObject }: DetectOptions) {
  const settings = readSettings({
    FINDINGS_QUEUE_URL: fifoQueueUrl,
    QUARANTINE_QUEUE_URL: fifoQueueUrl,
    INCIDENT_TABLE: incidentTable,
    AWS_REGION: region,
    POLICY_FILE: policyFile,
  });
  const policy = readPolicy(settings.POLICY_FILE, detectorIds);
  const pipeline = createPipeline({ detectors, policy });
  const windowOf = incidentWindowsOf(policy, detectors);
  const sightings = new Sightings();

  return async (
    event: unknown,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<BatchResponse | undefined> => {
    const startedAt = performance.now();
    const now = Date.now();
    const before = { ...pipeline.counts };
    const deadline = new Deadline(context.getRemainingTimeInMillis());
    const detection = new Detection({
      source,
      pipeline,
      windowOf,
      findingsQueueUrl: settings.FINDINGS_QUEUE_URL,
      quarantineQueueUrl: settings.QUARANTINE_QUEUE_URL,
      fetchObject,
      deadline,
      onSeen({ origin, records, lastAt: newestAt }) {
        const logSource = origin && logSourceOf(source, origin);
        if (logSource) sightings.add({ logSource, seenAt: now, records, newestAt });
      },
    });
    let response: BatchResponse | undefined;
    try {
      response = await judgeEvent(event, detection, { source, region: settings.AWS_REGION });
      detection.problems.push(...(await recordSightings(settings.INCIDENT_TABLE, sightings, now, deadline)));
    } catch (error) {
      detection.problems.push(errorInWords(error));
      throw error;
    } finally {
      const durationMs = Math.round(performance.now() - startedAt);
      const { counts, problems } = detection;
      const quarantined = countsBy('quarantined', detection.reasons);
      logInvocation({
        function: name,
        ...since(before, pipeline.counts),
        ...counts,
        ...quarantined,
        problems,
        durationMs,
      });
    }
    if (response && response.batchItemFailures.length > 0 && detection.done === 0)
      throw new BatchError(detection.problems);
    return response;
  };
}

/** What counters that only grow have grown by. */
function since(before: Counts, now: Counts): Record<keyof Counts, number> {
  const grown = Object.entries(now).map(([name, count]) => [name, count - before[name as keyof Counts]]);
  return Object.fromEntries(grown);
}
