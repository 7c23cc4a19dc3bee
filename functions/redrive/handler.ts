import type { Context } from 'aws-lambda';
import { createPipeline } from '../../core/pipeline.ts';
import { incidentWindowsOf } from '../../core/policy.ts';
import { auditwireDetectors } from '../../detectors/auditwire/index.ts';
import { cloudtrailDetectors } from '../../detectors/cloudtrail/index.ts';
import { detectorIds } from '../../detectors/ids.ts';
import { k8sAuditDetectors } from '../../detectors/k8s-audit/index.ts';
import { logInvocation } from '../log.ts';
import { readPolicy } from '../policy.ts';
import { fifoQueueUrl, policyFile, queueUrls, readSettings, region } from '../settings.ts';
import { type Left, Redrive } from './redrive.ts';
import { parseRequest } from './request.ts';

/** `received = redriven + stillQuarantined + failed + untouched`; all but the redriven are listed, up to a thousand. */
export interface RedriveAnswer extends Readonly<Redrive['counts']> {
  readonly problems: readonly string[];
  readonly left: readonly Left[];
}

const settings = readSettings({
  FINDINGS_QUEUE_URL: fifoQueueUrl,
  QUARANTINE_QUEUE_URL: fifoQueueUrl,
  DEAD_LETTER_QUEUE_URLS: queueUrls,
  AWS_REGION: region,
  POLICY_FILE: policyFile,
});
const policy = readPolicy(settings.POLICY_FILE, detectorIds);
const detectors = [...k8sAuditDetectors, ...cloudtrailDetectors, ...auditwireDetectors];

/**
 * Judges again, after a fix, what lies in quarantine and what was given up: invoked by hand. It answers for every message
 * that it received, and rejects only a request that it does not understand.
 */
export async function handler(
  event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<RedriveAnswer> {
  const startedAt = performance.now();
  const { queues, ...bounds } = parseRequest(event);
  const redrive = new Redrive({
    judging: {
      pipeline: createPipeline({ detectors, policy }),
      windowOf: incidentWindowsOf(policy, detectors),
      findingsQueueUrl: settings.FINDINGS_QUEUE_URL,
      quarantineQueueUrl: settings.QUARANTINE_QUEUE_URL,
    },
    region: settings.AWS_REGION,
    ...bounds,
    remainingMs: context.getRemainingTimeInMillis(),
  });
  // Quarantine first: what the dead letters add to it has just been judged.
  for (const url of queues ?? [settings.QUARANTINE_QUEUE_URL, ...settings.DEAD_LETTER_QUEUE_URLS])
    await redrive.queue(url);
  const { counts, left } = redrive;
  const problems = [...redrive.problems];
  const durationMs = Math.round(performance.now() - startedAt);
  logInvocation({ function: 'redrive', ...counts, problems, durationMs });
  return { ...counts, problems, left };
}
