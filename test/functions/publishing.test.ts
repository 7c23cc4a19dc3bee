import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { Alert } from '../../core/alert.ts';
import type { Finding } from '../../core/finding.ts';
import { sqsEvent } from '../../local/aws.ts';
import { invoke } from '../../local/lambda.ts';
import { alertOf } from '../support/build.ts';
import { deployedAt } from '../support/deployed.ts';
import { startLosingAnswer } from '../support/lost-answer.ts';
import { payload } from '../support/payloads.ts';
import { startFaltering, startRefusing } from '../support/refusing-servers.ts';
import { findingsOf } from '../support/second-stage.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 2, 1, 10);

const { deployment, find } = deployedAt(NOW);

const alert = (id: string, finding: Partial<Finding> = {}, fields: object = {}): Alert =>
  alertOf(finding, { auditID: id, ...fields }, { origin: { cluster: 'prod-blue', account: '111122223333' } });

/** Puts findings into their queue, one message for each. */
const findEach = (...alerts: readonly Alert[]) => find(...alerts.map((one) => findingsOf(one)));

const findingsQueue = () => deployment().aws.queueUrl('findings.fifo');
const socQueue = () => deployment().aws.queueUrl('soc');

/** Everything in the queue as one batch; the emulator gives out one message of a group at a time, SQS several. */
const nextBatch = async () => sqsEvent(await deployment().aws.drain(findingsQueue()));

describe('what a subscriber receives', () => {
  it('is the alert, with texts for people and attributes for filter policies', async () => {
    const sent = alert('one', { severity: 'high', evidence: { command: ['sh', '-c', 'id'] } });
    await findEach(sent);
    const [received] = await deployment().received();
    expect(received?.alert).toEqual(sent);
    expect(received?.subject).toBe('[HIGH] prod-blue: alice deleted a pod');
    expect(received?.sms).toBe('HIGH prod-blue: alice deleted a pod');
    expect(received?.email).toContain('command: sh, -c, id');
    expect(received?.email).toContain(sent.detector.runbook);
    expect(received?.attributes).toEqual({
      severity: { Type: 'String', Value: 'high' },
      severityRank: { Type: 'Number', Value: '3' },
      detector: { Type: 'String', Value: 'k8s-audit/pod-deleted' },
      source: { Type: 'String', Value: 'k8s-audit' },
      tactic: { Type: 'String.Array', Value: '["TA0002","TA0006"]' },
      account: { Type: 'String', Value: '111122223333' },
      cluster: { Type: 'String', Value: 'prod-blue' },
      namespace: { Type: 'String', Value: 'shop' },
      incidentState: { Type: 'String', Value: 'opened' },
    });
  });
});

