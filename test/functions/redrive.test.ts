import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect } from 'vitest';
import { findingsMessage } from '../../aws/findings-queue.ts';
import { type QuarantinedRecord, quarantineMessage } from '../../aws/quarantine-queue.ts';
import { FindingsByProblem } from '../../core/findings.ts';
import type { RedriveAnswer } from '../../functions/redrive/handler.ts';
import { QUEUES, type Request } from '../../functions/redrive/request.ts';
import { invoke } from '../../local/lambda.ts';
import { ACCOUNT, CLUSTER, REGION } from '../../scripts/samples/cluster.ts';
import { AUDIT_GROUP, AUDIT_STREAM } from '../../scripts/samples/payloads/envelopes.ts';
import { alertOf, secretsRead } from '../support/build.ts';
import { Deployment } from '../support/deployment.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { it as deployed } from '../support/own-deployment.ts';
import { base64Of, payload, payloadFile, RECEIVED_AT, subscriptionOf } from '../support/payloads.ts';

/** What of a line in {@link subscriptionOf} the detecting function knows besides its text. */
const ORIGIN = {
  region: REGION,
  logGroup: AUDIT_GROUP,
  logStream: AUDIT_STREAM,
  account: ACCOUNT,
  cluster: CLUSTER,
  receivedAt: RECEIVED_AT,
};

/** The function that redrives, and the queues that it goes through. */
class Redrive {
  readonly quarantine: string;
  readonly deadLetters: string;
  readonly findingsDeadLetters: string;
  readonly #deployment: Deployment;

  constructor(deployment: Deployment, prefix = '') {
    this.#deployment = deployment;
    this.quarantine = deployment.aws.queueUrl(`${prefix}quarantine.fifo`);
    this.deadLetters = deployment.aws.queueUrl(`${prefix}dead-letters`);
    this.findingsDeadLetters = deployment.aws.queueUrl(`${prefix}findings-failed.fifo`);
  }

  get settings(): Record<string, string> {
    const DEAD_LETTER_QUEUE_URLS = `${this.deadLetters},${this.findingsDeadLetters}`;
    return { ...this.#deployment.aws.settings, DEAD_LETTER_QUEUE_URLS };
  }

  async run(asked: Request = {}, settings = this.settings): Promise<RedriveAnswer & { log: string }> {
    const { answer, error, log } = await invoke(this.#deployment.start('redrive', settings), asked);
    if (error) throw error;
    return { ...(answer as RedriveAnswer), log };
  }

  /** Puts a record into quarantine as an earlier version did, which could not judge it. */
  async putInQuarantine(raw: string, fields: Partial<QuarantinedRecord> = {}): Promise<void> {
    const reason = 'detector-crashed';
    const record = { reason, detail: 'k8s-audit/pod-exec: TypeError', origin: ORIGIN, raw, ...fields } as const;
    await this.#deployment.aws.sqs.send(
      new SendMessageCommand({ QueueUrl: this.quarantine, ...quarantineMessage(record, 0) }),
    );
  }

  async putInDeadLetters(body: unknown): Promise<void> {
    const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
    await this.#deployment.aws.sqs.send(new SendMessageCommand({ QueueUrl: this.deadLetters, MessageBody }));
  }
}

const it = deployed.extend('redrive', async ({ deployment }) => {
  await deployment.aws.createQueue('dead-letters');
  await deployment.aws.createQueue('findings-failed.fifo');
  return new Redrive(deployment);
});

const files = mkdtempSync(join(tmpdir(), 'auditwire-redrive-'));
afterAll(() => rmSync(files, { recursive: true }));

/** Queues that are named as a deployment's are, and what a person types who redrives them. */
class NamedQueues extends Redrive {
  readonly #deployment: Deployment;

  private constructor(deployment: Deployment) {
    super(deployment, 'auditwire-');
    this.#deployment = deployment;
  }

  static async of(deployment: Deployment): Promise<NamedQueues> {
    for (const queue of [QUEUES.findings, QUEUES.quarantine, ...QUEUES.deadLetters])
      await deployment.aws.createQueue(`auditwire-${queue}`);
    return new NamedQueues(deployment);
  }

  /** Runs the command as npm does, on a machine whose environment says something else. */
  async command(...args: readonly string[]) {
    const env = {
      ...process.env,
      ...this.settings,
      NODE_OPTIONS: `--import ${new URL('../support/localhost.ts', import.meta.url)}`,
      AWS_REGION: 'us-west-2',
      POLICY_FILE: 'nowhere.yaml',
    };
    const ran = promisify(execFile)(process.execPath, ['functions/redrive/command.ts', ...args], { env });
    return await ran.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
  }

