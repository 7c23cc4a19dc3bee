import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { BundledFunction } from './bundled-function.ts';
import { maySend } from './permissions.ts';
import type { EncryptedQueue } from './queues.ts';
import type { Subscriber } from './settings.ts';
import type { Shared } from './shared.ts';
import { SlackChannel } from './slack-channel.ts';

interface ChatProps {
  readonly channel: NonNullable<Subscriber['chat']>;
  /** Where alerts go that were given up. */
  readonly undelivered: EncryptedQueue;
}

/** Alerts in a Slack channel: a function that writes them as Amazon Q reads them, and the topic that it reads. */
export class Chat extends Construct {
  readonly function: BundledFunction;
  readonly topic: Topic;

  constructor(scope: Construct, id: string, shared: Shared, { channel, undelivered }: ChatProps) {
    super(scope, id);
    const { settings, key } = shared;
    const name = `${settings.name}-chat`;
    this.topic = new Topic(this, 'Topic', {
      topicName: name,
      displayName: 'Auditwire in chat',
      masterKey: key,
      enforceSSL: true,
    });
    this.function = new BundledFunction(this, 'Write', shared, {
      name: 'chat',
      description: 'Writes alerts as Amazon Q shows them in a chat channel',
      memorySize: 256,
      timeout: Duration.seconds(30),
      environment: { CHAT_TOPIC_ARN: this.topic.topicArn },
      asynchronous: { onFailure: new SqsDestination(undelivered) },
      may: [
        maySend(undelivered),
        key.through('sqs'),
        new PolicyStatement({ actions: ['sns:Publish'], resources: [this.topic.topicArn] }),
        key.through('sns'),
      ],
    });
    new SlackChannel(this, 'Slack', { name, channel, topic: this.topic });
  }
}
