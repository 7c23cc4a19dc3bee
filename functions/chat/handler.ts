import type { Context, SNSEvent } from 'aws-lambda';
import { publishAlerts } from '../../aws/alert-topic.ts';
import { chatMessageOf } from '../../aws/chat-message.ts';
import { Deadline } from '../../aws/deadline.ts';
import { errorInWords, UndeliveredError } from '../../aws/deliver.ts';
import { type Alert, alertSchema } from '../../core/alert.ts';
import { jsonIn } from '../../core/json.ts';
import { readLeniently } from '../../core/lenient.ts';
import { lagsOf, logInvocation } from '../log.ts';
import { readSettings, topicArn } from '../settings.ts';

const settings = readSettings({ CHAT_TOPIC_ARN: topicArn });

/** What came is no alert. What it is instead is not said: it may hold anything. */
class IllegibleAlertError extends Error {
  override name = 'IllegibleAlertError';
}

/**
 * Writes alerts as Amazon Q reads them, and publishes them to the topic that a chat channel listens to. Throws where one
 * is not taken, so that Lambda tries again and at last keeps the event; to publish twice shows it twice in its thread.
 */
export async function handler(
  { Records }: SNSEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<void> {
  const startedAt = performance.now();
  const problems: string[] = [];
  let alerts: readonly Alert[] = [];
  try {
    const deadline = new Deadline(context.getRemainingTimeInMillis());
    const read = Records.map(({ Sns }) => alertIn(Sns.Message));
    const undelivered = await publishAlerts(settings.CHAT_TOPIC_ARN, read, chatMessageOf, deadline);
    const left = new Set(undelivered.items);
    alerts = read.filter((alert) => !left.has(alert));
    if (left.size > 0) throw new UndeliveredError('alerts', undelivered, read.length);
  } catch (error) {
    problems.push(errorInWords(error));
    throw error;
  } finally {
    const durationMs = Math.round(performance.now() - startedAt);
    const news = alerts.filter(({ incident }) => incident.state !== 'closed');
    const lagSeconds = lagsOf(news, Date.now());
    logInvocation({
      function: 'chat',
      received: Records.length,
      shown: alerts.length,
      lagSeconds,
      problems,
      durationMs,
    });
  }
}

function alertIn(message: string): Alert {
  const alert = readLeniently(alertSchema, jsonIn(message));
  if (!alert) throw new IllegibleAlertError('a message that holds no alert');
  return alert;
}