  /** The same for the deployment of these queues. */
  async redrive(...args: readonly string[]) {
    return await this.command('--name', 'auditwire', '--region', 'eu-west-1', ...args);
  }

  /** What the SOC's queue received since the last time, and from where. */
  async told(): Promise<string[]> {
    const { aws } = this.#deployment;
    await aws.pump(aws.queueUrl('auditwire-findings.fifo'), (event) => this.#deployment.publish(event));
    return (await this.#deployment.received()).map(({ alert: { event } }) => `${event.id} ${event.region}`);
  }
}

/** The ids of what the SOC's queue received since the last time, in the order of the problems' names. */
const toldEvents = async (deployment: Deployment) =>
  (await deployment.received()).map(({ alert }) => alert.event.id).sort();

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

// Every run waits for its queues, whether or not anything comes: tests wait side by side.
describe.concurrent('a record in quarantine', () => {
  it('is judged again as what it was, and told as if nothing had happened', async ({
    bundles,
    deployment,
    redrive,
  }) => {
    await redrive.putInQuarantine(secretsRead('crashed'));
    expect(await redrive.run({ queues: [redrive.quarantine] })).toMatchObject({
      received: 1,
      redriven: 1,
      left: [],
      problems: [],
    });
    const [redriven, ...rest] = await deployment.received();
    expect(rest).toEqual([]);

    const undisturbed = await Deployment.of(bundles);
    await invoke(undisturbed.eksAudit, subscriptionOf(secretsRead('crashed')));
    const [direct] = await undisturbed.received();
    await undisturbed.stop();
    expect(redriven).toEqual(direct);
    expect(redriven?.alert.event.cluster).toBe('prod-blue');
  });

  it('stays once while it cannot be judged, however often it is tried', async ({ deployment, redrive }) => {
    await invoke(deployment.eksAudit, subscriptionOf('no json', secretsRead('neighbour')));
    expect(await toldEvents(deployment)).toEqual(['neighbour']);
    for (let run = 0; run < 3; run++) {
      const { received, stillQuarantined, left } = await redrive.run({ queues: [redrive.quarantine] });
      expect({ received, stillQuarantined }).toEqual({ received: 1, stillQuarantined: 1 });
      expect(left).toEqual([
        expect.objectContaining({ outcome: 'stillQuarantined', why: expect.stringMatching(/^not-json: /) }),
      ]);
    }
    // Each run has received it once.
    const messages = await deployment.aws.drain(redrive.quarantine);
    expect(messages.map(({ Body, Attributes }) => [Body, Attributes?.ApproximateReceiveCount])).toEqual([
      ['no json', '4'],
    ]);
    expect(await toldEvents(deployment)).toEqual([]);
  });

  it('is found by what it holds whatever holds it: a payload, an object, an announcement', async ({
    deployment,
    redrive,
  }) => {
    await redrive.putInQuarantine(base64Of(secretsRead('in-a-payload')), { reason: 'too-big', origin: {} });
    await redrive.putInQuarantine(secretsRead('packed', { userAgent: '\uffff' }));
    await deployment.aws.putObject('trail', 'log.json.gz', readFileSync(payloadFile('s3-object-cloudtrail.json.gz')));
    await redrive.putInQuarantine('', { reason: 'bad-encoding', origin: { file: 's3://trail/log.json.gz' } });
    expect(await redrive.run({ queues: [redrive.quarantine] })).toMatchObject({ received: 3, redriven: 3 });
    const told = (await deployment.received()).map(({ alert }) => alert);
    expect(told.filter(({ event }) => event.source === 'cloudtrail').length).toBeGreaterThan(0);
    expect(told.map(({ event }) => event.id)).toEqual(expect.arrayContaining(['in-a-payload', 'packed']));
  });

  it('of an object that is another service’s log is done with', async ({ deployment, redrive }) => {
    const file = 's3://trail/AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2026/03/01/a.log.gz';
    await redrive.putInQuarantine('', { reason: 'bad-encoding', origin: { file } });
    expect(await redrive.run({ queues: [redrive.quarantine] })).toMatchObject({ received: 1, redriven: 1 });
    expect(await deployment.quarantined()).toEqual([]);
  });

  it('that announces an object is that object', async ({ deployment, redrive }) => {
    const event = payload('sqs-s3-notification-plain.json');
    await invoke(deployment.eksAudit, event);
    const waiting = await redrive.run({ queues: [redrive.quarantine] });
    expect(waiting).toMatchObject({ received: 1, failed: 1, left: [{ why: expect.stringContaining('NoSuch') }] });
    await deployment.putAnnounced(event);
    expect(await redrive.run({ queues: [redrive.quarantine] })).toMatchObject({ received: 1, redriven: 1 });
    expect((await deployment.received()).length).toBeGreaterThan(0);
  });

  it('stays while a part of it cannot be judged, and what is found in the rest is told once', async ({
    deployment,
    redrive,
  }) => {
    await redrive.putInQuarantine(base64Of('no json', secretsRead('whole')));
    for (let run = 0; run < 2; run++)
      expect(await redrive.run({ queues: [redrive.quarantine] })).toMatchObject({ received: 1, stillQuarantined: 1 });
    expect(await toldEvents(deployment)).toEqual(['whole']);
    expect(await deployment.aws.drain(redrive.quarantine)).toHaveLength(1);
  });
});

describe.concurrent('a dead letter', () => {
  it.for(['sqs-s3-notification-plain.json', 'sqs-s3-notification-sns-wrapped.json'])(
    'that announces an object (%s) waits until the object is there',
    async (sample, { deployment, redrive }) => {
      const event = payload(sample) as { Records: { body: string }[] };
      await redrive.putInDeadLetters(event.Records[0]?.body);
      expect(await redrive.run({ queues: [redrive.deadLetters] })).toMatchObject({
        received: 1,
        failed: 1,
        left: [{ what: 'S3 notification' }],
      });
      await deployment.putAnnounced(event);
      expect(await redrive.run({ queues: [redrive.deadLetters] })).toMatchObject({ received: 1, redriven: 1 });
      expect((await deployment.received()).length).toBeGreaterThan(0);
      expect(await redrive.run({ queues: [redrive.deadLetters] })).toMatchObject({ received: 0 });
    },
  );

  it.for(['cloudwatch-logs-k8s-audit.json', 'cloudwatch-logs-cloudtrail.json', 'eventbridge-cloudtrail.json'])(
    'of an asynchronous invocation with %s is judged by the function that it was for',
    async (sample, { bundles, deployment, redrive }) => {
      await redrive.putInDeadLetters(failedInvocation({ requestPayload: payload(sample), responsePayload: {} }));
      // EventBridge itself keeps the event alone.
      if (sample.startsWith('eventbridge')) await redrive.putInDeadLetters(payload(sample));
      const { received, redriven } = await redrive.run({ queues: [redrive.deadLetters] });
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

  it.for([
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
  ] as const)(
    'that names a failed invocation in S3 (%s) is what the function was given',
    async ([key, fields], { deployment, redrive }) => {
      await deployment.aws.putObject('failures', key, Buffer.from(JSON.stringify(failedInvocation(fields))));
      await redrive.putInDeadLetters(notificationOf(key));
      expect(await redrive.run({ queues: [redrive.deadLetters] })).toMatchObject({ received: 1, redriven: 1 });
      expect(await toldEvents(deployment)).toEqual(['kept']);
    },
  );

  it('whose payload is broken goes into quarantine, where it stays once', async ({ deployment, redrive }) => {
    await redrive.putInDeadLetters(failedInvocation({ requestPayload: payload('broken-gzip-truncated.json') }));
    expect(await redrive.run()).toMatchObject({ received: 1, redriven: 1 });
    expect(await redrive.run()).toMatchObject({ received: 1, stillQuarantined: 1 });
    expect((await deployment.quarantined()).map(({ reason }) => reason)).toEqual(['bad-encoding']);
  });

  it('that is the test which S3 makes of a queue is done with', async ({ deployment, redrive }) => {
    await redrive.putInDeadLetters({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'failures' });
    expect(await redrive.run({ queues: [redrive.deadLetters] })).toMatchObject({ received: 1, redriven: 1 });
    expect(await deployment.quarantined()).toEqual([]);
  });

  it('that cannot be redriven says why, stays, and is in nobody’s way', async ({ deployment, redrive }) => {
    await redrive.putInDeadLetters(failedInvocation({ KinesisBatchInfo: KINESIS_BATCH }));
    await redrive.putInDeadLetters(failedInvocation({ responsePayload: { errorType: 'DeadlineError' } }));
    await redrive.putInDeadLetters({ Type: 'Notification', TopicArn: 'arn:aws:sns:eu-west-1:1:alerts', Message: '{}' });
    await redrive.putInDeadLetters('no json');
    for (let place = 0; place < 12; place++)
      await redrive.putInDeadLetters(
        failedInvocation({ requestPayload: subscriptionOf(secretsRead(`behind-${place}`)) }),
      );
    const { left, ...counts } = await redrive.run({ queues: [redrive.deadLetters] });
    expect(counts).toMatchObject({ received: 16, redriven: 12, failed: 4 });
    expect(left.map((message) => ('why' in message ? message.why : '')).sort()).toEqual([
      expect.stringMatching(/^nothing that Auditwire/),
      expect.stringMatching(/^only its place in the stream is kept/),
      expect.stringMatching(/^what SNS could not deliver is for its subscriber/),
      expect.stringMatching(/^what the function was given is not kept/),
    ]);
    const [told] = await deployment.received();
    expect(told?.alert.incident.count).toBe(1);
    expect(await deployment.aws.drain(redrive.deadLetters)).toHaveLength(4);
  });
});

describe.concurrent('findings that were given up', () => {
  const findings = () => {
    const gathered = new FindingsByProblem();
    gathered.add(alertOf({}, { auditID: 'given-up' }));
    const [message] = gathered.all(() => 3_600_000).map(findingsMessage);
    if (!message) throw new Error('no findings');
    return message;
  };

  /** Does what SQS does with a message that was received too often: the id of the message is its new deduplication id. */
  async function giveUp({ aws }: Deployment, deadLetters: string): Promise<void> {
    for (const { Body = '', Attributes, MessageId = '' } of await aws.drain(aws.queueUrl('findings.fifo')))
      await aws.send(deadLetters, Body, Attributes?.MessageGroupId ?? '', MessageId);
  }

  it('come into their queue again, also while SQS takes them for a repeat of themselves', async ({
    deployment,
    redrive,
  }) => {
    const { MessageBody, MessageGroupId, MessageDeduplicationId } = findings();
    await deployment.aws.send(
      deployment.aws.queueUrl('findings.fifo'),
      MessageBody,
      MessageGroupId,
      MessageDeduplicationId,
    );
    for (let run = 0; run < 2; run++) {
      await giveUp(deployment, redrive.findingsDeadLetters);
      expect(await redrive.run()).toMatchObject({ received: 1, redriven: 1 });
    }
    expect(await toldEvents(deployment)).toEqual(['given-up']);
  });

  it('keep their message group, so that one problem stays in order', async ({ deployment, redrive }) => {
    const { MessageBody, MessageGroupId } = findings();
    await deployment.aws.send(redrive.findingsDeadLetters, MessageBody, MessageGroupId, 'given-up');
    await redrive.run();
    const [message] = await deployment.aws.receive(deployment.aws.queueUrl('findings.fifo'));
    expect(message?.Body).toBe(MessageBody);
    expect(message?.Attributes?.MessageGroupId).toBe(MessageGroupId);
  });
});

describe.concurrent('a run that dies', () => {
  it('after it sent what it found and before it deleted the record tells nothing twice', async ({
    deployment,
    redrive,
  }) => {
    await redrive.putInQuarantine(secretsRead('twice'));
    await redrive.putInDeadLetters(
      failedInvocation({ requestPayload: subscriptionOf(secretsRead('also', { user: { username: 'bob' } })) }),
    );
    const proxy = await FaultProxy.start(deployment.aws.environment);
    proxy.decide = ({ action }) => (action.startsWith('DeleteMessage') ? { name: 'denied' } : undefined);
    const { received, failed, left } = await redrive.run({}, proxy.before(redrive.settings));
    await proxy.stop();
    expect({ received, failed }).toEqual({ received: 2, failed: 2 });
    expect(left.map((message) => ('why' in message ? message.why : ''))).toEqual([
      expect.stringMatching(/^redriven, not deleted: /),
      expect.stringMatching(/^redriven, not deleted: /),
    ]);
    expect(await toldEvents(deployment)).toEqual(['also', 'twice']);

    // A queue that has forgotten what it had, as it does after five minutes.
    await deployment.aws.deleteQueue('findings.fifo');
    await deployment.aws.createQueue('findings.fifo');
    expect(await redrive.run()).toMatchObject({ received: 2, redriven: 2 });
    const again = await deployment.aws.drain(deployment.aws.queueUrl('findings.fifo'));
    expect(again.length).toBe(2);
    for (const { Body = '', Attributes, MessageId = '' } of again)
      await deployment.aws.send(
        deployment.aws.queueUrl('findings.fifo'),
        Body,
        Attributes?.MessageGroupId ?? '',
        MessageId,
      );
    expect(await toldEvents(deployment)).toEqual([]);
    expect(await redrive.run()).toMatchObject({ received: 0 });
  });

  it('deletes nothing of which it could not store what became of it', async ({ deployment, redrive }) => {
    await redrive.putInQuarantine(secretsRead('unsent'));
    await redrive.putInDeadLetters(failedInvocation({ requestPayload: subscriptionOf(secretsRead('unsent-too')) }));
    await deployment.aws.deleteQueue('findings.fifo');
    const { received, failed, left } = await redrive.run();
    expect({ received, failed }).toEqual({ received: 2, failed: 2 });
    for (const message of left) expect(message).toMatchObject({ why: expect.stringContaining('QueueDoesNotExist') });
    await deployment.aws.createQueue('findings.fifo');
    expect(await redrive.run()).toMatchObject({ received: 2, redriven: 2 });
    expect(await toldEvents(deployment)).toEqual(['unsent']);
  });
});

describe.concurrent('a run', () => {
  it('goes through the other queues where one cannot be read, and says so', async ({ deployment, redrive }) => {
    await redrive.putInDeadLetters(failedInvocation({ requestPayload: subscriptionOf(secretsRead('reached')) }));
    await deployment.aws.deleteQueue('quarantine.fifo');
    const { problems, redriven } = await redrive.run();
    expect(redriven).toBe(1);
    expect(problems).toEqual([expect.stringMatching(/^QueueDoesNotExist/)]);
  });

  it('that is dry lists everything, changes nothing, and hides nothing from the next', async ({
    deployment,
    redrive,
  }) => {
    await redrive.putInQuarantine(secretsRead('dry'));
    await redrive.putInDeadLetters(failedInvocation({ requestPayload: subscriptionOf(secretsRead('dry-too')) }));
    await redrive.putInDeadLetters('no json');
    for (let run = 0; run < 2; run++) {
      const { received, redriven, untouched, failed, left } = await redrive.run({ dryRun: true });
      expect({ received, redriven, untouched, failed }).toEqual({ received: 3, redriven: 0, untouched: 2, failed: 1 });
      expect(left[0]).toEqual({
        outcome: 'untouched',
        what: 'quarantined record',
        reason: 'detector-crashed: k8s-audit/pod-exec: TypeError',
        origin: expect.stringContaining('"cluster":"prod-blue"'),
        queue: redrive.quarantine,
        messageId: expect.any(String),
        ageSeconds: expect.any(Number),
        bytes: secretsRead('dry').length,
      });
    }
    expect(await toldEvents(deployment)).toEqual([]);
    expect(await redrive.run()).toMatchObject({ received: 3, redriven: 2, failed: 1 });
  });

  it('takes the queues that it is given, and no more messages than it may', async ({ redrive }) => {
    for (let place = 0; place < 15; place++) await redrive.putInQuarantine(secretsRead(`limited-${place}`));
    await redrive.putInDeadLetters('no json');
    expect(await redrive.run({ queues: [redrive.quarantine], limit: 12 })).toMatchObject({
      received: 12,
      redriven: 12,
    });
    expect(await redrive.run({ queues: [redrive.quarantine] })).toMatchObject({ received: 3, redriven: 3 });
    expect(await redrive.run({ limit: 5 })).toMatchObject({ received: 1, failed: 1 });
  });

  it('leaves everything where it is when there is no time', async ({ deployment, redrive }) => {
    await redrive.putInQuarantine(secretsRead('late'));
    const { answer } = await invoke(deployment.start('redrive', redrive.settings), {}, 7_000);
    expect(answer).toMatchObject({ received: 0, redriven: 0 });
    expect(await redrive.run()).toMatchObject({ received: 1, redriven: 1 });
  });

  it('accounts for every message, and quotes none', async ({ redrive }) => {
    const canary = 'hunter2-canary';
    await redrive.putInQuarantine(secretsRead(canary, { userAgent: canary }));
    await redrive.putInQuarantine(`{"half":"${canary}`, { reason: 'truncated', detail: 'JSON that ends early' });
    await redrive.putInDeadLetters(canary);
    await redrive.putInDeadLetters(failedInvocation({ requestPayload: subscriptionOf(canary) }));
    const { log, ...answer } = await redrive.run();
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

  it('refuses a request that it does not understand, and says what is wrong', async ({ deployment, redrive }) => {
    const handler = deployment.start('redrive', redrive.settings);
    const { error } = await invoke(handler, { dryrun: true, limit: 0 });
    expect(error?.name).toBe('RequestError');
    expect(error?.message).toMatch(/limit/);
    expect(error?.message).toMatch(/dryrun/);
    expect((await invoke(handler, null)).answer).toMatchObject({ received: 0 });
  });

  it('does not start without knowing where the dead letters are', ({ deployment }) => {
    expect(() => deployment.start('redrive', { DEAD_LETTER_QUEUE_URLS: 'dead-letters' })).toThrow(
      /DEAD_LETTER_QUEUE_URLS.*separated by commas/,
    );
  });
});

describe.concurrent('npm run redrive', () => {
  const named = it.extend('queues', async ({ deployment }) => await NamedQueues.of(deployment));

  named('does the same from a terminal, to the queues that a deployment’s name says', async ({ queues }) => {
    await queues.putInQuarantine(secretsRead('by-hand'));
    await queues.putInQuarantine('no json', { reason: 'not-json', detail: 'not JSON' });
    const byAnother = secretsRead('given-up', { user: { username: 'bob' } });
    await queues.putInDeadLetters(failedInvocation({ requestPayload: subscriptionOf(byAnother) }));
    const dry = await queues.redrive('--dry-run');
    expect(dry.stdout.split('\n').length).toBe(4);
    expect(dry.stdout).toMatch(/^quarantined record\tdetector-crashed.*\tuntouched$/m);
    expect(dry.code).toBe(0);

    const one = await queues.redrive('--queue', 'quarantine.fifo');
    expect(one.stdout).toMatch(/^quarantined record\tnot-json.*\tstillQuarantined: not-json.*\n$/);
    expect(one.stderr).toMatch(/^received 2, redriven 1, stillQuarantined 1, failed 0, untouched 0$/m);
    expect(one.code).toBe(0);
    expect(await queues.told()).toEqual(['by-hand eu-west-1']);

    expect((await queues.redrive()).stderr).toMatch(/^received 2, redriven 1, stillQuarantined 1, /m);
    expect(await queues.told()).toEqual(['given-up eu-west-1']);
  });

  named('does what its examples show', async ({ queues }) => {
    await queues.putInQuarantine(secretsRead('shown'));
    const policy = join(files, 'policy.yaml');
    writeFileSync(policy, 'version: 1\n');
    const { stdout: help } = await queues.command('--help');
    const examples = [...help.matchAll(/^ {2}npm run redrive -- (.+)$/gm)].map(([, args = '']) => args);
    expect(examples).toHaveLength(2);
    for (const example of examples) {
      const { code, stderr } = await queues.command(...example.replace('policy.yaml', policy).split(' '));
      expect([example, code, stderr]).toEqual([example, 0, expect.stringContaining('received 1, ')]);
    }
    expect(await queues.told()).toEqual(['shown eu-west-1']);
  });

  named('exits with 1 when something failed', async ({ queues }) => {
    await queues.putInDeadLetters('no json');
    expect((await queues.redrive()).code).toBe(1);
  });

  named.for([
    ['no name', ['--region', 'eu-west-1'], /^say which deployment, with --name NAME$/m],
    ['no region', ['--name', 'auditwire'], /^say where it is, with --region REGION$/m],
    ['an option that there is not', ['--nonsense'], /--nonsense/],
    ['no number', ['--name', 'a', '--region', 'b', '--limit', 'many'], /^--limit takes a number from 1, not "many"$/m],
    [
      'a queue that it does not redrive',
      ['--name', 'a', '--region', 'b', '--queue', 'dead-letter'],
      /^--queue takes quarantine\.fifo, .*, not "dead-letter" \(did you mean "dead-letters"\?\)$/m,
    ],
    [
      'the name of no deployment',
      ['--name', 'auditwired', '--region', 'eu-west-1'],
      /^cannot find the queue auditwired-\S+ in eu-west-1: are --name and --region right, .*does not exist/m,
    ],
    [
      'a policy that is not there',
      ['--name', 'auditwire', '--region', 'eu-west-1', '--policy', 'gone.yaml'],
      /^--policy: .*gone\.yaml/m,
    ],
  ] as const)('exits with 2 and a sentence that names the flag: %s', async ([, args, sentence], { queues }) => {
    const { code, stdout, stderr } = await queues.command(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr).toMatch(/--help says more/);
  });
});
