import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { announcementsIn } from '../../aws/announcement.ts';
import { findingsMessage } from '../../aws/findings-queue.ts';
import { type QuarantinedRecord, quarantineMessage } from '../../aws/quarantine-queue.ts';
import { FindingsByProblem } from '../../core/findings.ts';
import type { RedriveAnswer } from '../../functions/redrive/handler.ts';
import type { Request } from '../../functions/redrive/request.ts';
import { alertOf, auditRecord } from '../support/build.ts';
import { Bundles, invoke } from '../support/lambda.ts';
import { Deployment, payload, payloadFile } from '../support/lambda-deployment.ts';

let bundles: Bundles;
let deployment: Deployment;

beforeAll(async () => {
  bundles = await Bundles.build();
}, 60_000);
afterAll(() => bundles.remove());
beforeEach(async () => {
  deployment = await Deployment.of(bundles);
  await deployment.aws.createQueue('dead-letters');
  await deployment.aws.createQueue('findings-dead-letters.fifo');
});
afterEach(() => deployment.stop());

const url = (name: string) => deployment.aws.queueUrl(name);
const quarantine = () => url('quarantine.fifo');
const deadLetters = () => url('dead-letters');

const settings = () => ({
  ...deployment.aws.environment,
  FINDINGS_QUEUE_URL: url('findings.fifo'),
  QUARANTINE_QUEUE_URL: quarantine(),
  INCIDENT_TABLE: deployment.aws.stateTable,
  DEAD_LETTER_QUEUE_URLS: `${deadLetters()},${url('findings-dead-letters.fifo')}`,
});

async function redrive(
  asked: Request = {},
  environment: Readonly<Record<string, string>> = settings(),
): Promise<RedriveAnswer & { log: string }> {
  const { answer, error, log } = await invoke(bundles.start('redrive', environment), asked);
  if (error) throw error;
  return { ...(answer as RedriveAnswer), log };
}

/** An attack: somebody reads the secrets of a namespace. */
function secretsRead(auditID: string, fields: object = {}): string {
  return JSON.stringify(
    auditRecord({
      auditID,
      verb: 'list',
      requestURI: '/api/v1/namespaces/shop/secrets',
      objectRef: { resource: 'secrets', namespace: 'shop', apiVersion: 'v1' },
      level: 'Metadata',
      ...fields,
    }),
  );
}

const ENVELOPE = {
  messageType: 'DATA_MESSAGE',
  owner: '111122223333',
  logGroup: '/aws/eks/prod-blue/cluster',
  logStream: 'kube-apiserver-audit-1',
  subscriptionFilters: ['auditwire'],
};

const RECEIVED_AT = 1_772_359_200_000;

function base64Of(...messages: readonly string[]): string {
  const logEvents = messages.map((message, place) => ({ id: String(place), timestamp: RECEIVED_AT, message }));
  return gzipSync(JSON.stringify({ ...ENVELOPE, logEvents })).toString('base64');
}

const subscriptionOf = (...messages: readonly string[]) => ({ awslogs: { data: base64Of(...messages) } });

/** What of a log event in {@link ENVELOPE} the detecting function knows besides its text. */
const ORIGIN = {
  region: 'eu-west-1',
  logGroup: ENVELOPE.logGroup,
  logStream: ENVELOPE.logStream,
  account: ENVELOPE.owner,
  cluster: 'prod-blue',
  receivedAt: RECEIVED_AT,
};

/** Puts a record into quarantine as an earlier version did, which could not judge it. */
async function putInQuarantine(raw: string, fields: Partial<QuarantinedRecord> = {}, position = 0): Promise<void> {
  const reason = 'detector-crashed';
  const record = { reason, detail: 'k8s-audit/pod-exec: TypeError', origin: ORIGIN, raw, ...fields } as const;
  await deployment.aws.sqs.send(
    new SendMessageCommand({ QueueUrl: quarantine(), ...quarantineMessage(record, position) }),
  );
}

async function putInDeadLetters(body: unknown): Promise<void> {
  const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
  await deployment.aws.sqs.send(new SendMessageCommand({ QueueUrl: deadLetters(), MessageBody }));
}

