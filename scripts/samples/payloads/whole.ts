import { ACCOUNT, REGION } from '../cluster.ts';
import type { Json, K8sEvent } from '../k8s-event.ts';
import { hexOf, uuidOf } from '../random.ts';
import type { Story } from '../story.ts';
import { at } from '../time.ts';
import type { TrailEvent } from '../trail-event.ts';
import * as wrap from './envelopes.ts';

export type Payloads = Record<string, Json | unknown[] | Buffer>;

export const auditLine = (event: K8sEvent) => ({
  at: Date.parse(event.stageTimestamp),
  message: JSON.stringify(event),
});
const trailLine = (event: TrailEvent) => ({ at: Date.parse(event.eventTime), message: JSON.stringify(event) });

/** Lines of the other control-plane logs, as their programs write them. */
const OTHER_STREAMS: Record<string, string[]> = {
  authenticator: [
    `time="2025-09-16T13:02:40Z" level=info msg="access granted" arn="arn:aws:iam::${ACCOUNT}:role/AWSReservedSSO_Developer_1f0c6d2a9b3e4758" client="127.0.0.1:41812" groups="[developers]" method=POST path=/authenticate stsendpoint=sts.${REGION}.amazonaws.com uid="aws-iam-authenticator:${ACCOUNT}:AROAEXAMPLEDEVELOPER1" username="ben@example.com"`,
    'time="2025-09-16T13:02:52Z" level=warning msg="access denied" client="127.0.0.1:41930" error="sts getCallerIdentity failed: error from AWS (expected 200, got 403)" method=POST path=/authenticate',
  ],
  'kube-apiserver': [
    'I0916 13:02:41.118204      10 controller.go:667] quota admission added evaluator for: deployments.apps',
    'W0916 13:03:02.540911      10 dispatcher.go:225] Failed calling webhook, failing open mpod.elbv2.k8s.aws: failed calling webhook',
    'E0916 13:03:09.002217      10 authentication.go:73] "Unable to authenticate the request" err="[invalid bearer token, service account token has expired]"',
  ],
  'kube-scheduler': [
    'I0916 13:02:44.700512       9 schedule_one.go:314] "Successfully bound pod to node" pod="shop/web-6f7d9c8b5-zk4xq" node="ip-10-0-12-31.eu-west-1.compute.internal" evaluatedNodes=5 feasibleNodes=4',
  ],
  'kube-controller-manager': [
    'I0916 13:02:44.412093      11 replica_set.go:679] "Finished syncing" logger="replicaset-controller" kind="ReplicaSet" key="shop/web-6f7d9c8b5" duration="18.214532ms"',
  ],
};

const otherStream = ([program, lines]: [string, string[]]): Json =>
  wrap.logsData(
    wrap.AUDIT_GROUP,
    `${program}-${hexOf(`stream/${program}`, 32)}`,
    lines.map((message, i) => ({ at: at('13:02:40') + i * 9000, message })),
  );

/** CloudTrail's other objects in the same bucket: a digest, which signs, and an insight, which is no API call. */
const digest: Json = {
  awsAccountId: ACCOUNT,
  digestStartTime: '2025-09-16T12:20:00Z',
  digestEndTime: '2025-09-16T13:20:00Z',
  digestS3Bucket: wrap.TRAIL_BUCKET,
  digestS3Object: `AWSLogs/${ACCOUNT}/CloudTrail-Digest/${REGION}/2025/09/16/${ACCOUNT}_CloudTrail-Digest_${REGION}_organization_${REGION}_20250916T132000Z.json.gz`,
  digestPublicKeyFingerprint: hexOf('fingerprint', 32),
  digestSignatureAlgorithm: 'SHA256withRSA',
  newestEventTime: '2025-09-16T13:17:12Z',
  oldestEventTime: '2025-09-16T12:20:03Z',
  previousDigestS3Bucket: wrap.TRAIL_BUCKET,
  previousDigestS3Object: `AWSLogs/${ACCOUNT}/CloudTrail-Digest/${REGION}/2025/09/16/${ACCOUNT}_CloudTrail-Digest_${REGION}_organization_${REGION}_20250916T122000Z.json.gz`,
  previousDigestHashValue: hexOf('previous', 64),
  previousDigestHashAlgorithm: 'SHA-256',
  previousDigestSignature: hexOf('signature', 64),
  logFiles: [
    {
      s3Bucket: wrap.TRAIL_BUCKET,
      s3Object: wrap.TRAIL_KEY,
      hashValue: hexOf('object', 64),
      hashAlgorithm: 'SHA-256',
      newestEventTime: '2025-09-16T13:17:12Z',
      oldestEventTime: '2025-09-16T12:20:03Z',
    },
  ],
};

