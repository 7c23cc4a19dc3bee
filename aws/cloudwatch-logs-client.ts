import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  type CreateLogStreamCommandInput,
  PutLogEventsCommand,
  type PutLogEventsCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import { CLIENT_OPTIONS } from './client-options.ts';

const client = new CloudWatchLogsClient(CLIENT_OPTIONS);

/** Calls CloudWatch Logs. The SDK takes long to load: import this when there is something to write. */
export async function putLogEvents(input: PutLogEventsCommandInput, abortSignal: AbortSignal) {
  return await client.send(new PutLogEventsCommand(input), { abortSignal });
}

/** Calls CloudWatch Logs. Rejects with a `ResourceAlreadyExistsException` where there is such a stream. */
export async function createLogStream(input: CreateLogStreamCommandInput, abortSignal: AbortSignal) {
  return await client.send(new CreateLogStreamCommand(input), { abortSignal });
}
