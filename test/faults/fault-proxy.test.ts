import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LocalAws } from '../../local/aws.ts';
import type { Entry } from '../support/aws-request.ts';
import type { FaultName } from '../support/fault.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { violationsIn } from '../support/strict-limits.ts';

let aws: LocalAws;
let proxy: FaultProxy;
let calls: Readonly<Record<string, () => Promise<unknown>>>;

beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.createQueue('there');
  await aws.createTopic('alerts');
  await aws.subscribe('alerts', 'soc');
  await aws.createStateTable();
  await aws.putObject('bucket', 'key', Buffer.from('body'));
  proxy = await FaultProxy.start(aws.environment);
  const options = {
    region: 'eu-west-1',
    endpoint: proxy.endpoint,
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: { requestTimeout: 100, throwOnRequestTimeout: true },
  };
  const queue = new SQSClient(options);
  const topic = new SNSClient(options);
  const table = new DynamoDBClient(options);
  const bucket = new S3Client(options);
  const QueueUrl = `${proxy.endpoint}/000000000000/there`;
  const Entries = ['0', '1', '2'].map((Id) => ({ Id, MessageBody: `message ${Id}` }));
  const TopicArn = aws.topicArn('alerts');
  const PublishBatchRequestEntries = ['0', '1', '2'].map((Id) => ({ Id, Message: `a & b=${Id}`, Subject: 'é' }));
  calls = {
    sqs: () => queue.send(new SendMessageBatchCommand({ QueueUrl, Entries })),
    sns: () => topic.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries })),
    dynamodb: () => table.send(new GetItemCommand({ TableName: aws.stateTable, Key: { pk: { S: 'x' } } })),
    s3: () => bucket.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key' })),
  };
});
afterAll(async () => {
  await proxy.stop();
  await aws.stop();
});
afterEach(async () => {
  proxy.decide = () => undefined;
  await arrived();
});

const SERVICES = ['sqs', 'sns', 'dynamodb', 's3'];

async function called(service: string): Promise<unknown> {
  return await calls[service]?.().catch((error: unknown) => error);
}

function befall(name: Exclude<FaultName, 'partial'>): void {
  proxy.decide = () => ({ name });
}

/** What got to the queue and, through the topic, to its subscriber. */
async function arrived(): Promise<string[]> {
  const sent = await aws.drain(aws.queueUrl('there'));
  const told = await aws.drain(aws.queueUrl('soc'));
  return [...sent.map(({ Body = '' }) => Body), ...told.map(({ Body = '' }) => JSON.parse(Body).Message)];
}

describe('a fault', () => {
  it.each(SERVICES)('is none by itself: %s answers', async (service) => {
    expect(await called(service)).toMatchObject({ $metadata: { httpStatusCode: 200 } });
  });

  it.each([
    ['sqs', '503', 503, 'InternalFailure'],
    ['sqs', 'throttled', 400, 'RequestThrottled'],
    ['sqs', 'kms-throttled', 400, 'KmsThrottled'],
    ['sqs', 'denied', 403, 'AccessDeniedException'],
    ['sns', '500', 500, 'InternalFailure'],
    ['sns', 'throttled', 429, 'ThrottledException'],
    ['sns', 'kms-throttled', 400, 'KMSThrottlingException'],
    ['sns', 'denied', 403, 'AuthorizationErrorException'],
    ['dynamodb', '500', 500, 'InternalFailure'],
    ['dynamodb', 'throttled', 400, 'ProvisionedThroughputExceededException'],
    ['dynamodb', 'denied', 400, 'AccessDeniedException'],
    ['s3', '503', 503, 'InternalFailure'],
    ['s3', 'throttled', 503, 'SlowDown'],
    ['s3', 'denied', 403, 'AccessDenied'],
  ] as const)('of %s, %s, is one that the SDK knows', async (service, name, httpStatusCode, errorName) => {
    befall(name);
    expect(await called(service)).toMatchObject({ name: errorName, $metadata: { httpStatusCode } });
    expect(await arrived()).toEqual([]);
  });

  it.each(SERVICES)('of %s cuts the connection, or leaves it without an answer', async (service) => {
    befall('reset');
    expect(await called(service)).toMatchObject({ message: 'socket hang up' });
    befall('hang');
    expect(await called(service)).toMatchObject({ name: 'TimeoutError' });
    expect(await arrived()).toEqual([]);
  });

  it.each(['commit-500', 'commit-reset', 'commit-hang'] as const)('says %s, and the work is done', async (name) => {
    befall(name);
    expect(await called('sqs')).toBeInstanceOf(Error);
    expect(await called('sns')).toBeInstanceOf(Error);
    expect(await arrived()).toEqual(['message 0', 'message 1', 'message 2', 'a & b=0', 'a & b=1', 'a & b=2']);
  });

  it('takes a batch in part, and says which', async () => {
    proxy.decide = () => ({ name: 'partial', refused: new Set(['1']) });
    for (const service of ['sqs', 'sns'])
      expect(await called(service)).toMatchObject({ Successful: [{ Id: '0' }, { Id: '2' }], Failed: [{ Id: '1' }] });
    expect(await arrived()).toEqual(['message 0', 'message 2', 'a & b=0', 'a & b=2']);
  });

  it('takes none of a batch, with 200', async () => {
    proxy.decide = ({ entries }) => ({ name: 'partial', refused: new Set(entries.map(({ id }) => id)) });
    for (const service of ['sqs', 'sns'])
      expect(await called(service)).toMatchObject({
        Failed: [
          { Id: '0', Code: 'InternalError', SenderFault: false },
          { Id: '1', Code: 'ThrottlingException', SenderFault: true },
          { Id: '2' },
        ],
      });
    expect(await arrived()).toEqual([]);
  });

  it('is in the trace, and what passes is not', async () => {
    proxy.trace.length = 0;
    await called('sqs');
    befall('throttled');
    await called('sns');
    expect(proxy.trace).toEqual(['AKIAIOSFODNN7EXAMPLE sns PublishBatch throttled']);
  });
});

