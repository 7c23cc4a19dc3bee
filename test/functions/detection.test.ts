import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import type { Alert } from '../../core/alert.ts';
import { countsOf, invoke } from '../../local/lambda.ts';
import * as wrap from '../../scripts/samples/payloads/envelopes.ts';
import { secretsRead } from '../support/build.ts';
import { it } from '../support/own-deployment.ts';
import { payload, subscriptionOf } from '../support/payloads.ts';
import { replayed } from '../support/replayed.ts';

type S3Notification = { Records: { messageId: string; body: string }[] };

/** What became known of each problem in the end, to the letter, whether it was told at once or in a roll-up. */
function problemsIn(alerts: readonly Alert[]): Map<string, Alert> {
  const inOrder = alerts.toSorted((a, b) => a.incident.count - b.incident.count);
  return new Map(
    inOrder.map((alert) => [alert.dedupKey, { ...alert, incident: { ...alert.incident, state: 'opened' as const } }]),
  );
}

async function problemsOf(sample: string): Promise<Map<string, Alert>> {
  return problemsIn((await replayed([`samples/payloads/${sample}`], { region: 'eu-west-1' })).alerts);
}

describe('from a payload to a subscriber', () => {
  it.for([
    ['eksAudit', 'cloudwatch-logs-k8s-audit.json', 'cloudwatch-logs-k8s-audit.json'],
    ['eksAudit', 'kinesis-k8s-audit.json', 'kinesis-k8s-audit.json'],
    ['cloudtrail', 'cloudwatch-logs-cloudtrail.json', 'cloudwatch-logs-cloudtrail.json'],
    ['cloudtrail', 'kinesis-cloudtrail.json', 'kinesis-cloudtrail.json'],
    ['cloudtrail', 'eventbridge-cloudtrail.json', 'eventbridge-cloudtrail.json'],
    ['cloudtrail', 'sqs-s3-notification-plain.json', 's3-object-cloudtrail.json.gz'],
    ['cloudtrail', 'sqs-s3-notification-sns-wrapped.json', 's3-object-cloudtrail.json.gz'],
  ] as const)('%s judges %s as a replay does', async ([name, sample, judged], { deployment }) => {
    const event = payload(sample);
    if (sample.startsWith('sqs')) await deployment.putAnnounced(event);
    const { error, answer } = await invoke(deployment[name], event);
    expect(error).toBeUndefined();
    expect(answer).toEqual(/^(?:kinesis|sqs)/.test(sample) ? { batchItemFailures: [] } : undefined);

    const received = await deployment.received();
    const problems = await problemsOf(judged);
    expect(problems.size).toBeGreaterThan(0);
    expect(received.length).toBe(problems.size);
    expect(problemsIn(received.map(({ alert }) => alert))).toEqual(problems);
    for (const { alert } of received) {
      expect(alert.event).toMatchObject({ account: '111122223333', region: 'eu-west-1', cluster: 'prod-blue' });
    }
    expect(await deployment.quarantined()).toEqual([]);
  });

  it.for([
    ['eksAudit', 'cloudwatch-logs-control-message.json', 1],
    ['eksAudit', 'cloudwatch-logs-authenticator-stream.json', 2],
    ['eksAudit', 'cloudwatch-logs-kube-apiserver-stream.json', 3],
    ['eksAudit', 'kinesis-other-streams.json', 7],
    ['cloudtrail', 'sqs-s3-notification-test.json', 1],
    ['cloudtrail', 'sqs-s3-notification-digest-and-insight.json', 2],
  ] as const)('%s counts what %s holds, and says nothing of it', async ([name, sample, control], { deployment }) => {
    const invocation = await invoke(deployment[name], payload(sample));
    expect(invocation.error).toBeUndefined();
    expect(countsOf(invocation)).toMatchObject({ records: control, control, findings: 0 });
    expect(await deployment.received()).toEqual([]);
    expect(await deployment.quarantined()).toEqual([]);
  });

  it('leaves the logs of other services alone that lie in the same bucket as a trail', async ({ deployment }) => {
    const keys = ['elasticloadbalancing/eu-west-1/2026/03/01/a.log.gz', 'Config/eu-west-1/2026/3/1/b.json.gz'];
    const invocation = await invoke(
      deployment.cloudtrail,
      wrap.sqs(keys.map((key) => wrap.s3Created(`AWSLogs/o-abc123/111122223333/${key}`))),
    );
    expect(invocation.answer).toEqual({ batchItemFailures: [] });
    expect(countsOf(invocation)).toMatchObject({ records: 2, control: 2 });
    expect(await deployment.quarantined()).toEqual([]);
  });

  it('tells a subscriber with a filter policy only what it asked for', async ({ deployment }) => {
    const critical = await deployment.aws.subscribe('alerts', 'pager', {
      severityRank: [{ numeric: ['>=', 4] }],
      cluster: ['prod-blue'],
      source: ['k8s-audit'],
    });
    await invoke(deployment.eksAudit, payload('cloudwatch-logs-k8s-audit.json'));
    const everything = await deployment.received();
    const paged = await deployment.aws.alerts(critical);
    const wanted = everything.filter(({ alert }) => alert.severity === 'critical');
    expect(paged.map(({ alert }) => alert)).toEqual(wanted.map(({ alert }) => alert));
    expect(paged.length).toBeGreaterThan(0);
    expect(everything.length).toBeGreaterThan(paged.length);
  });
});