describe('an incident', () => {
  it('is told at once, not again for repeats, and again when it becomes worse', async () => {
    await findEach(alert('one'), alert('two'), alert('three', { severity: 'critical' }), alert('four'));
    const told = (await deployment().received()).map(({ alert: { event, severity, incident } }) => [
      event.id,
      severity,
      incident.state,
      incident.count,
    ]);
    expect(told).toEqual([
      ['one', 'medium', 'opened', 1],
      ['three', 'critical', 'escalated', 3],
    ]);
  });

  it('knows a message that comes again long after SQS has forgotten it', async () => {
    await findEach(alert('one'));
    const batch = await nextBatch();
    expect(await deployment().publish(batch)).toEqual({ batchItemFailures: [] });
    expect(await deployment().publish(batch)).toEqual({ batchItemFailures: [] });
    expect((await deployment().aws.alerts(socQueue())).length).toBe(1);
  });

  it('is remembered by a sandbox that has just begun', async () => {
    await findEach(alert('one'));
    const batch = await nextBatch();
    await deployment().publish(batch);
    expect((await invoke(deployment().start('publish-alerts'), batch)).answer).toEqual({ batchItemFailures: [] });
    expect((await deployment().aws.alerts(socQueue())).length).toBe(1);
  });

  it('is one also where three sources report the event, hours apart', async () => {
    const { detail, ...envelope } = payload('eventbridge-cloudtrail.json') as { detail: { eventID: string } };
    const another = { ...detail, eventID: '00000000-0000-4000-8000-000000000000' };
    const gzipped = (value: unknown) => gzipSync(JSON.stringify(value));
    const logEvents = [{ id: '1', timestamp: 1_758_028_591_000, message: JSON.stringify(detail) }];
    const logs = gzipped({
      messageType: 'DATA_MESSAGE',
      owner: '111122223333',
      logGroup: 'trail',
      logStream: '111122223333_CloudTrail_eu-west-1',
      subscriptionFilters: ['auditwire'],
      logEvents,
    });
    const key = 'AWSLogs/111122223333/CloudTrail/eu-west-1/2025/09/16/1.json.gz';
    await deployment().aws.putObject('trail', key, gzipped({ Records: [detail, another] }));
    const announcement = {
      Records: [{ eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'trail' }, object: { key } } }],
    };
    const announced = sqsEvent([{ MessageId: 'announced', Body: JSON.stringify(announcement) }]);
    const told: Alert[] = [];
    for (const event of [{ ...envelope, detail }, { awslogs: { data: logs.toString('base64') } }, announced]) {
      const { error, log } = await invoke(deployment().cloudtrail, event);
      expect(error).toBeUndefined();
      expect(JSON.parse(log).findingsMessages).toBeGreaterThan(0);
      told.push(...(await deployment().received()).map((received) => received.alert));
      vi.setSystemTime(Date.now() + 12 * HOUR_MS);
    }
    // What the object alone reports is new, and told under an id of its own.
    const ids = told.map(({ alertId }) => alertId);
    expect(ids.length).toBe(new Set(ids).size);
    const perDetector = Map.groupBy(told, ({ detector }) => detector.id);
    for (const alerts of perDetector.values()) expect(alerts.map(({ incident }) => incident.count)).toEqual([1, 1]);
    expect(perDetector.size).toBeGreaterThan(0);
  });
});

describe('when the answer to a write is lost', () => {
  it('tells nothing again, loses nothing and asks for nothing again', async () => {
    const dynamodb = await startLosingAnswer(deployment().aws.environment);
    const handler = deployment().start('publish-alerts', { AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint });
    await findEach(alert('one'));
    const { answer, log } = await invoke(handler, await nextBatch());
    await dynamodb.stop();
    expect(dynamodb.trace.length).toBe(1);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(JSON.parse(log)).toMatchObject({ messages: 1, failed: 0, findings: 1, problems: [] });

    await findEach(alert('two'));
    expect((await deployment().received()).map(({ alert: { event } }) => event.id)).toEqual(['one']);
    vi.setSystemTime(NOW + HOUR_MS);
    await invoke(deployment().watch, {});
    expect((await deployment().received()).map(({ alert: { incident } }) => incident.count)).toEqual([2]);
  });
});