const sizeOf = async (queueUrl: string) => (await deployment.aws.drain(queueUrl)).length;

/** The ids of what the SOC's queue received since the last time, in the order of the problems' names. */
const toldEvents = async () => (await deployment.received()).map(({ alert }) => alert.event.id).sort();

const failedInvocation = (fields: object) => ({
  version: '1.0',
  timestamp: '2026-03-01T10:05:00.000Z',
  requestContext: {
    requestId: 'e4b46cbf-b738-4a2e-8880-a18cdf61200e',
    functionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:auditwire-eks-audit:$LATEST',
    condition: 'RetriesExhausted',
    approximateInvokeCount: 3,
  },
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  ...fields,
});

const KINESIS_BATCH = {
  shardId: 'shardId-000000000001',
  startSequenceNumber: '49601189658422359378836298521827638475320189012309704722',
  endSequenceNumber: '49601189658422359378836298522902373528957594348623495186',
  batchSize: 1,
  streamArn: 'arn:aws:kinesis:eu-west-1:111122223333:stream/audit',
};

/** What S3 says of a new object. */
const notificationOf = (key: string) => ({
  Records: [
    {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'failures' }, object: { key: encodeURIComponent(key) } },
    },
  ],
});

describe('a record in quarantine', () => {
  it('is judged again as what it was, and told as if nothing had happened', async () => {
    await putInQuarantine(secretsRead('crashed'));
    expect(await redrive()).toMatchObject({ received: 1, redriven: 1, left: [], problems: [] });
    const [redriven, ...rest] = await deployment.received();
    expect(rest).toEqual([]);

    const undisturbed = await Deployment.of(bundles);
    await invoke(undisturbed.eksAudit, subscriptionOf(secretsRead('crashed')));
    const [direct] = await undisturbed.received();
    await undisturbed.stop();
    expect(redriven).toEqual(direct);
    expect(redriven?.alert.event.cluster).toBe('prod-blue');
  });

  it('stays once while it cannot be judged, however often it is tried', async () => {
    await invoke(deployment.eksAudit, subscriptionOf('no json', secretsRead('neighbour')));
    expect(await toldEvents()).toEqual(['neighbour']);
    for (let run = 0; run < 3; run++) {
      const { received, stillQuarantined, left } = await redrive();
      expect({ received, stillQuarantined }).toEqual({ received: 1, stillQuarantined: 1 });
      expect(left).toEqual([
        expect.objectContaining({ outcome: 'stillQuarantined', why: expect.stringMatching(/^not-json: /) }),
      ]);
    }
    // Each run has received it once.
    const messages = await deployment.aws.drain(quarantine());
    expect(messages.map(({ Body, Attributes }) => [Body, Attributes?.ApproximateReceiveCount])).toEqual([
      ['no json', '4'],
    ]);
    expect(await toldEvents()).toEqual([]);
  });

  it('is found by what it holds whatever holds it: a payload, an object, an announcement', async () => {
    await putInQuarantine(base64Of(secretsRead('in-a-payload')), { reason: 'too-big', origin: {} });
    await putInQuarantine(secretsRead('packed', { userAgent: '\uffff' }));
    await deployment.aws.putObject('trail', 'log.json.gz', readFileSync(payloadFile('s3-object-cloudtrail.json.gz')));
    await putInQuarantine('', { reason: 'bad-encoding', origin: { file: 's3://trail/log.json.gz' } });
    expect(await redrive()).toMatchObject({ received: 3, redriven: 3 });
    const told = (await deployment.received()).map(({ alert }) => alert);
    expect(told.filter(({ event }) => event.source === 'cloudtrail').length).toBeGreaterThan(0);
    expect(told.map(({ event }) => event.id)).toEqual(expect.arrayContaining(['in-a-payload', 'packed']));
  });

  it('that announces an object is that object', async () => {
    const event = payload('sqs-s3-notification-plain.json');
    await invoke(deployment.eksAudit, event);
    const waiting = await redrive();
    expect(waiting).toMatchObject({ received: 1, failed: 1, left: [{ why: expect.stringContaining('NoSuch') }] });
    await putAnnounced(event);
    expect(await redrive()).toMatchObject({ received: 1, redriven: 1 });
    expect((await deployment.received()).length).toBeGreaterThan(0);
  });

  it('stays while a part of it cannot be judged, and what is found in the rest is told once', async () => {
    await putInQuarantine(base64Of('no json', secretsRead('whole')));
    for (let run = 0; run < 2; run++) expect(await redrive()).toMatchObject({ received: 1, stillQuarantined: 1 });
    expect(await toldEvents()).toEqual(['whole']);
    expect(await sizeOf(quarantine())).toBe(1);
  });
});

