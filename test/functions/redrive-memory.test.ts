import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { giveBack } from '../../aws/queue-reader.ts';
import { createPipeline } from '../../core/pipeline.ts';
import { Redrive } from '../../functions/redrive/redrive.ts';
import { LocalAws } from '../../local/aws.ts';

vi.mock('../../aws/queue-reader.ts', async (importActual) => {
  const actual = await importActual<typeof import('../../aws/queue-reader.ts')>();
  return { ...actual, giveBack: vi.fn(actual.giveBack) };
});

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
  Object.assign(process.env, aws.environment);
});
afterAll(() => aws.stop());

describe('a run through a queue of which nothing can be done', () => {
  it('holds of each message what gives it back, and not what is in it', async () => {
    const QueueUrl = await aws.createQueue('dead-letters');
    for (let place = 0; place < 12; place++)
      await aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: `no json ${place}` }));
    const redrive = new Redrive({
      judging: {
        pipeline: createPipeline({ detectors: [] }),
        windowOf: () => 0,
        findingsQueueUrl: '',
        quarantineQueueUrl: '',
      },
      region: 'eu-west-1',
      remainingMs: 60_000,
    });
    await redrive.queue(QueueUrl);
    expect(redrive.counts).toMatchObject({ received: 12, failed: 12 });
    const kept = vi.mocked(giveBack).mock.calls.flatMap(([, messages]) => messages);
    expect(kept.map((message) => Object.keys(message).sort())).toEqual(Array(12).fill(['id', 'receiptHandle']));
    expect(await aws.drain(QueueUrl)).toHaveLength(12);
  });
});
