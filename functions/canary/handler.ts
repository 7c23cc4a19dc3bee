import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { putCanary } from '../../aws/canary-log.ts';
import { readWaiting, writeWaiting } from '../../aws/canary-table.ts';
import { Deadline } from '../../aws/deadline.ts';
import { errorInWords } from '../../aws/deliver.ts';
import { deleteMessages, type ReceivedMessage, receiveMessages } from '../../aws/queue-reader.ts';
import { canaryIdIn, LOST_AFTER_MS, settle } from '../../core/auditwire/canary.ts';
import { logInvocation } from '../log.ts';
import { incidentTable, logGroup, queueUrl, readSettings } from '../settings.ts';

const settings = readSettings({
  CANARY_LOG_GROUP: logGroup,
  CANARY_QUEUE_URL: queueUrl,
  INCIDENT_TABLE: incidentTable,
});

/** Longer than a run takes: what it does not get to delete comes again. */
const HIDDEN_FOR_MS = 120_000;
/** Of a hundred, most are somebody else's, and those behind them come the next time. */
const MAX_RECEIVED = 100;

/** A canary did not come out: the path from the logs to the alerts is cut, or slower than a pager can wait for. */
class CanaryLostError extends Error {
  override name = 'CanaryLostError';
}

/**
 * Runs on a schedule: looks whether the canaries sent before came out as alerts, and sends the next one in. Throws where
 * one is lost, so that the platform's error metric shows it. Nothing is forgotten before all of it is done: a run that
 * fails is made up for by the next.
 */
export async function handler(_: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> {
  const startedAt = performance.now();
  const deadline = new Deadline(context.getRemainingTimeInMillis());
  const counts = { sent: 0, arrived: 0, lost: 0, waiting: 0, slowestMs: 0 };
  const problems: string[] = [];
  try {
    const messages = await received(deadline);
    const arrivals = messages.flatMap(({ body, sentAt }) => {
      const id = canaryIdIn(body);
      return id === undefined ? [] : [{ id, arrivedAt: sentAt }];
    });
    const now = Date.now();
    const { waiting, ...settled } = settle(await readWaiting(settings.INCIDENT_TABLE, deadline), arrivals, now);
    Object.assign(counts, settled);
    const canary = { kind: 'Canary', id: randomUUID(), sentAt: now } as const;
    await putCanary(settings.CANARY_LOG_GROUP, canary, deadline);
    counts.sent = 1;
    const { id, sentAt } = canary;
    await writeWaiting(settings.INCIDENT_TABLE, [...waiting, { id, sentAt }], now, deadline);
    counts.waiting = waiting.length + 1;
    await deleteMessages(settings.CANARY_QUEUE_URL, messages, deadline);
    if (counts.lost > 0)
      throw new CanaryLostError(`${counts.lost} did not come out within ${LOST_AFTER_MS / 60_000} minutes`);
  } catch (error) {
    problems.push(error instanceof CanaryLostError ? `${error.name}: ${error.message}` : errorInWords(error));
    throw error;
  } finally {
    const durationMs = Math.round(performance.now() - startedAt);
    logInvocation({ function: 'canary', ...counts, problems, durationMs });
  }
}

/** Everything that waits in the canary's queue. */
async function received(deadline: Deadline): Promise<ReceivedMessage[]> {
  const all: ReceivedMessage[] = [];
  while (all.length < MAX_RECEIVED) {
    const some = await receiveMessages(
      settings.CANARY_QUEUE_URL,
      { atMost: MAX_RECEIVED - all.length, hiddenForMs: HIDDEN_FOR_MS },
      deadline,
    );
    if (some.length === 0) break;
    all.push(...some);
  }
  return all;
}
