import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasRuntimeClient, LambdaRuntime } from '../support/lambda-runtime.ts';
import { payload } from '../support/payloads.ts';
import { FindingsFeed } from './findings-feed.ts';
import { World } from './world.ts';

const skipped = hasRuntimeClient ? '' : ' (skipped: aws-lambda-ric is not installed)';

describe.skipIf(!hasRuntimeClient)(`under AWS's own runtime client${skipped}`, () => {
  let world: World;
  const runtimes: LambdaRuntime[] = [];
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(async () => {
    for (const runtime of runtimes) await runtime.stop();
    await world.stop();
  });

  async function started(name: string, settings: Record<string, string> = {}): Promise<LambdaRuntime> {
    const runtime = await LambdaRuntime.start(world.file(name), { ...world.environment, ...settings });
    runtimes.push(runtime);
    return runtime;
  }

  it('a payload becomes alerts', async () => {
    const first = await started('eks-audit');
    expect(await first.invoke(payload('cloudwatch-logs-k8s-audit.json'))).toEqual({ to: 'response', body: null });
    expect(await first.invoke(payload('kinesis-k8s-audit.json'))).toEqual({
      to: 'response',
      body: { batchItemFailures: [] },
    });
    const second = await started('publish-alerts');
    const feed = new FindingsFeed(world.aws);
    for (let batch = await feed.next(); batch; batch = await feed.next()) {
      expect(await second.invoke(batch)).toEqual({ to: 'response', body: { batchItemFailures: [] } });
      feed.done(batch, new Set());
    }
    expect((await world.received()).length).toBeGreaterThan(0);
  });

  it('a function that the world fails says so', async () => {
    world.proxy.decide = () => ({ name: 'denied' });
    const runtime = await started('cloudtrail');
    expect(await runtime.invoke(payload('cloudwatch-logs-cloudtrail.json'))).toMatchObject({
      to: 'error',
      body: { errorType: 'UndeliveredError', errorMessage: expect.stringContaining('AccessDenied') },
    });
    world.proxy.decide = () => undefined;
  });

  it('a function with a wrong setting does not start, and names it', async () => {
    const runtime = await started('eks-audit', { FINDINGS_QUEUE_URL: 'nowhere' });
    expect(await runtime.posted()).toMatchObject({
      to: 'init/error',
      body: { errorType: 'SettingsError', errorMessage: expect.stringContaining('FINDINGS_QUEUE_URL') },
    });
  });
});
