import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LOST_AFTER_MS } from '../../core/auditwire/canary.ts';
import { LocalCloudWatchLogs } from '../../local/cloudwatch-logs.ts';
import { countsOf, type Handler, invoke } from '../../local/lambda.ts';
import { deployedAt } from '../support/deployed.ts';

const LOG_GROUP = '/auditwire/canary';
const EVERY_MS = 15 * 60_000;

const { deployment } = deployedAt(Date.UTC(2026, 2, 4, 10));

let logs: LocalCloudWatchLogs;
let queue: string;
let canary: Handler;

beforeEach(async () => {
  logs = await LocalCloudWatchLogs.start([LOG_GROUP]);
  queue = await deployment().aws.subscribe('alerts', 'canary', { detector: ['auditwire/canary'] });
  canary = startCanary(LOG_GROUP);
});
afterEach(() => logs.stop());

const startCanary = (logGroup: string) =>
  deployment().start('canary', {
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: logs.address,
    CANARY_LOG_GROUP: logGroup,
    CANARY_QUEUE_URL: queue,
  });

const wait = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** What CloudWatch Logs and the queue behind it do meanwhile. */
async function deliver(): Promise<void> {
  for (const event of logs.deliver(LOG_GROUP)) {
    const { error } = await invoke(deployment().eksAudit, event);
    expect(error).toBeUndefined();
  }
  await deployment().aws.pump(deployment().aws.queueUrl('findings.fifo'), (event) => deployment().publish(event));
}

describe('the canary, as deployed', () => {
  it('is sent, comes out as an alert, and is found there, time after time', async () => {
    for (let run = 0; run < 4; run++) {
      const invocation = await invoke(canary, {});
      expect(invocation.error).toBeUndefined();
      expect(countsOf(invocation)).toMatchObject({ sent: 1, arrived: run === 0 ? 0 : 1, lost: 0, waiting: 1 });
      wait(120_000);
      await deliver();
      wait(EVERY_MS - 120_000);
    }
    // That of the last run, and no other.
    expect(await deployment().aws.drain(queue)).toHaveLength(1);
    const everything = await deployment().aws.alerts(deployment().aws.queueUrl('soc'));
    expect(everything.map(({ alert }) => [alert.detector.id, alert.severity])).toEqual(
      Array(4).fill(['auditwire/canary', 'info']),
    );
    expect(await deployment().quarantined()).toEqual([]);
  });

  it('throws once for each that did not come out, and no more when the path is whole again', async () => {
    await invoke(canary, {});
    wait(EVERY_MS);
    const { error, log } = await invoke(canary, {});
    expect(error?.name).toBe('CanaryLostError');
    expect(error?.message).toBe('1 did not come out within 10 minutes');
    expect(countsOf({ log })).toMatchObject({ sent: 1, arrived: 0, lost: 1, waiting: 1 });
    expect(JSON.parse(log).problems).toEqual(['CanaryLostError: 1 did not come out within 10 minutes']);

    await deliver();
    wait(EVERY_MS);
    const whole = await invoke(canary, {});
    expect(whole.error).toBeUndefined();
    expect(countsOf(whole)).toMatchObject({ arrived: 1, lost: 0 });
  });

  it('waits for one that is still on its way', async () => {
    await invoke(canary, {});
    wait(LOST_AFTER_MS - 1);
    const invocation = await invoke(canary, {});
    expect(invocation.error).toBeUndefined();
    expect(countsOf(invocation)).toMatchObject({ arrived: 0, lost: 0, waiting: 2 });
    await deliver();
    wait(EVERY_MS);
    expect(countsOf(await invoke(canary, {}))).toMatchObject({ arrived: 2, lost: 0, waiting: 1 });
  });

  it('makes up for a run that failed: nothing was taken from the queue or forgotten by it', async () => {
    await invoke(canary, {});
    await deliver();
    wait(EVERY_MS);
    const { error } = await invoke(startCanary('/gone'), {});
    expect(error?.name).toBe('ResourceNotFoundException');
    // Until then what it received is hidden.
    wait(EVERY_MS);
    const invocation = await invoke(canary, {});
    expect(invocation.error).toBeUndefined();
    expect(countsOf(invocation)).toMatchObject({ arrived: 1, lost: 0 });
  });

  it('is not fooled by who writes canaries into its log group', async () => {
    await invoke(canary, {});
    logs.deliver(LOG_GROUP);
    const forged = { kind: 'Canary', id: '0f8fad5b-d9cb-469f-a165-70867728950e', sentAt: Date.now() };
    const payload = { messageType: 'DATA_MESSAGE', logGroup: LOG_GROUP, logStream: 'canary', owner: '111122223333' };
    const logEvents = [{ id: '0', timestamp: Date.now(), message: JSON.stringify(forged) }];
    const data = Buffer.from(JSON.stringify({ ...payload, logEvents })).toString('base64');
    expect((await invoke(deployment().eksAudit, { awslogs: { data } })).error).toBeUndefined();
    await deployment().aws.pump(deployment().aws.queueUrl('findings.fifo'), (event) => deployment().publish(event));
    wait(EVERY_MS);
    expect((await invoke(canary, {})).error?.name).toBe('CanaryLostError');
  });
});