describe('a broken payload', () => {
  it.for([
    'broken-json-in-log-event.json',
    'broken-line-truncated.json',
    'broken-invalid-utf8.json',
    'broken-deep-nesting.json',
    'broken-proto-keys.json',
    'broken-user-agent-uffff.json',
    'broken-lone-surrogate.json',
  ])(
    '%s: it is judged as far as it is there, and its neighbours alert, however often it comes',
    async (sample, { deployment }) => {
      for (let delivery = 0; delivery < 2; delivery++) {
        const invocation = await invoke(deployment.eksAudit, payload(sample));
        expect(invocation.error).toBeUndefined();
        expect(countsOf(invocation).quarantined).toBe(0);
      }
      const received = problemsIn((await deployment.received()).map(({ alert }) => alert));
      expect(received).toEqual(await problemsOf(sample));
      for (const neighbour of (await problemsOf('cloudwatch-logs-k8s-audit.json')).keys())
        expect(received.has(neighbour)).toBe(true);
      expect(await deployment.quarantined()).toEqual([]);
    },
  );

  it.for([
    ['broken-json-in-log-event.json', 'system:kube-scheduler', 'annotations'],
    [
      'broken-line-truncated.json',
      'arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Developer_1f0c6d2a9b3e4758/ben@example.com',
      'responseObject',
    ],
  ] as const)(
    '%s: the record that was cut is told as what it is',
    async ([sample, username, cutIn], { deployment }) => {
      await invoke(deployment.eksAudit, payload(sample));
      const alerts = (await deployment.received()).map(({ alert }) => alert);
      const told = alerts.filter(({ detector }) => detector.id === 'k8s-audit/audit-event-truncated');
      expect(told).toMatchObject([{ event: { partial: true }, actor: { username }, evidence: { cutIn } }]);
    },
  );

  it.for([
    ['broken-base64.json', 'bad-encoding'],
    ['broken-gzip-truncated.json', 'bad-encoding'],
    ['broken-gzip-checksum.json', 'bad-encoding'],
    ['broken-not-gzip.json', 'truncated'],
    ['broken-envelope-json.json', 'truncated'],
    ['broken-empty.json', 'unrecognised'],
  ] as const)(
    '%s: is in quarantine whole and once, however often it comes',
    async ([sample, reason], { deployment }) => {
      for (let delivery = 0; delivery < 2; delivery++) {
        const invocation = await invoke(deployment.eksAudit, payload(sample));
        expect(invocation.error).toBeUndefined();
        expect(countsOf(invocation)).toMatchObject({ records: 1, quarantined: 1, findings: 0 });
      }
      expect(await deployment.quarantined()).toEqual([expect.objectContaining({ reason })]);
    },
  );

  it('leaves the text of its own in quarantine, once and without its neighbours, however often it comes', async ({
    deployment,
  }) => {
    const bad = '{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"cut-he';
    const event = subscriptionOf(secretsRead('a1'), bad, 'no json \uffff', secretsRead('a2'));
    for (let delivery = 0; delivery < 2; delivery++)
      expect(countsOf(await invoke(deployment.eksAudit, event)).quarantined).toBe(2);
    const [cut, noJson, ...rest] = (await deployment.quarantined()).sort((a, b) => (a.reason < b.reason ? 1 : -1));
    expect(cut).toEqual({ reason: 'truncated', encoding: 'text', body: bad });
    expect(noJson).toMatchObject({ reason: 'not-json', encoding: 'gzip+base64' });
    expect(gunzipSync(Buffer.from(noJson?.body ?? '', 'base64')).toString()).toBe('no json \uffff');
    expect(rest).toEqual([]);
  });

  it('does not stop a batch of S3 objects; an object that is not there comes again', async ({ deployment }) => {
    const there = payload('sqs-s3-notification-plain.json') as S3Notification;
    await deployment.putAnnounced(there);
    const missing = JSON.parse(
      JSON.stringify(there).replaceAll('_20', '_19').replaceAll('762f', '863f'),
    ) as S3Notification;
    const broken = { ...there.Records[0], messageId: 'broken', body: 'no notification' };
    const gone = { ...missing.Records[0], messageId: 'gone' };
    const event = { Records: [broken, gone, ...there.Records] };
    const invocation = await invoke(deployment.cloudtrail, event);
    expect(invocation.answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'gone' }] });
    expect(JSON.parse(invocation.log).problems).toEqual([
      expect.stringMatching(/^gone: NoSuchKey: .* \(s3:\/\/example-organization-cloudtrail\/AWSLogs\/.*\)$/),
    ]);
    expect((await deployment.received()).length).toBeGreaterThan(0);
    expect((await deployment.quarantined()).map(({ reason, body }) => [reason, body])).toEqual([
      ['not-json', 'no notification'],
    ]);
  });
});

