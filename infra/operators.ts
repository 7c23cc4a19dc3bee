import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Subscription, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { EncryptedQueue, WAITS_FOR_OPERATOR } from './queues.ts';
import type { Shared } from './shared.ts';
import { SlackChannel } from './slack-channel.ts';

/** Whom alarms are told: on a topic of their own, since the one for alerts may be what failed. */
export class Operators extends Construct {
  readonly topic: Topic;
  readonly undelivered: EncryptedQueue;

  constructor(scope: Construct, id: string, { settings, key }: Shared) {
    super(scope, id);
    const name = `${settings.name}-operators`;
    this.undelivered = new EncryptedQueue(this, 'Undelivered', {
      key,
      name: `${settings.name}-undelivered-operators`,
      keepsBecause: WAITS_FOR_OPERATOR,
    });
    this.topic = new Topic(this, 'Topic', {
      topicName: name,
      displayName: 'Auditwire operation',
      masterKey: key,
      enforceSSL: true,
    });
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': settings.account } },
      }),
    );
    for (const [place, endpoint] of settings.operators.entries()) {
      new Subscription(this, `Mail${place}`, {
        topic: this.topic,
        protocol: SubscriptionProtocol.EMAIL,
        endpoint,
        deadLetterQueue: this.undelivered,
      });
    }
    if (settings.operatorsChat)
      new SlackChannel(this, 'Chat', { name, channel: settings.operatorsChat, topic: this.topic });
  }
}
