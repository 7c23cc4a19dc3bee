import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { findingsMessage } from '../../aws/findings-queue.ts';
import type { Findings } from '../../core/findings.ts';
import { Bundles } from './bundles.ts';
import { Deployment } from './deployment.ts';

/** What the tests of one file or block are given. */
export interface Deployed {
  /** The running test's own, of functions that are bundled once. */
  deployment(): Deployment;
  /** Puts findings into their queue, each as a message. */
  find(...findings: readonly Findings[]): Promise<void>;
}

/** Deploys everything anew before each test, at a time of day that stands still until a test moves it. */
export function deployedAt(now: number): Deployed {
  let bundles: Bundles;
  let deployment: Deployment;
  beforeAll(async () => {
    bundles = await Bundles.build();
  }, 60_000);
  afterAll(() => bundles.remove());
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now });
    deployment = await Deployment.of(bundles);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await deployment.stop();
  });
  return {
    deployment: () => deployment,
    async find(...findings) {
      const { aws } = deployment;
      for (const { MessageBody, MessageGroupId, MessageDeduplicationId } of findings.map(findingsMessage))
        await aws.send(aws.queueUrl('findings.fifo'), MessageBody, MessageGroupId, MessageDeduplicationId);
    },
  };
}
