import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { ACCOUNT, CLUSTER, REGION } from '../cluster.ts';
import type { Json } from '../k8s-event.ts';
import { hexOf, uuidOf } from '../random.ts';
import { seconds } from '../time.ts';

export const AUDIT_GROUP = `/aws/eks/${CLUSTER}/cluster`;
export const AUDIT_STREAM = `kube-apiserver-audit-${hexOf('stream/audit', 32)}`;
export const TRAIL_GROUP = 'cloudtrail/organization';
export const TRAIL_STREAM = `${ACCOUNT}_CloudTrail_${REGION}_3`;
export const TRAIL_BUCKET = 'example-organization-cloudtrail';
export const TRAIL_KEY = `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/2025/09/16/${ACCOUNT}_CloudTrail_${REGION}_20250916T1320Z_Kq3vN8xZ2mLwB7tD.json.gz`;

type Line = { at: number; message: string };

/** What CloudWatch Logs sends to a subscriber, before compression. */
export const logsData = (logGroup: string, logStream: string, lines: Line[]): Json => ({
  messageType: 'DATA_MESSAGE',
  owner: ACCOUNT,
  logGroup,
  logStream,
  subscriptionFilters: [logGroup === TRAIL_GROUP ? 'auditwire-cloudtrail' : 'auditwire-eks-audit'],
  logEvents: lines.map(({ at, message }, i) => ({
    id: `39${String(at).padStart(24, '0')}${String(i).padStart(30, '0')}`,
    timestamp: at,
    message,
  })),
});

export const controlMessage: Json = {
  messageType: 'CONTROL_MESSAGE',
  owner: 'CloudwatchLogs',
  logGroup: '',
  logStream: '',
  subscriptionFilters: [],
  logEvents: [
    {
      id: '',
      timestamp: 1757980800000,
      message: 'CWL CONTROL MESSAGE: Checking health of destination Kinesis stream.',
    },
  ],
};

const gzipped = (data: Json | Buffer): Buffer =>
  gzipSync(Buffer.isBuffer(data) ? data : JSON.stringify(data), { level: 9 });

/** A Lambda event of a subscription filter. Bytes may be given where the payload is not JSON or not UTF-8. */
export const subscription = (data: Json | Buffer): Json => ({ awslogs: { data: gzipped(data).toString('base64') } });

/** A Lambda event of a Kinesis data stream; each record holds one subscription payload, compressed. */
export const kinesis = (payloads: (Json | Buffer)[]): Json => ({
  Records: payloads.map((data, i) => {
    const sequenceNumber = `4966${hexOf('shard', 12).replaceAll(/\D/g, '7')}${String(i).padStart(40, '0')}`;
    return {
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: hexOf(`partition/${i}`, 32),
        sequenceNumber,
        data: gzipped(data).toString('base64'),
        approximateArrivalTimestamp: 1758027734.221 + i,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `shardId-000000000000:${sequenceNumber}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: `arn:aws:iam::${ACCOUNT}:role/auditwire-eks-audit`,
      awsRegion: REGION,
      eventSourceARN: `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/auditwire-eks-audit`,
    };
  }),
});

/** A Lambda event of an SQS queue with the given bodies. */
export const sqs = (bodies: unknown[]): Json => ({
  Records: bodies.map((value, i) => {
    const body = JSON.stringify(value);
    return {
      messageId: uuidOf(`message/${i}/${body.length}`),
      receiptHandle: Buffer.from(hexOf(`receipt/${i}`, 64)).toString('base64'),
      body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(1758028801000 + i),
        SenderId: 'AIDAEXAMPLESENDER0001',
        ApproximateFirstReceiveTimestamp: String(1758028801100 + i),
      },
      messageAttributes: {},
      md5OfBody: createHash('md5').update(body).digest('hex'),
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:${REGION}:${ACCOUNT}:auditwire-cloudtrail-objects`,
      awsRegion: REGION,
    };
  }),
});

/** An S3 notification of new objects; keys are written as S3 encodes them. */
export const s3Created = (...keys: string[]): Json => ({
  Records: keys.map((key, i) => ({
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: REGION,
    eventTime: `${seconds(1758028800000 + i).slice(0, -1)}.123Z`,
    eventName: 'ObjectCreated:Put',
    userIdentity: { principalId: `AWS:AROAEXAMPLETRAIL0001:regionalDeliverySession` },
    requestParameters: { sourceIPAddress: '192.0.2.14' },
    responseElements: {
      'x-amz-request-id': hexOf(`s3/${key}`, 16).toUpperCase(),
      'x-amz-id-2': Buffer.from(hexOf(`s3-2/${key}`, 48)).toString('base64'),
    },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'auditwire',
      bucket: {
        name: TRAIL_BUCKET,
        ownerIdentity: { principalId: 'A3NL1KOZZKEXAMPLE' },
        arn: `arn:aws:s3:::${TRAIL_BUCKET}`,
      },
      object: {
        key: encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+'),
        size: 4096 + i,
        eTag: hexOf(`etag/${key}`, 32),
        sequencer: hexOf(`sequencer/${key}`, 18).toUpperCase(),
      },
    },
  })),
});

export const s3Test: Json = {
  Service: 'Amazon S3',
  Event: 's3:TestEvent',
  Time: '2025-09-16T08:00:00.000Z',
  Bucket: TRAIL_BUCKET,
  RequestId: 'EXAMPLE123456789',
  HostId: 'EXAMPLEHOSTID',
};

/** The body that SNS puts into a queue when raw delivery is off. */
export const snsWrapped = (message: Json): Json => ({
  Type: 'Notification',
  MessageId: uuidOf(`sns/${JSON.stringify(message).length}`),
  TopicArn: `arn:aws:sns:${REGION}:${ACCOUNT}:cloudtrail-objects`,
  Subject: 'Amazon S3 Notification',
  Message: JSON.stringify(message),
  Timestamp: '2025-09-16T13:20:01.511Z',
  SignatureVersion: '1',
  Signature: 'EXAMPLEsignature==',
  SigningCertURL: `https://sns.${REGION}.amazonaws.com/SimpleNotificationService-example.pem`,
  UnsubscribeURL: `https://sns.${REGION}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:${REGION}:${ACCOUNT}:cloudtrail-objects:${uuidOf('subscription')}`,
});

export const eventBridge = (record: Json, detailType: string, source: string): Json => ({
  version: '0',
  id: uuidOf(`eventbridge/${record.eventID}`),
  'detail-type': detailType,
  source,
  account: ACCOUNT,
  time: record.eventTime,
  region: record.awsRegion,
  resources: [],
  detail: record,
});