describe('one problem, many findings', () => {
  it('sends a flood as one message and tells it as one alert', async ({ deployment }) => {
    const flood = Array.from({ length: 500 }, (_, place) => secretsRead(`flood-${place}`));
    const invocation = await invoke(deployment.eksAudit, subscriptionOf(...flood));
    expect(countsOf(invocation)).toMatchObject({ records: 500, found: 500, findings: 500, findingsMessages: 1 });
    const [{ alert } = { alert: undefined }, ...rest] = await deployment.received();
    expect(rest).toEqual([]);
    expect(alert?.incident).toMatchObject({ state: 'opened', count: 500 });
    expect(alert?.incident.sampleEventIds).toEqual(['flood-0', 'flood-1', 'flood-2', 'flood-3', 'flood-4']);
  });

  it('counts an event once that was logged at two stages', async ({ deployment }) => {
    const started = secretsRead('stream', { stage: 'ResponseStarted' });
    const invocation = await invoke(deployment.eksAudit, subscriptionOf(started, secretsRead('stream')));
    expect(countsOf(invocation)).toMatchObject({ findings: 2, sent: 1, repeated: 1 });
    expect((await deployment.received()).map(({ alert }) => alert.incident.count)).toEqual([1]);
  });
});

describe('when the world fails', () => {
  it('throws what AWS said, so that Lambda delivers the payload again, and nothing is lost by that', async ({
    deployment,
  }) => {
    await deployment.aws.deleteQueue('findings.fifo');
    const event = payload('cloudwatch-logs-k8s-audit.json');
    const { error, log } = await invoke(deployment.eksAudit, event);
    expect(error?.name).toBe('UndeliveredError');
    const problems = await problemsOf('cloudwatch-logs-k8s-audit.json');
    const count = problems.size;
    expect(error?.message).toMatch(`${count} of ${count} findings messages not delivered: QueueDoesNotExist`);
    expect(JSON.parse(log).findingsMessages).toBe(0);

    await deployment.aws.createQueue('findings.fifo');
    expect((await invoke(deployment.eksAudit, event)).error).toBeUndefined();
    expect(problemsIn((await deployment.received()).map(({ alert }) => alert))).toEqual(problems);
  });

  it('tells Kinesis the first record that could not be finished', async ({ deployment }) => {
    await deployment.aws.deleteQueue('findings.fifo');
    const quiet = payload('kinesis-other-streams.json') as { Records: { kinesis: { sequenceNumber: string } }[] };
    const loud = payload('kinesis-k8s-audit.json') as typeof quiet;
    const [attack] = loud.Records;
    const { answer, error } = await invoke(deployment.eksAudit, { Records: [...quiet.Records, ...loud.Records] });
    expect(error).toBeUndefined();
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: attack?.kinesis.sequenceNumber }] });
  });

  it('fails where it can do nothing with any record of a batch, as it does with a payload', async ({ deployment }) => {
    await deployment.aws.deleteQueue('findings.fifo');
    const kinesis = payload('kinesis-k8s-audit.json') as { Records: { kinesis: { sequenceNumber: string } }[] };
    const sqs = payload('sqs-s3-notification-plain.json') as S3Notification;
    for (const [handler, batch, id] of [
      [deployment.eksAudit, kinesis, kinesis.Records[0]?.kinesis.sequenceNumber],
      [deployment.cloudtrail, sqs, sqs.Records[0]?.messageId],
    ] as const) {
      if (batch === sqs) await deployment.putAnnounced(sqs);
      const { error, log } = await invoke(handler, batch);
      expect(error?.name).toBe('BatchError');
      const why = new RegExp(
        `${id}: UndeliveredError: \\d+ of \\d+ findings messages not delivered: QueueDoesNotExist`,
      );
      expect(error?.message).toMatch(why);
      expect(JSON.parse(log).problems).toEqual([expect.stringMatching(why)]);
    }
  });

  it('sends findings before it despairs of quarantine', async ({ deployment }) => {
    await deployment.aws.deleteQueue('quarantine.fifo');
    const { error } = await invoke(deployment.eksAudit, subscriptionOf(secretsRead('a1'), 'no json'));
    expect(error?.message).toMatch(/^1 of 1 quarantined records not delivered/);
    expect((await deployment.received()).length).toBeGreaterThan(0);
  });

  it('ends in time though nobody answers', async ({ deployment }) => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const queueUrl = `http://127.0.0.1:${port}/0/queue.fifo`;
    const handler = deployment.start('eks-audit', {
      AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${port}`,
      FINDINGS_QUEUE_URL: queueUrl,
      QUARANTINE_QUEUE_URL: queueUrl,
    });
    const startedAt = performance.now();
    const { error } = await invoke(handler, payload('cloudwatch-logs-k8s-audit.json'), 3_000);
    expect(error?.name).toBe('UndeliveredError');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    mute.close();
  });

  it('ends before Lambda would kill it, saying what is left', async ({ deployment }) => {
    const { error } = await invoke(deployment.eksAudit, payload('cloudwatch-logs-k8s-audit.json'), 2_000);
    expect(error?.message).toMatch(/^(\d+) of \1 findings messages not delivered: DeadlineError: out of time$/);
    const batch = await invoke(deployment.eksAudit, payload('kinesis-k8s-audit.json'), 2_000);
    expect(batch.error?.message).toMatch(/^nothing of the batch could be done: \d+: DeadlineError: out of time$/);
  });
});

describe('the log', () => {
  it('is one line that accounts for every record and quotes none', async ({ deployment }) => {
    const bad = ['{"half":"hunter2-canary', secretsRead('hunter2-canary', { userAgent: 'hunter2-canary' })];
    const invocation = await invoke(deployment.eksAudit, subscriptionOf(...bad));
    expect(invocation.log.split('\n').length).toBe(1);
    expect(invocation.log).not.toContain('hunter2');
    const { records = 0, quiet = 0, found = 0, quarantined = 0, control = 0, ...counts } = countsOf(invocation);
    expect(records).toBe(2);
    expect(quiet + found + quarantined + control).toBe(records);
    expect(counts).toMatchObject({ findings: 1, sent: 1, repeated: 0, muted: 0 });
  });
});