describe('when SNS does not take an alert', () => {
  it('asks for every message again, and tells them then', async () => {
    await findEach(alert('one'), alert('two', { dedup: ['bob'] }));
    const batch = await nextBatch();
    await deployment().aws.deleteTopic('alerts');
    const { error, log } = await invoke(deployment().publishAlerts, batch);
    expect(error?.message).toMatch(/^2 of 2 findings messages not delivered: NotFound/);
    expect(JSON.parse(log)).toMatchObject({ messages: 2, failed: 2, findings: 0, alerted: 0 });
    expect(JSON.parse(log).problems.join()).toMatch(/NotFound/);

    await deployment().aws.createTopic('alerts');
    await deployment().aws.subscribe('alerts', 'soc');
    expect(await deployment().publish(batch)).toEqual({ batchItemFailures: [] });
    expect((await deployment().aws.alerts(socQueue())).map(({ alert: { event } }) => event.id)).toEqual(['one', 'two']);
  });

  it('still remembers what it took, however long it tried the rest', async () => {
    const sns = await startFaltering('event-two');
    const handler = deployment().start('publish-alerts', { AWS_ENDPOINT_URL_SNS: sns.address });
    await findEach(alert('event-one'), alert('event-two', { dedup: ['bob'] }));
    const batch = await nextBatch();
    const [first, second] = batch.Records;
    const { answer, log } = await invoke(handler, batch, 6_500);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: second?.messageId }] });
    expect(JSON.parse(log)).toMatchObject({
      failed: 1,
      findings: 1,
      alerted: 1,
      problems: ['Throttled', 'DeadlineError: out of time'],
    });
    sns.stop();
    expect(await deployment().publish({ Records: first ? [first] : [] })).toEqual({ batchItemFailures: [] });
    expect(await deployment().aws.alerts(socQueue())).toEqual([]);
  });

  it('ends before Lambda would kill it, and asks for the messages again', async () => {
    await findEach(alert('one'));
    const batch = await nextBatch();
    const { error } = await invoke(deployment().publishAlerts, batch, 2_000);
    expect(error?.message).toBe('1 of 1 findings messages not delivered: DeadlineError: out of time');
    expect(await deployment().publish(batch)).toEqual({ batchItemFailures: [] });
    expect((await deployment().aws.alerts(socQueue())).length).toBe(1);
  });
});

describe('a broken deployment', () => {
  it('fails at the first event, names the cause, tells nothing and keeps the findings', async () => {
    const refusing = await startRefusing();
    for (const [broken, cause] of [
      [{ INCIDENT_TABLE: 'no-such-table' }, /ResourceNotFoundException/],
      [{ AWS_ENDPOINT_URL_DYNAMODB: refusing.address }, /AccessDeniedException: .*not authorized/],
      [{ ALERT_TOPIC_ARN: deployment().aws.topicArn('no-such-topic') }, /NotFound/],
    ] as const) {
      const handler = deployment().start('publish-alerts', broken);
      await findEach(alert('one'));
      const batch = await nextBatch();
      const { error, log } = await invoke(handler, batch);
      expect(error?.message).toMatch(/^1 of 1 findings messages not delivered/);
      expect(error?.message).toMatch(cause);
      expect(JSON.parse(log).problems.join()).toMatch(cause);
      // The queue has forgotten in time that it had this message before.
      vi.setSystemTime(Date.now() + HOUR_MS);
    }
    refusing.stop();
    expect(await deployment().aws.alerts(socQueue())).toEqual([]);

    await findEach(alert('one'));
    await invoke(deployment().start('publish-alerts'), await nextBatch());
    expect((await deployment().aws.alerts(socQueue())).length).toBe(1);
  });
});

describe('the order of a message group', () => {
  it('lets nothing go ahead of a message that failed, and holds up no other group', async () => {
    const [first, other] = [alert('one'), alert('other', { dedup: ['bob'] })];
    await findEach(first);
    await deployment().aws.send(findingsQueue(), '{"no":"findings"}', first.dedupKey, 'poison');
    await findEach(alert('two', { severity: 'critical' }), other);
    const batch = await nextBatch();
    const { answer, log } = await invoke(deployment().publishAlerts, batch);
    const [, poison, behind] = batch.Records.filter(({ attributes }) => attributes.MessageGroupId === first.dedupKey);
    expect(answer).toEqual({
      batchItemFailures: [{ itemIdentifier: poison?.messageId }, { itemIdentifier: behind?.messageId }],
    });
    const told = (await deployment().aws.alerts(socQueue())).map(({ alert: { event } }) => event.id);
    expect(told.sort()).toEqual(['one', 'other']);
    expect(JSON.parse(log)).toMatchObject({
      messages: 4,
      failed: 2,
      findings: 2,
      alerted: 2,
      folded: 0,
      problems: [`${poison?.messageId}: a message that holds no findings`],
    });
  });
});
