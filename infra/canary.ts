import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, LogGroup, SubscriptionFilter } from 'aws-cdk-lib/aws-logs';
import { SubscriptionFilter as AttributeFilter, Subscription, SubscriptionProtocol } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { BundledFunction } from './bundled-function.ts';
import type { Detection } from './detection.ts';
import { mayReceive } from './permissions.ts';
import { CANARIES, type Publishing } from './publishing.ts';
import { EncryptedQueue, WAITS_FOR_OPERATOR } from './queues.ts';
import type { Settings } from './settings.ts';
import type { Shared } from './shared.ts';

export function canaryLogGroup({ name }: Settings): string {
  return `/aws/auditwire/${name}-canary`;
}

export const CANARY_INTERVAL = Duration.minutes(15);

interface CanaryProps {
  readonly publishing: Publishing;
  readonly detection: Detection;
}

/** Marked events that go the whole way: a log group where they go in, and a queue where their alerts come out. */
export class Canary extends Construct {
  readonly function: BundledFunction;
  readonly undelivered: EncryptedQueue;

  constructor(scope: Construct, id: string, shared: Shared, { publishing, detection }: CanaryProps) {
    super(scope, id);
    const { settings, key } = shared;
    const events = new LogGroup(this, 'Events', {
      logGroupName: canaryLogGroup(settings),
      retention: settings.logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const alerts = new EncryptedQueue(this, 'Alerts', {
      key,
      name: `${settings.name}-canary`,
      retentionPeriod: Duration.hours(1),
      keepsBecause: 'The canary reads its own alerts, and the next ones soon replace those that it missed.',
    });
    this.undelivered = new EncryptedQueue(this, 'Undelivered', {
      key,
      name: `${settings.name}-undelivered-canary`,
      keepsBecause: WAITS_FOR_OPERATOR,
    });
    this.function = new BundledFunction(this, 'Run', shared, {
      name: 'canary',
      description: 'Sends a marked event the whole way, and looks for its alert',
      memorySize: 256,
      timeout: Duration.seconds(60),
      environment: {
        CANARY_LOG_GROUP: events.logGroupName,
        CANARY_QUEUE_URL: alerts.queueUrl,
        INCIDENT_TABLE: publishing.table.tableName,
      },
      atMostAtOnce: 1,
      // One run, one answer, which is its metric: the retry of a run that missed an alert no longer waits for that alert, and
      // would send one more. The next run does what a failed one did not, so that nothing of it need be kept.
      asynchronous: { retryAttempts: 0, maxEventAge: CANARY_INTERVAL },
      may: [
        new PolicyStatement({
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [events.logGroupArn],
        }),
        mayReceive(alerts),
        key.through('sqs', ['kms:Decrypt']),
        ...publishing.mayUseItems(CANARIES, ['GetItem', 'PutItem']),
      ],
    });
    this.#letIn(events, settings, detection);
    this.#letOut(alerts, publishing);
  }

  /** The one log group of ours that is read: nothing writes to it but the canary, and nobody logs there. */
  #letIn(logGroup: LogGroup, { name, account }: Settings, { eksAudit }: Detection): void {
    const { functionArn } = eksAudit.lambda;
    const mayInvoke = new CfnPermission(this, 'EventsMayInvoke', {
      action: 'lambda:InvokeFunction',
      functionName: functionArn,
      principal: 'logs.amazonaws.com',
      sourceAccount: account,
      sourceArn: logGroup.logGroupArn,
    });
    const filter = new SubscriptionFilter(this, 'EventsSubscription', {
      logGroup,
      filterName: `${name}-canary`,
      filterPattern: FilterPattern.allEvents(),
      destination: { bind: () => ({ arn: functionArn }) },
    });
    filter.node.addDependency(mayInvoke);
  }

  #letOut(alerts: EncryptedQueue, { topic }: Publishing): void {
    alerts.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('sns.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [alerts.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': topic.topicArn } },
      }),
    );
    new Subscription(this, 'AlertsSubscription', {
      topic,
      protocol: SubscriptionProtocol.SQS,
      endpoint: alerts.queueArn,
      rawMessageDelivery: true,
      filterPolicy: { detector: new AttributeFilter(['auditwire/canary']) },
      deadLetterQueue: this.undelivered,
    });
  }
}
