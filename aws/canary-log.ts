import type { Canary } from '../core/auditwire/schema.ts';
import type { Deadline } from './deadline.ts';

const STREAM = 'canary';

/** CloudWatch Logs answered with 200 and did not take the canary. */
class CanaryRefusedError extends Error {
  override name = 'CanaryRefusedError';
}

/** Writes a canary into its log group, whose one stream it makes if need be. Throws what AWS answers. */
export async function putCanary(logGroupName: string, canary: Canary, deadline: Deadline): Promise<void> {
  const { createLogStream, putLogEvents } = await import('./cloudwatch-logs-client.ts');
  const put = (signal: AbortSignal) =>
    putLogEvents(
      {
        logGroupName,
        logStreamName: STREAM,
        logEvents: [{ timestamp: canary.sentAt, message: JSON.stringify(canary) }],
      },
      signal,
    );
  const { rejectedLogEventsInfo } = await deadline.run(async (signal) => {
    try {
      return await put(signal);
    } catch (error) {
      if (!isNamed(error, 'ResourceNotFoundException')) throw error;
      await createLogStream({ logGroupName, logStreamName: STREAM }, signal).catch((refused) => {
        if (!isNamed(refused, 'ResourceAlreadyExistsException')) throw refused;
      });
      return await put(signal);
    }
  });
  if (rejectedLogEventsInfo) throw new CanaryRefusedError(Object.keys(rejectedLogEventsInfo).join(', '));
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