describe('what AWS would refuse', () => {
  const ENTRY: Entry = { id: '0', text: 'text', group: 'group', deduplication: 'id', attributes: [] };
  const batch = (service: string, entries: readonly Entry[]) => {
    const action = service === 'sqs' ? 'SendMessageBatch' : 'PublishBatch';
    return violationsIn({ service, action, caller: '', body: '', target: 'queue.fifo', entries });
  };
  const attribute = (value: string, type = 'String', name = 'name') => ({ attributes: [{ name, type, value }] });

  it.each<[string, Partial<Entry>]>([
    ['sqs', {}],
    ['sqs', { text: 'x'.repeat(1024 * 1024) }],
    ['sqs', { text: '\t\n\r \u{1f600}' }],
    ['sqs', { group: 'g'.repeat(128), deduplication: '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~' }],
    ['sqs', attribute('12', 'Number')],
    ['sns', { subject: 's'.repeat(99) }],
    ['sns', { subject: 'é – ü' }],
    ['sns', { text: 'x'.repeat(256 * 1024) }],
    ['sns', attribute('["a"]', 'String.Array')],
  ])('is not this (%s)', (service, entry) => {
    expect(batch(service, [{ ...ENTRY, ...entry }])).toEqual([]);
  });

  it.each<[string, Partial<Entry>]>([
    ['sqs', { text: '' }],
    ['sqs', { text: '\u0000' }],
    ['sqs', { text: '\uffff' }],
    ['sqs', { text: '\ud800' }],
    ['sqs', { text: 'x'.repeat(1024 * 1024 + 1) }],
    ['sqs', { group: 'with space' }],
    ['sqs', { group: 'g'.repeat(129) }],
    ['sqs', { deduplication: 'é' }],
    ['sqs', { deduplication: undefined }],
    ['sqs', { id: 'a b' }],
    ['sqs', attribute('')],
    ['sqs', attribute('\u0007')],
    ['sqs', attribute('x', 'Number')],
    ['sqs', attribute('x', 'String', 'aws.name')],
    ['sns', { text: '' }],
    ['sns', { text: 'x'.repeat(256 * 1024 + 1) }],
    ['sns', { subject: '' }],
    ['sns', { subject: 's'.repeat(100) }],
    ['sns', { subject: 'one\ntwo' }],
    ['sns', { subject: 'bell\u0007' }],
    ['sns', attribute('')],
    ['sns', attribute('"a"', 'String.Array')],
  ])('is this (%s)', (service, entry) => {
    expect(batch(service, [{ ...ENTRY, ...entry }]).length).toBe(1);
  });

  it.each([
    ['no entries', []],
    ['eleven', Array.from({ length: 11 }, (_, place) => ({ ...ENTRY, id: String(place) }))],
    ['two of one id', [ENTRY, ENTRY]],
    ['too much together', ['0', '1'].map((id) => ({ ...ENTRY, id, text: 'x'.repeat(600 * 1024) }))],
  ])('is a batch of %s', (_, entries) => {
    expect(batch('sqs', entries).length).toBe(1);
  });

  it('is an item of more than 400 KB', () => {
    const put = (length: number) =>
      violationsIn({
        service: 'dynamodb',
        action: 'PutItem',
        caller: '',
        target: '',
        entries: [],
        body: JSON.stringify({ Item: { pk: { S: 'x'.repeat(length) }, n: { N: '1' }, m: { M: { l: { L: [] } } } } }),
      });
    expect(put(399 * 1024)).toEqual([]);
    expect(put(400 * 1024).length).toBe(1);
  });

  it('is refused on the wire too, and counted', async () => {
    proxy.violations.length = 0;
    const answer = await fetch(proxy.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: 'AWS4-HMAC-SHA256 Credential=A/20260301/eu-west-1/sns/aws4_request',
      },
      body: `Action=PublishBatch&TopicArn=${aws.topicArn('alerts')}&PublishBatchRequestEntries.member.1.Id=0&PublishBatchRequestEntries.member.1.Message=m&PublishBatchRequestEntries.member.1.Subject=one%0Atwo`,
    });
    expect(answer.status).toBe(403);
    expect(proxy.violations).toEqual(['sns PublishBatch: a subject that SNS refuses']);
    expect(await arrived()).toEqual([]);
  });
});