const insight: Json = {
  Records: [
    {
      eventVersion: '1.08',
      eventTime: '2025-09-16T13:08:00Z',
      awsRegion: REGION,
      eventID: uuidOf('insight'),
      eventType: 'AwsCloudTrailInsight',
      recipientAccountId: ACCOUNT,
      sharedEventID: uuidOf('insight/shared'),
      insightDetails: {
        state: 'Start',
        eventSource: 'ec2.amazonaws.com',
        eventName: 'DescribeInstances',
        insightType: 'ApiCallRateInsight',
        insightContext: {
          statistics: {
            baseline: { average: 0.83 },
            insight: { average: 41.5 },
            insightDuration: 1,
            baselineDuration: 10079,
          },
        },
      },
      eventCategory: 'Insight',
    },
  ],
};

/** Whole events as Lambda hands them to the functions, and the objects that some of them point to. */
export function wholePayloads(audit: K8sEvent[], trail: TrailEvent[]): Payloads {
  const auditData = wrap.logsData(wrap.AUDIT_GROUP, wrap.AUDIT_STREAM, audit.map(auditLine));
  const trailData = wrap.logsData(wrap.TRAIL_GROUP, wrap.TRAIL_STREAM, trail.map(trailLine));
  const grant = trail.find(({ eventName }) => eventName === 'AssociateAccessPolicy') ?? {};
  const object = wrap.s3Created(wrap.TRAIL_KEY);
  return {
    'cloudwatch-logs-k8s-audit.json': wrap.subscription(auditData),
    'cloudwatch-logs-cloudtrail.json': wrap.subscription(trailData),
    'cloudwatch-logs-control-message.json': wrap.subscription(wrap.controlMessage),
    ...Object.fromEntries(
      Object.entries(OTHER_STREAMS).map((stream) => [
        `cloudwatch-logs-${stream[0]}-stream.json`,
        wrap.subscription(otherStream(stream)),
      ]),
    ),
    'kinesis-k8s-audit.json': wrap.kinesis([auditData, wrap.controlMessage]),
    'kinesis-cloudtrail.json': wrap.kinesis([trailData]),
    'kinesis-other-streams.json': wrap.kinesis(Object.entries(OTHER_STREAMS).map(otherStream)),
    'sqs-s3-notification-plain.json': wrap.sqs([object]),
    'sqs-s3-notification-sns-wrapped.json': wrap.sqs([wrap.snsWrapped(object)]),
    'sqs-s3-notification-test.json': wrap.sqs([wrap.s3Test]),
    'sqs-s3-notification-digest-and-insight.json': wrap.sqs([
      wrap.s3Created(String(digest.digestS3Object)),
      wrap.s3Created(wrap.TRAIL_KEY.replace('/CloudTrail/', '/CloudTrail-Insight/')),
    ]),
    's3-object-cloudtrail.json.gz': { Records: trail },
    's3-object-digest.json.gz': digest,
    's3-object-insight.json.gz': insight,
    'eventbridge-cloudtrail.json': wrap.eventBridge(grant, 'AWS API Call via CloudTrail', 'aws.eks'),
  };
}

/** Files as people have them on disk, for replay. */
export function onDisk(audit: K8sEvent[]): Payloads {
  const group = `${ACCOUNT}:${wrap.AUDIT_GROUP}`;
  return {
    'filter-log-events.json': {
      events: audit.map((event, i) => ({
        logStreamName: wrap.AUDIT_STREAM,
        timestamp: Date.parse(event.stageTimestamp),
        message: JSON.stringify(event),
        ingestionTime: Date.parse(event.stageTimestamp) + 2417,
        eventId: `3920${String(i).padStart(52, '0')}`,
      })),
      searchedLogStreams: [],
    },
    'get-query-results.json': {
      results: audit.map((event) => [
        { field: '@timestamp', value: event.stageTimestamp.slice(0, 23).replace('T', ' ') },
        { field: '@message', value: JSON.stringify(event) },
        { field: '@ptr', value: Buffer.from(`${group}/${event.auditID}`).toString('base64') },
      ]),
      statistics: {
        recordsMatched: audit.length,
        recordsScanned: 48211,
        estimatedRecordsSkipped: 0,
        bytesScanned: 97812364,
        estimatedBytesSkipped: 0,
        logGroupsScanned: 1,
      },
      status: 'Complete',
    },
    'event-list.json': { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: audit },
    'json-array.json': audit,
  };
}

/** A few events of a story in the order of the log: the attacker's, and one ordinary event before each. */
export function excerpt({ audit, trail, labels }: Story): { audit: K8sEvent[]; trail: TrailEvent[] } {
  const wanted = new Set(labels.map(({ id }) => id));
  const near = <T>(events: T[], idOf: (event: T) => string) =>
    events.filter((event, i) => wanted.has(idOf(event)) || wanted.has(idOf(events[i + 1] ?? event)));
  return { audit: near(audit, (event) => event.auditID), trail: near(trail, (event) => event.eventID) };
}