/** Puts the object that a sample announces where it says. */
async function putAnnounced(event: unknown): Promise<void> {
  const { Records } = event as { Records: { body: string }[] };
  const [announcement] = announcementsIn(Records[0]?.body ?? '') ?? [];
  if (announcement?.kind !== 'created') throw new Error('the sample announces no object');
  const { bucket, key } = announcement.object;
  await deployment.aws.putObject(bucket, key, readFileSync(payloadFile('s3-object-cloudtrail.json.gz')));
}

describe('a dead letter', () => {
  it.each(['sqs-s3-notification-plain.json', 'sqs-s3-notification-sns-wrapped.json'])(
    'that announces an object (%s) waits until the object is there',
    async (sample) => {
      const event = payload(sample) as { Records: { body: string }[] };
      await putInDeadLetters(event.Records[0]?.body);
      expect(await redrive()).toMatchObject({ received: 1, failed: 1, left: [{ what: 'S3 notification' }] });
      await putAnnounced(event);
      expect(await redrive()).toMatchObject({ received: 1, redriven: 1 });
      expect((await deployment.received()).length).toBeGreaterThan(0);
      expect(await redrive()).toMatchObject({ received: 0 });
    },
  );

  it.each(['cloudwatch-logs-k8s-audit.json', 'cloudwatch-logs-cloudtrail.json', 'eventbridge-cloudtrail.json'])(
    'of an asynchronous invocation with %s is judged by the function that it was for',
    async (sample) => {
      await putInDeadLetters(failedInvocation({ requestPayload: payload(sample), responsePayload: {} }));
      // EventBridge itself keeps the event alone.
      if (sample.startsWith('eventbridge')) await putInDeadLetters(payload(sample));
      const { received, redriven } = await redrive();
      expect(redriven).toBe(received);
      const told = await deployment.received();
      expect(new Set(told.map(({ alert }) => alert.alertId)).size).toBe(told.length);

      const undisturbed = await Deployment.of(bundles);
      await invoke(sample.includes('k8s') ? undisturbed.eksAudit : undisturbed.cloudtrail, payload(sample));
      const direct = (await undisturbed.received()).map(({ alert }) => alert.alertId).sort();
      await undisturbed.stop();
      expect(told.map(({ alert }) => alert.alertId).sort()).toEqual(direct);
      expect(direct.length).toBeGreaterThan(0);
    },
  );

  it.each([
    ['aws/lambda/async/eks-audit/2026/03/01/a', { requestPayload: subscriptionOf(secretsRead('kept')) }],
    [
      'aws/lambda/0b8c/shardId-000000000001/2026/03/01/b',
      {
        KinesisBatchInfo: KINESIS_BATCH,
        payload: JSON.stringify({
          Records: [
            { eventSource: 'aws:kinesis', kinesis: { sequenceNumber: '1', data: base64Of(secretsRead('kept')) } },
          ],
        }),
      },
    ],
  ])('that names a failed invocation in S3 (%s) is what the function was given', async (key, fields) => {
    await deployment.aws.putObject('failures', key, Buffer.from(JSON.stringify(failedInvocation(fields))));
    await putInDeadLetters(notificationOf(key));
    expect(await redrive()).toMatchObject({ received: 1, redriven: 1 });
    expect(await toldEvents()).toEqual(['kept']);
  });

  it('whose payload is broken goes into quarantine, where it stays once', async () => {
    await putInDeadLetters(failedInvocation({ requestPayload: payload('broken-gzip-truncated.json') }));
    expect(await redrive()).toMatchObject({ received: 1, redriven: 1 });
    expect(await redrive()).toMatchObject({ received: 1, stillQuarantined: 1 });
    expect((await deployment.quarantined()).map(({ reason }) => reason)).toEqual(['bad-encoding']);
  });

  it('that is the test which S3 makes of a queue is done with', async () => {
    await putInDeadLetters({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'failures' });
    expect(await redrive()).toMatchObject({ received: 1, redriven: 1 });
    expect(await deployment.quarantined()).toEqual([]);
  });

  it('that cannot be redriven says why, stays, and is in nobody’s way', async () => {
    await putInDeadLetters(failedInvocation({ KinesisBatchInfo: KINESIS_BATCH }));
    await putInDeadLetters(failedInvocation({ responsePayload: { errorType: 'DeadlineError' } }));
    await putInDeadLetters({ Type: 'Notification', TopicArn: 'arn:aws:sns:eu-west-1:1:alerts', Message: '{}' });
    await putInDeadLetters('no json');
    for (let place = 0; place < 12; place++)
      await putInDeadLetters(failedInvocation({ requestPayload: subscriptionOf(secretsRead(`behind-${place}`)) }));
    const { left, ...counts } = await redrive();
    expect(counts).toMatchObject({ received: 16, redriven: 12, failed: 4 });
    expect(left.map((message) => ('why' in message ? message.why : '')).sort()).toEqual([
      expect.stringMatching(/^nothing that Auditwire/),
      expect.stringMatching(/^only its place in the stream is kept/),
      expect.stringMatching(/^what SNS could not deliver is for its subscriber/),
      expect.stringMatching(/^what the function was given is not kept/),
    ]);
    const [told] = await deployment.received();
    expect(told?.alert.incident.count).toBe(1);
    expect(await sizeOf(deadLetters())).toBe(4);
  });
});

