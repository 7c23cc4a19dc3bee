import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chatMessageOf } from '../../aws/chat-message.ts';
import { LocalAws } from '../../local/aws.ts';
import { type Handler, invoke } from '../../local/lambda.ts';
import { alertOf } from '../support/build.ts';
import { Bundles } from '../support/bundles.ts';

let bundles: Bundles;
let aws: LocalAws;
let chat: Handler;
let channel: string;

beforeAll(async () => {
  bundles = await Bundles.build();
}, 60_000);
afterAll(() => bundles.remove());
beforeEach(async () => {
  aws = await LocalAws.start();
  await aws.createTopic('chat');
  channel = await aws.subscribe('chat', 'channel');
  chat = bundles.start('chat', { ...aws.environment, CHAT_TOPIC_ARN: aws.topicArn('chat') });
});
afterEach(() => aws.stop());

/** An event as SNS hands it to a function: of the message, only what the protocol is told. */
const snsEvent = (...messages: readonly string[]) => ({
  Records: messages.map((Message) => ({ EventSource: 'aws:sns', EventVersion: '1.0', Sns: { Message } })),
});

/** What Amazon Q would be told. */
const received = async () => (await aws.drain(channel)).map(({ Body = '' }) => JSON.parse(Body).Message);

describe('the chat function, as deployed', () => {
  it('publishes an alert as a custom notification, and says how late it is', async () => {
    const alert = alertOf({ title: '<!channel> alice deleted a pod' });
    const { error, log } = await invoke(chat, snsEvent(JSON.stringify(alert)));
    expect(error).toBeUndefined();
    const [message, ...others] = await received();
    expect(others).toEqual([]);
    expect(message).toBe(chatMessageOf(alert).Message);
    expect(JSON.parse(message)).toMatchObject({
      content: { title: '[MEDIUM] ＜!channel＞ alice deleted a pod' },
      metadata: { threadId: alert.dedupKey },
    });
    const line = JSON.parse(log);
    expect(line).toMatchObject({ function: 'chat', received: 1, shown: 1, problems: [] });
    expect(line.lagSeconds).toEqual([expect.any(Number)]);
    expect(log).not.toContain('alice');
  });

  it('throws where the topic does not take it, so that it comes again, and shows it then', async () => {
    const event = snsEvent(JSON.stringify(alertOf()));
    await aws.deleteTopic('chat');
    const { error, log } = await invoke(chat, event);
    expect(error?.message).toMatch(/^1 of 1 alerts not delivered: NotFound/);
    expect(JSON.parse(log)).toMatchObject({ received: 1, shown: 0, lagSeconds: [] });
    await aws.createTopic('chat');
    channel = await aws.subscribe('chat', 'channel');
    expect((await invoke(chat, event)).error).toBeUndefined();
    expect(await received()).toHaveLength(1);
  });

  it.each(['hunter2 is no JSON', '{"secret":"hunter2"}', '{}'])(
    'throws for what is no alert, and tells nobody what it holds: %s',
    async (message) => {
      const { error, log } = await invoke(chat, snsEvent(message));
      expect(error?.message).toBe('a message that holds no alert');
      expect(`${error?.stack}${log}`).not.toContain('hunter2');
      expect(JSON.parse(log)).toMatchObject({ shown: 0, problems: ['IllegibleAlertError'] });
      expect(await received()).toEqual([]);
    },
  );
});
