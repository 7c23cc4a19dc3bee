import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Gzip } from '../../aws/decode.ts';
import { deliveriesOf, deliveriesOfValue } from '../../core/envelope.ts';
import type { Delivery } from '../../core/record.ts';
import type { Origin } from '../../core/source.ts';
import { auditRecord } from '../support/build.ts';

const audit = auditRecord();
const trail = {
  eventVersion: '1.11',
  eventID: 'e1',
  eventTime: '2026-03-01T10:00:00Z',
  eventSource: 'eks.amazonaws.com',
  eventName: 'DeleteCluster',
  userIdentity: { type: 'Root' },
};

const text = (value: unknown) => JSON.stringify(value);
const gzip = (value: unknown) => gzipSync(text(value)).toString('base64');
const read = (payload: string, origin: Origin = {}) => [...deliveriesOf(payload, origin, decodeBase64Gzip)];
const readValue = (value: unknown, origin: Origin = {}) => [...deliveriesOfValue(value, origin, decodeBase64Gzip)];
/** What each delivery is, in a word. */
const kinds = (deliveries: readonly Delivery[]) =>
  deliveries.map((one) => (one.kind === 'record' ? one.source : one.kind === 'control' ? one.what : one.reason));

const logs = (...messages: readonly unknown[]) => ({
  messageType: 'DATA_MESSAGE',
  owner: '111122223333',
  logGroup: '/aws/eks/prod/cluster',
  logStream: 'kube-apiserver-audit-0123',
  logEvents: messages.map((message, index) => ({ id: `${index}`, timestamp: 1_772_359_200_000 + index, message })),
});
const sqs = (body: unknown) => ({ Records: [{ messageId: 'm', eventSource: 'aws:sqs', body: text(body) }] });
const sns = (message: unknown) => ({
  Type: 'Notification',
  TopicArn: 'arn:aws:sns:eu-west-1:1:t',
  Message: text(message),
});
const kinesis = (data: string) => ({
  Records: [{ eventSource: 'aws:kinesis', eventSourceARN: 'arn:aws:kinesis:eu-west-1:1:stream/s', kinesis: { data } }],
});
const s3 = { Records: [{ eventSource: 'aws:s3', s3: { bucket: { name: 'b' }, object: { key: 'k' } } }] };