describe('findings that were given up', () => {
  const findings = () => {
    const gathered = new FindingsByProblem();
    gathered.add(alertOf({}, { auditID: 'given-up' }));
    const [message] = gathered.all(() => 3_600_000).map(findingsMessage);
    if (!message) throw new Error('no findings');
    return message;
  };

  /** Does what SQS does with a message that was received too often: the id of the message is its new deduplication id. */
  async function giveUp(): Promise<void> {
    for (const { Body = '', Attributes, MessageId = '' } of await deployment.aws.drain(url('findings.fifo')))
      await deployment.aws.send(url('findings-dead-letters.fifo'), Body, Attributes?.MessageGroupId ?? '', MessageId);
  }

  it('come into their queue again, also while SQS takes them for a repeat of themselves', async () => {
    const { MessageBody, MessageGroupId, MessageDeduplicationId } = findings();
    await deployment.aws.send(url('findings.fifo'), MessageBody, MessageGroupId, MessageDeduplicationId);
    for (let run = 0; run < 2; run++) {
      await giveUp();
      expect(await redrive()).toMatchObject({ received: 1, redriven: 1 });
    }
    expect(await toldEvents()).toEqual(['given-up']);
  });

  it('keep their message group, so that one problem stays in order', async () => {
    const { MessageBody, MessageGroupId } = findings();
    await deployment.aws.send(url('findings-dead-letters.fifo'), MessageBody, MessageGroupId, 'given-up');
    await redrive();
    const [message] = await deployment.aws.receive(url('findings.fifo'));
    expect(message?.Body).toBe(MessageBody);
    expect(message?.Attributes?.MessageGroupId).toBe(MessageGroupId);
  });
});

