import type { Context } from 'aws-lambda';
import { Deadline } from '../../aws/deadline.ts';
import { LogSourceTable } from '../../aws/log-source-table.ts';
import { createPipeline } from '../../core/pipeline.ts';
import { incidentWindowsOf } from '../../core/policy.ts';
import { auditwireDetectors } from '../../detectors/auditwire/index.ts';
import { detectorIds } from '../../detectors/ids.ts';
import { logInvocation } from '../log.ts';
import { readPolicy } from '../policy.ts';
import { secondStage } from '../second-stage.ts';
import { fifoQueueUrl, incidentTable, policyFile, readSettings, topicArn } from '../settings.ts';
import { Closing } from './closing.ts';
import { LogSources } from './log-sources.ts';

const settings = readSettings({
  FINDINGS_QUEUE_URL: fifoQueueUrl,
  QUARANTINE_QUEUE_URL: fifoQueueUrl,
  ALERT_TOPIC_ARN: topicArn,
  INCIDENT_TABLE: incidentTable,
  POLICY_FILE: policyFile,
});
const policy = readPolicy(settings.POLICY_FILE, detectorIds);
const pipeline = createPipeline({ detectors: auditwireDetectors, policy });
const windowOf = incidentWindowsOf(policy, auditwireDetectors);

/** What a run left undone. The next one does it; until then the platform's error metric shows it. */
class WatchError extends Error {
  override name = 'WatchError';
}

/**
 * Runs on a schedule: ends the incidents whose window has ended and tells their roll-ups, and looks whether every log source
 * still comes. That comes first, for it is soon done.
 */
export async function handler(_: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> {
  const startedAt = performance.now();
  const remainingMs = context.getRemainingTimeInMillis();
  const closing = new Closing(secondStage(settings, remainingMs));
  const deadline = new Deadline(remainingMs);
  const logSources = new LogSources({
    store: new LogSourceTable(settings.INCIDENT_TABLE, deadline),
    expected: policy.logSources,
    now: Date.now(),
    pipeline,
    windowOf,
    findingsQueueUrl: settings.FINDINGS_QUEUE_URL,
    quarantineQueueUrl: settings.QUARANTINE_QUEUE_URL,
    deadline,
  });
  await logSources.report();
  await closing.closeAll();
  const problems = [...new Set([...closing.problems, ...logSources.problems])];
  const durationMs = Math.round(performance.now() - startedAt);
  logInvocation({ function: 'watch', ...closing.counts, ...logSources.counts, problems, durationMs });
  if (problems.length > 0) throw new WatchError(problems.join('; '));
}
