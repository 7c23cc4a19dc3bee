import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import * as z from '../core/zod.ts';

const ACCOUNT = '000000000000';
/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
const TOO_NEW_MS = 2 * 3_600_000;

const streamSchema = z.object({ logGroupName: z.string(), logStreamName: z.string() });
const eventsSchema = z.extend(streamSchema, {
  logEvents: z.array(z.object({ timestamp: z.number(), message: z.string() })).check(z.minLength(1)),
});

type LogEvent = z.infer<typeof eventsSchema>['logEvents'][number];

/** Log groups, their streams, and what waits there for the subscriber. */
type Groups = ReadonlyMap<string, Map<string, LogEvent[]>>;

/** What a function gets that is subscribed to a log group. */
export interface SubscriptionEvent {
  readonly awslogs: { readonly data: string };
}

/** CloudWatch Logs on loopback, in this process, as far as log events can be written and are delivered to a subscriber. */
export class LocalCloudWatchLogs {
  readonly address: string;
  readonly #server: Server;
  readonly #groups: Groups;

  private constructor(server: Server, address: string, groups: Groups) {
    this.#server = server;
    this.address = address;
    this.#groups = groups;
  }

  /** Starts with these log groups, which have no streams yet. */
  static async start(logGroups: readonly string[]): Promise<LocalCloudWatchLogs> {
    const groups = new Map(logGroups.map((name) => [name, new Map<string, LogEvent[]>()]));
    const server = createServer(async (request, response) => {
      const answer = answerTo(groups, request.headers['x-amz-target'], await bodyOf(request));
      const body = JSON.stringify('fault' in answer ? { __type: answer.fault, message: answer.fault } : answer.value);
      response.writeHead('fault' in answer ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    return new LocalCloudWatchLogs(server, `http://127.0.0.1:${address.port}`, groups);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Takes what waits in a log group, one payload for each stream. */
  deliver(logGroup: string): SubscriptionEvent[] {
    return [...(this.#groups.get(logGroup) ?? [])].flatMap(([logStream, events]) => {
      const waiting = events.splice(0);
      return waiting.length === 0 ? [] : [subscriptionEvent(logGroup, logStream, waiting)];
    });
  }
}

type Answer = { readonly value: object } | { readonly fault: string };

function answerTo(groups: Groups, target: unknown, body: unknown): Answer {
  if (target === 'Logs_20140328.CreateLogStream') {
    const { logGroupName, logStreamName } = streamSchema.parse(body);
    const group = groups.get(logGroupName);
    if (!group) return { fault: 'ResourceNotFoundException' };
    if (group.has(logStreamName)) return { fault: 'ResourceAlreadyExistsException' };
    group.set(logStreamName, []);
    return { value: {} };
  }
  if (target === 'Logs_20140328.PutLogEvents') {
    const { logGroupName, logStreamName, logEvents } = eventsSchema.parse(body);
    const stream = groups.get(logGroupName)?.get(logStreamName);
    if (!stream) return { fault: 'ResourceNotFoundException' };
    const tooNew = logEvents.findIndex(({ timestamp }) => timestamp > Date.now() + TOO_NEW_MS);
    stream.push(...(tooNew < 0 ? logEvents : logEvents.slice(0, tooNew)));
    return { value: tooNew < 0 ? {} : { rejectedLogEventsInfo: { tooNewLogEventStartIndex: tooNew } } };
  }
  return { fault: 'UnknownOperationException' };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function subscriptionEvent(logGroup: string, logStream: string, events: readonly LogEvent[]): SubscriptionEvent {
  const payload = {
    messageType: 'DATA_MESSAGE',
    owner: ACCOUNT,
    logGroup,
    logStream,
    subscriptionFilters: ['auditwire'],
    logEvents: events.map(({ timestamp, message }) => ({ id: randomUUID(), timestamp, message })),
  };
  return { awslogs: { data: gzipSync(JSON.stringify(payload)).toString('base64') } };
}