describe('a run that dies', () => {
  const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' };

  /** The settings of a run whose queues pass everything on but deletions: as if the process had died before each. */
  async function withoutDeletions(): Promise<{ settings: Record<string, string>; close(): void }> {
    const sqs = new URL(url('any')).origin;
    const proxy = createServer(async (incoming, outgoing) => {
      if (String(incoming.headers['x-amz-target']).includes('Delete')) {
        outgoing.writeHead(403, JSON_TYPE).end('{"__type":"com.amazonaws.sqs#AccessDenied"}');
        return;
      }
      const asked = (await text(incoming)).replaceAll(address, sqs);
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': incoming.headers['x-amz-target'],
      };
      const answer = await fetch(sqs, { method: 'POST', body: asked, headers: headers as Record<string, string> });
      outgoing.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(await answer.text());
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const through = Object.entries(settings()).map(([name, value]) => [name, value.replaceAll(sqs, address)]);
    return { settings: Object.fromEntries(through), close: () => proxy.close() };
  }

  it('after it sent what it found and before it deleted the record tells nothing twice', async () => {
    await putInQuarantine(secretsRead('twice'));
    await putInDeadLetters(
      failedInvocation({ requestPayload: subscriptionOf(secretsRead('also', { user: { username: 'bob' } })) }),
    );
    const proxy = await withoutDeletions();
    const { received, failed, left } = await redrive({}, proxy.settings);
    proxy.close();
    expect({ received, failed }).toEqual({ received: 2, failed: 2 });
    expect(left.map((message) => ('why' in message ? message.why : ''))).toEqual([
      expect.stringMatching(/^redriven, not deleted: /),
      expect.stringMatching(/^redriven, not deleted: /),
    ]);
    expect(await toldEvents()).toEqual(['also', 'twice']);

    // A queue that has forgotten what it had, as it does after five minutes.
    await deployment.aws.deleteQueue('findings.fifo');
    await deployment.aws.createQueue('findings.fifo');
    expect(await redrive()).toMatchObject({ received: 2, redriven: 2 });
    const again = await deployment.aws.drain(url('findings.fifo'));
    expect(again.length).toBe(2);
    for (const { Body = '', Attributes, MessageId = '' } of again)
      await deployment.aws.send(url('findings.fifo'), Body, Attributes?.MessageGroupId ?? '', MessageId);
    expect(await toldEvents()).toEqual([]);
    expect(await redrive()).toMatchObject({ received: 0 });
  });

  it('deletes nothing of which it could not store what became of it', async () => {
    await putInQuarantine(secretsRead('unsent'));
    await putInDeadLetters(failedInvocation({ requestPayload: subscriptionOf(secretsRead('unsent-too')) }));
    await deployment.aws.deleteQueue('findings.fifo');
    const { received, failed, left } = await redrive();
    expect({ received, failed }).toEqual({ received: 2, failed: 2 });
    for (const message of left) expect(message).toMatchObject({ why: expect.stringContaining('QueueDoesNotExist') });
    await deployment.aws.createQueue('findings.fifo');
    expect(await redrive()).toMatchObject({ received: 2, redriven: 2 });
    expect(await toldEvents()).toEqual(['unsent']);
  });
});

describe('a run', () => {
  it('goes through the other queues where one cannot be read, and says so', async () => {
    await putInDeadLetters(failedInvocation({ requestPayload: subscriptionOf(secretsRead('reached')) }));
    await deployment.aws.deleteQueue('quarantine.fifo');
    const { problems, redriven } = await redrive();
    expect(redriven).toBe(1);
    expect(problems).toEqual([expect.stringMatching(/^QueueDoesNotExist/)]);
  });

  it('that is dry lists everything, changes nothing, and hides nothing from the next', async () => {
    await putInQuarantine(secretsRead('dry'));
    await putInDeadLetters(failedInvocation({ requestPayload: subscriptionOf(secretsRead('dry-too')) }));
    await putInDeadLetters('no json');
    for (let run = 0; run < 2; run++) {
      const { received, redriven, untouched, failed, left } = await redrive({ dryRun: true });
      expect({ received, redriven, untouched, failed }).toEqual({ received: 3, redriven: 0, untouched: 2, failed: 1 });
      expect(left[0]).toEqual({
        outcome: 'untouched',
        what: 'quarantined record',
        reason: 'detector-crashed: k8s-audit/pod-exec: TypeError',
        origin: expect.stringContaining('"cluster":"prod-blue"'),
        queue: quarantine(),
        messageId: expect.any(String),
        ageSeconds: expect.any(Number),
        bytes: secretsRead('dry').length,
      });
    }
    expect(await toldEvents()).toEqual([]);
    expect(await redrive()).toMatchObject({ received: 3, redriven: 2, failed: 1 });
  });

  it('takes the queues that it is given, and no more messages than it may', async () => {
    for (let place = 0; place < 15; place++) await putInQuarantine(secretsRead(`limited-${place}`));
    await putInDeadLetters('no json');
    expect(await redrive({ queues: [quarantine()], limit: 12 })).toMatchObject({ received: 12, redriven: 12 });
    expect(await redrive({ queues: [quarantine()] })).toMatchObject({ received: 3, redriven: 3 });
    expect(await redrive({ limit: 5 })).toMatchObject({ received: 1, failed: 1 });
  });

  it('leaves everything where it is when there is no time', async () => {
    await putInQuarantine(secretsRead('late'));
    const { answer } = await invoke(bundles.start('redrive', settings()), {}, 7_000);
    expect(answer).toMatchObject({ received: 0, redriven: 0 });
    expect(await redrive()).toMatchObject({ received: 1, redriven: 1 });
  });

  it('accounts for every message, and quotes none', async () => {
    const canary = 'hunter2-canary';
    await putInQuarantine(secretsRead(canary, { userAgent: canary }));
    await putInQuarantine(`{"half":"${canary}`, { reason: 'truncated', detail: 'JSON that ends early' });
    await putInDeadLetters(canary);
    await putInDeadLetters(failedInvocation({ requestPayload: subscriptionOf(canary) }));
    const { log, ...answer } = await redrive();
    const { received, redriven, stillQuarantined, failed, untouched } = answer;
    expect(received).toBe(4);
    expect(redriven + stillQuarantined + failed + untouched).toBe(received);
    expect(log + JSON.stringify(answer)).not.toContain('hunter2');
    expect(
      log
        .split('\n')
        .map((line) => JSON.parse(line))
        .at(-1),
    ).toMatchObject({ function: 'redrive', received: 4 });
  });

  it('refuses a request that it does not understand, and says what is wrong', async () => {
    const handler = bundles.start('redrive', settings());
    const { error } = await invoke(handler, { dryrun: true, limit: 0 });
    expect(error?.name).toBe('RequestError');
    expect(error?.message).toMatch(/limit/);
    expect(error?.message).toMatch(/dryrun/);
    expect((await invoke(handler, null)).answer).toMatchObject({ received: 0 });
  });

  it('does not start without knowing where the dead letters are', () => {
    expect(() => bundles.start('redrive', { ...settings(), DEAD_LETTER_QUEUE_URLS: 'dead-letters' })).toThrow(
      /DEAD_LETTER_QUEUE_URLS.*separated by commas/,
    );
  });
});

describe('npm run redrive', () => {
  const command = async (...args: readonly string[]) => {
    const options = { env: { ...process.env, ...settings() } };
    const ran = promisify(execFile)(process.execPath, ['functions/redrive/command.ts', ...args], options);
    return await ran.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
  };

  it('does the same from a terminal', async () => {
    await putInQuarantine(secretsRead('by-hand'));
    await putInQuarantine('no json', { reason: 'not-json', detail: 'not JSON' });
    const dry = await command('--dry-run');
    expect(dry.stdout.split('\n').length).toBe(3);
    expect(dry.stdout).toMatch(/^quarantined record\tdetector-crashed.*\tuntouched$/m);
    expect(dry.code).toBe(0);

    const { code, stdout, stderr } = await command('--queue', quarantine());
    expect(stdout).toMatch(/^quarantined record\tnot-json.*\tstillQuarantined: not-json.*\n$/);
    expect(stderr).toMatch(/^received 2, redriven 1, stillQuarantined 1, failed 0, untouched 0$/m);
    expect(code).toBe(0);
    expect(await toldEvents()).toEqual(['by-hand']);
  });

  it('exits with 1 when something failed, and with 2 and a sentence when it was asked wrongly', async () => {
    await putInDeadLetters('no json');
    expect((await command()).code).toBe(1);
    for (const wrong of [['--nonsense'], ['--limit', 'many'], ['--findings-queue', 'here']]) {
      const { code, stdout, stderr } = await command(...wrong);
      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/--help says more/);
    }
    expect((await command('--help')).stdout).toMatch(/--dry-run/);
  });
});