describe('deliveriesOf', () => {
  it.each<[string, unknown, string[]]>([
    ['an audit event', audit, ['k8s-audit']],
    ['a CloudTrail record', trail, ['cloudtrail']],
    [
      'a subscription payload',
      { awslogs: { data: gzip(logs(text(audit), text(trail))) } },
      ['k8s-audit', 'cloudtrail'],
    ],
    [
      'a control message',
      { awslogs: { data: gzip({ messageType: 'CONTROL_MESSAGE', logEvents: [] }) } },
      ['cloudwatch-logs-control'],
    ],
    ['the same inside Kinesis', kinesis(gzip(logs(text(audit)))), ['k8s-audit']],
    [
      'EventBridge inside Kinesis',
      kinesis(Buffer.from(text({ 'detail-type': 'AWS API Call via CloudTrail', detail: trail })).toString('base64')),
      ['cloudtrail'],
    ],
    ['an S3 object of CloudTrail', { Records: [trail, trail] }, ['cloudtrail', 'cloudtrail']],
    ['an S3 notification', s3, ['s3-notification']],
    ['an S3 notification in SQS', sqs(s3), ['s3-notification']],
    ['an S3 notification in SNS in SQS', sqs(sns(s3)), ['s3-notification']],
    ['an S3 notification in SNS in SQS in Kinesis', kinesis(gzip(sqs(sns(s3)))), ['s3-notification']],
    [
      'an SNS event of Lambda',
      { Records: [{ EventSource: 'aws:sns', Sns: { Message: text(trail) } }] },
      ['cloudtrail'],
    ],
    ['a test notification', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'b' }, ['s3-test-event']],
    [
      'an event of EventBridge',
      { 'detail-type': 'AWS API Call via CloudTrail', account: '1', region: 'eu-west-1', detail: trail },
      ['cloudtrail'],
    ],
    [
      'an insight of EventBridge',
      { 'detail-type': 'AWS Insight via CloudTrail', detail: trail },
      ['cloudtrail-insight'],
    ],
    ['a JSON array', [audit, trail], ['k8s-audit', 'cloudtrail']],
    [
      'an EventList',
      { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [audit, audit] },
      ['k8s-audit', 'k8s-audit'],
    ],
    [
      'aws logs filter-log-events',
      {
        events: [{ logStreamName: 'kube-apiserver-audit-1', timestamp: 1, message: text(audit) }],
        searchedLogStreams: [],
      },
      ['k8s-audit'],
    ],
    [
      'aws logs get-query-results',
      {
        status: 'Complete',
        results: [
          [
            { field: '@message', value: text(audit) },
            { field: '@ptr', value: 'x' },
          ],
        ],
      },
      ['k8s-audit'],
    ],
    ['aws cloudtrail lookup-events', { Events: [{ EventId: 'e', CloudTrailEvent: text(trail) }] }, ['cloudtrail']],
    ['a digest', { awsAccountId: '1', digestS3Object: 'k', logFiles: [] }, ['cloudtrail-digest']],
    ['an insight', { eventVersion: '1.08', eventCategory: 'Insight', insightDetails: {} }, ['cloudtrail-insight']],
    [
      'a payload of another stream',
      { ...logs('I0301 starting'), logStream: 'kube-scheduler-0123' },
      ['other-log-stream'],
    ],
  ])('finds what is in %s', (_, payload, expected) => {
    expect(kinds(readValue(payload))).toEqual(expected);
    expect(kinds(read(text(payload)))).toEqual(expected);
    expect(kinds(read(JSON.stringify(payload, null, 2)))).toEqual(expected);
    expect(kinds(read(gzip(payload)))).toEqual(expected);
  });

  it('reads events one a line, one behind the other, and in joined gzip members', () => {
    const tricky = text(auditRecord({ userAgent: 'a}{b"]\\\n' }));
    expect(kinds(read(`${tricky}\n${text(trail)}\r\n${tricky}\n`))).toEqual(['k8s-audit', 'cloudtrail', 'k8s-audit']);
    expect(kinds(read(tricky + tricky + text(trail)))).toEqual(['k8s-audit', 'k8s-audit', 'cloudtrail']);
    const members = Buffer.concat([gzipSync(text(logs(tricky))), gzipSync(text(logs(tricky)))]);
    expect(kinds(readValue({ awslogs: { data: members.toString('base64') } }))).toEqual(['k8s-audit', 'k8s-audit']);
    const pretty = JSON.stringify(audit, null, 2);
    expect(kinds(read(`${pretty}\n${pretty}`))).toEqual(['k8s-audit', 'k8s-audit']);
  });

  it('lets what is broken cost its neighbours nothing', () => {
    const good = text(audit);
    const broken = [
      good.slice(0, 40),
      'I0301 not JSON',
      '',
      'null',
      '7',
      '{"a":1}',
      `${good.slice(0, 99)}[Truncated...]`,
    ];
    const deliveries = readValue(logs(good, ...broken, 42, null, good));
    expect(kinds(deliveries)).toEqual([
      'k8s-audit',
      ...['truncated', 'not-json', 'not-json', 'unrecognised', 'unrecognised', 'unrecognised', 'truncated'],
      ...['unrecognised', 'unrecognised'],
      'k8s-audit',
    ]);
    expect(kinds(read(`${good}\n${good.slice(0, 30)}\n${good}\n}\n${good}`))).toContain('truncated');
    expect(kinds(read(`${good}\n{"a":\n${good}`))).toEqual(['k8s-audit', 'truncated', 'k8s-audit']);
    expect(kinds(readValue({ Records: [trail, 5, { kinesis: { data: 5 } }, trail] }))).toEqual([
      'cloudtrail',
      'unrecognised',
      'unrecognised',
      'cloudtrail',
    ]);
  });

  it.each<[string, string, string]>([
    ['bad base64', '%%%%', 'bad-encoding'],
    ['base64 of nothing', '', 'bad-encoding'],
    ['base64 of anything else', Buffer.from('hello').toString('base64'), 'bad-encoding'],
    ['cut gzip', gzipSync(text(audit)).subarray(0, 60).toString('base64'), 'bad-encoding'],
    ['gzip with a flipped bit', flipped(gzipSync(text(audit)), 30).toString('base64'), 'bad-encoding'],
    ['gzip of text that is no JSON', gzipSync('hello').toString('base64'), 'not-json'],
  ])('quarantines %s', (_, data, reason) => {
    expect(kinds(readValue({ awslogs: { data } }))).toEqual([reason]);
    expect(
      kinds(readValue({ Records: [{ kinesis: { data } }, { kinesis: { data: gzip(logs(text(audit))) } }] })),
    ).toEqual([reason, 'k8s-audit']);
  });

  it('unpacks no gzip bomb', () => {
    const bomb = gzipSync(Buffer.alloc(257 * 1024 * 1024, ' '), { level: 1 }).toString('base64');
    expect(kinds(readValue({ awslogs: { data: bomb } }))).toEqual(['too-big']);
  });

  it('reads base64 that is broken into lines', () => {
    const wrapped = gzip(logs(text(audit))).replace(/.{76}/g, '$&\n');
    expect(kinds(read(wrapped))).toEqual(['k8s-audit']);
    expect(kinds(readValue({ awslogs: { data: wrapped } }))).toEqual(['k8s-audit']);
  });

  it('goes as deep as AWS nests and not much deeper', () => {
    expect(kinds(read(`${'['.repeat(12)}${text(audit)}${']'.repeat(12)}`))).toEqual(['k8s-audit']);
    for (const open of ['[', '{"Records":[', '{"message":'])
      expect(kinds(read(`${open.repeat(100_000)}1${closing(open).repeat(100_000)}`))).toEqual(['too-deep']);
    let nested = text(audit);
    for (let level = 0; level < 9; level++) nested = text(nested);
    expect(kinds(read(nested))).toEqual(['k8s-audit']);
    for (let level = 0; level < 4; level++) nested = text({ message: nested });
    expect(kinds(read(nested))).toHaveLength(1);
  });

  it('says where each record came from, as far as its envelopes tell', () => {
    const [first] = readValue({ awslogs: { data: gzip(logs(text(audit))) } }, { file: 'f' });
    expect(first?.origin).toEqual({
      file: 'f',
      logGroup: '/aws/eks/prod/cluster',
      logStream: 'kube-apiserver-audit-0123',
      account: '111122223333',
      cluster: 'prod',
      receivedAt: 1_772_359_200_000,
    });
    expect(readValue(kinesis(gzip(logs(text(audit)))))[0]?.origin.region).toBe('eu-west-1');
    const bridged = { 'detail-type': 'x', account: '1', region: 'eu-west-3', detail: trail };
    expect(readValue(bridged)[0]?.origin).toEqual({ account: '1', region: 'eu-west-3' });
  });

  it('reads only the source it is asked for', () => {
    const only = [...deliveriesOfValue([audit, trail], {}, decodeBase64Gzip, 'cloudtrail')];
    expect(kinds(only)).toEqual(['unrecognised', 'cloudtrail']);
  });

  it('quotes nothing of a record that it cannot read', () => {
    const canary = 'Xq7Zr2canaryV9';
    const broken = [
      `{"password":"${canary}`,
      `{"password":"${canary}" oops}`,
      `${canary}`,
      `{"${canary}":1}`,
      `{"x":"${canary}"}`,
      `"${canary}"`,
      `[${canary}]`,
      text({ awslogs: { data: `${canary}!` } }),
      text({ messageType: canary, 'detail-type': canary, detail: { [canary]: canary } }),
      `${text({ a: canary })}${canary}`,
    ];
    for (const one of broken) {
      const deliveries = read(one);
      expect(deliveries.length).toBeGreaterThan(0);
      for (const delivery of deliveries) expect(text(delivery)).not.toContain('canary');
    }
  });

  /** The keys by which envelopes are told apart, with anything in them. */
  const envelopeKey = fc.constantFrom(
    ...[
      'messageType',
      'logEvents',
      'awslogs',
      'data',
      'kinesis',
      'eventSource',
      'eventSourceARN',
      'Type',
      'body',
      'Message',
    ],
    ...['s3', 'Sns', 'Event', 'digestS3Object', 'logFiles', 'eventVersion', 'eventCategory', 'kind', 'items', 'detail'],
    ...[
      'detail-type',
      'Records',
      'events',
      'Events',
      'results',
      'message',
      '@message',
      'field',
      'value',
      'logStream',
      'timestamp',
    ],
    ...['__proto__', 'constructor', 'toString', 'valueOf', 'toJSON', 'length', 'apiVersion', 'auditID', 'eventName'],
  );
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(
      'DATA_MESSAGE',
      'CONTROL_MESSAGE',
      'aws:sqs',
      'Notification',
      'Insight',
      'EventList',
      'Event',
    ),
    fc.constantFrom<unknown>(
      '',
      'H4sI',
      'H4sIAAAA',
      '{',
      '[{}',
      '{}{}',
      '"',
      null,
      true,
      0,
      -1,
      1e300,
      'audit.k8s.io/v1',
    ),
    fc.jsonValue(),
  );
  const { garbage } = fc.letrec<{ garbage: unknown }>((tie) => ({
    garbage: fc.oneof(
      { maxDepth: 6 },
      leaf,
      fc.array(tie('garbage'), { maxLength: 4 }),
      fc.array(fc.tuple(envelopeKey, tie('garbage')), { maxLength: 6 }).map((fields) => Object.fromEntries(fields)),
      tie('garbage').map((inner) => JSON.stringify(inner) ?? ''),
    ),
  }));

  it('takes any JSON without throwing, and calls nothing but known things by a name', () => {
    fc.assert(
      fc.property(garbage, (value) => {
        const deliveries = read(JSON.stringify(value) ?? '');
        for (const { kind } of deliveries) expect(['record', 'control', 'quarantined']).toContain(kind);
        expect(text(readValue(JSON.parse(JSON.stringify(value) ?? 'null')))).toBeDefined();
      }),
      { numRuns: 3000 },
    );
  });

  it('is not fooled by a name that answers to nothing', () => {
    const mute = { toString: 1, valueOf: 1 };
    expect(kinds(readValue({ detail: trail, 'detail-type': mute }))).toEqual(['cloudtrail']);
    expect(
      kinds(
        readValue({
          results: [
            [
              { field: mute, value: 1 },
              { field: '@message', value: text(audit) },
            ],
          ],
        }),
      ),
    ).toEqual(['k8s-audit']);
  });

  it('makes one delivery of every message of a payload, whatever stands in it', () => {
    const message = fc.oneof(
      fc.constantFrom(text(audit), text(trail), '', '{', 'x', 'null', `${text(audit).slice(0, 99)}[Truncated...]`),
      fc.string().filter((one) => !/^\s*[[{]/.test(one)),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), (messages) => {
        expect(readValue(logs(...messages))).toHaveLength(messages.length);
      }),
    );
  });

  it('takes any text without throwing, and never answers text with nothing', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ',',
      ':',
      '\n',
      ' ',
      'a',
      '1',
      text(audit),
      '{}',
      '\u0000',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        expect(read(pieces.join('')).length > 0 || /^[\s[\]{}]*$/.test(pieces.join(''))).toBe(true);
      }),
      { numRuns: 3000 },
    );
    expect(kinds(read(''))).toEqual(['not-json']);
  });

  it('leaves Object.prototype alone', () => {
    const hostile = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    read(hostile);
    read(`{"results":[[{"field":"__proto__","value":${hostile}}]]}`);
    read(`{"messageType":"DATA_MESSAGE","logEvents":[{"__proto__":{"message":"x"}}],"__proto__":{"polluted":true}}`);
    expect('polluted' in {}).toBe(false);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  return bytes;
}

function closing(open: string): string {
  return open === '[' ? ']' : open === '{"message":' ? '}' : ']}';
}
