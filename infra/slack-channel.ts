import { SlackChannelConfiguration } from 'aws-cdk-lib/aws-chatbot';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

interface SlackChannelProps {
  readonly name: string;
  readonly channel: NonNullable<Settings['operatorsChat']>;
  readonly topic: Topic;
}

/** A Slack channel in which Amazon Q shows what a topic tells, and from which nobody may do anything. */
export class SlackChannel extends Construct {
  constructor(scope: Construct, id: string, { name, channel, topic }: SlackChannelProps) {
    super(scope, id);
    new SlackChannelConfiguration(this, 'Channel', {
      slackChannelConfigurationName: name,
      slackWorkspaceId: channel.workspace,
      slackChannelId: channel.channel,
      notificationTopics: [topic],
      role: new Role(this, 'Role', {
        description: 'What people in the channel may do through Amazon Q: nothing, they are told',
        assumedBy: new ServicePrincipal('chatbot.amazonaws.com'),
      }),
      guardrailPolicies: [ManagedPolicy.fromAwsManagedPolicyName('AWSDenyAll')],
    });
  }
}
