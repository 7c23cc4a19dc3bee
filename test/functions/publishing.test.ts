import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findingsMessage } from '../../aws/findings-queue.ts';
import type { Alert } from '../../core/alert.ts';
import type { Finding } from '../../core/finding.ts';
import { FindingsByProblem } from '../../core/findings.ts';
import { sqsEvent } from '../support/aws.ts';
import { alertOf } from '../support/build.ts';
import { Bundles, invoke } from '../support/lambda.ts';
import { Deployment } from '../support/lambda-deployment.ts';

let bundles: Bundles;
let deployment: Deployment;

beforeAll(async () => {
  bundles = await Bundles.build();
}, 60_000);
afterAll(() => bundles.remove());
beforeEach(async () => {
  deployment = await Deployment.of(bundles);
});
afterEach(() => deployment.stop());

const alert = (id: string, finding: Partial<Finding> = {}, fields: object = {}): Alert =>
  alertOf(finding, { auditID: id, ...fields }, { origin: { cluster: 'prod-blue', account: '111122223333' } });

/** Puts findings into their queue, one message for each. */
async function find(...alerts: readonly Alert[]): Promise<void> {
  for (const one of alerts) {
    const findings = new FindingsByProblem();
    findings.add(one);
    for (const each of findings.all(() => 3_600_000)) {
      const { MessageBody, MessageGroupId, MessageDeduplicationId } = findingsMessage(each);
      await deployment.aws.send(findingsQueue(), MessageBody, MessageGroupId, MessageDeduplicationId);
    }
  }
}

const findingsQueue = () => deployment.aws.queueUrl('findings.fifo');
const socQueue = () => deployment.aws.queueUrl('soc');

/** Everything in the queue as one batch; the emulator gives out one message of a group at a time, SQS several. */
const nextBatch = async () => sqsEvent(await deployment.aws.drain(findingsQueue()));

describe('what a subscriber receives', () => {
  it('is the alert, with texts for people and attributes for filter policies', async () => {
    const sent = alert('one', { severity: 'high', evidence: { command: ['sh', '-c', 'id'] } });
    await find(sent);
    const [received] = await deployment.received();
    expect(received?.alert).toEqual(sent);
    expect(received?.subject).toBe('[HIGH] alice deleted a pod');
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
    await find(alert('one'), alert('two'), alert('three', { severity: 'critical' }), alert('four'));
    const told = (await deployment.received()).map(({ alert: { event, severity, incident } }) => [
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
    await find(alert('one'));
    const batch = await nextBatch();
    expect(await deployment.publish(batch)).toEqual({ batchItemFailures: [] });
    expect(await deployment.publish(batch)).toEqual({ batchItemFailures: [] });
    expect((await deployment.aws.alerts(socQueue())).length).toBe(1);
  });

  it('is told twice rather than never by a sandbox that remembers nothing, and under the same id', async () => {
    await find(alert('one'));
    const batch = await nextBatch();
    await deployment.publish(batch);
    await invoke(deployment.restartPublishing(), batch);
    const ids = (await deployment.aws.alerts(socQueue())).map(({ alert: { alertId } }) => alertId);
    expect(ids).toEqual([alert('one').alertId, alert('one').alertId]);
  });
});

describe('when SNS does not take an alert', () => {
  it('asks for every message again, and tells them then', async () => {
    await find(alert('one'), alert('two', { dedup: ['bob'] }));
    const batch = await nextBatch();
    await deployment.aws.deleteTopic('alerts');
    const { answer, log } = await invoke(deployment.publishAlerts, batch);
    const asked = batch.Records.map(({ messageId }) => ({ itemIdentifier: messageId }));
    expect(answer).toEqual({ batchItemFailures: asked });
    expect(JSON.parse(log)).toMatchObject({ messages: 2, failed: 2, findings: 0, alerted: 0 });
    expect(JSON.parse(log).problems.join()).toMatch(/NotFound/);

    await deployment.aws.createTopic('alerts');
    await deployment.aws.subscribe('alerts', 'soc');
    expect(await deployment.publish(batch)).toEqual({ batchItemFailures: [] });
    expect((await deployment.aws.alerts(socQueue())).map(({ alert: { event } }) => event.id)).toEqual(['one', 'two']);
  });

  it('ends before Lambda would kill it, and asks for the messages again', async () => {
    await find(alert('one'));
    const batch = await nextBatch();
    const { answer } = await invoke(deployment.publishAlerts, batch, 2_000);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: batch.Records[0]?.messageId }] });
  });
});

describe('the order of a message group', () => {
  it('lets nothing go ahead of a message that failed, and holds up no other group', async () => {
    const [first, other] = [alert('one'), alert('other', { dedup: ['bob'] })];
    await find(first);
    await deployment.aws.send(findingsQueue(), '{"no":"findings"}', first.dedupKey, 'poison');
    await find(alert('two', { severity: 'critical' }), other);
    const batch = await nextBatch();
    const { answer, log } = await invoke(deployment.publishAlerts, batch);
    const [, poison, behind] = batch.Records.filter(({ attributes }) => attributes.MessageGroupId === first.dedupKey);
    expect(answer).toEqual({
      batchItemFailures: [{ itemIdentifier: poison?.messageId }, { itemIdentifier: behind?.messageId }],
    });
    const told = (await deployment.aws.alerts(socQueue())).map(({ alert: { event } }) => event.id);
    expect(told.sort()).toEqual(['one', 'other']);
    expect(JSON.parse(log)).toMatchObject({ messages: 4, failed: 2, findings: 2, alerted: 2, folded: 0 });
  });
});
