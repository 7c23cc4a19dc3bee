import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Subscription, SubscriptionFilter, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { BundledFunction } from './bundled-function.ts';
import { Chat } from './chat.ts';
import { mayReceive } from './permissions.ts';
import { EncryptedQueue, WAITS_FOR_OPERATOR, WAITS_FOR_REDRIVE } from './queues.ts';
import type { Subscriber } from './settings.ts';
import type { Shared } from './shared.ts';

/** What the state table's keys begin with, by what they are of. */
export const INCIDENTS = ['incident#*', 'finding#*'];
export const LOG_SOURCES = ['source#*'];
export const CANARIES = ['canary'];

/** The canary's alerts are for the canary. */
const NO_CANARY = [{ 'anything-but': ['auditwire/canary'] }];

/** Stage 2: findings become incidents, incidents become alerts, and alerts reach who subscribed to them. */
export class Publishing extends Construct {
  readonly findings: EncryptedQueue;
  readonly failedFindings: EncryptedQueue;
  readonly table: Table;
  readonly topic: Topic;
  readonly publishAlerts: BundledFunction;
  /** Alerts that SNS could not deliver, by subscriber. */
  readonly undelivered: EncryptedQueue[] = [];
  /** Where a subscriber is a chat channel. */
  chat: Chat | undefined;
  readonly #shared: Shared;

  constructor(scope: Construct, id: string, shared: Shared) {
    super(scope, id);
    this.#shared = shared;
    const { settings, key } = shared;
    const timeout = Duration.seconds(60);

    this.failedFindings = new EncryptedQueue(this, 'FailedFindings', {
      key,
      name: `${settings.name}-findings-failed.fifo`,
      keepsBecause: WAITS_FOR_REDRIVE,
    });
    this.findings = new EncryptedQueue(this, 'Findings', {
      key,
      name: `${settings.name}-findings.fifo`,
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: six times the function's timeout.
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds()),
      // An hour of an outage of SNS or DynamoDB, and then some.
      deadLetterQueue: { queue: this.failedFindings, maxReceiveCount: 20 },
    });
    this.table = new Table(this, 'State', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'forgetAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.table.addGlobalSecondaryIndex({
      indexName: 'closing',
      partitionKey: { name: 'closing', type: AttributeType.STRING },
      sortKey: { name: 'closesAt', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.topic = new Topic(this, 'Alerts', {
      topicName: `${settings.name}-alerts`,
      displayName: 'Auditwire',
      masterKey: key,
      enforceSSL: true,
    });
    this.publishAlerts = new BundledFunction(this, 'PublishAlerts', shared, {
      name: 'publish-alerts',
      description: 'Turns findings into incidents, and tells those that must be told',
      memorySize: 256,
      timeout,
      environment: { ALERT_TOPIC_ARN: this.topic.topicArn, INCIDENT_TABLE: this.table.tableName },
      may: [
        mayReceive(this.findings),
        key.through('sqs', ['kms:Decrypt']),
        ...this.mayUseItems(INCIDENTS, ['GetItem', 'PutItem']),
        ...this.mayPublish(),
      ],
    });
    this.publishAlerts.lambda.addEventSource(
      new SqsEventSource(this.findings, {
        batchSize: 10,
        reportBatchItemFailures: true,
        maxConcurrency: settings.concurrency.publishAlerts,
      }),
    );
    for (const subscriber of settings.subscribers) this.#subscribe(subscriber);
  }

  /** Calls on items of the table whose keys begin like one of these. */
  mayUseItems(keys: readonly string[], actions: readonly string[]): PolicyStatement[] {
    return [
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [this.table.tableArn],
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...keys] } },
      }),
      // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
      this.#shared.key.through('dynamodb', ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey']),
    ];
  }

  /** Finding what has ended. */
  mayFindEnded(): PolicyStatement {
    return new PolicyStatement({ actions: ['dynamodb:Query'], resources: [`${this.table.tableArn}/index/closing`] });
  }

  mayPublish(): PolicyStatement[] {
    return [
      new PolicyStatement({ actions: ['sns:Publish'], resources: [this.topic.topicArn] }),
      this.#shared.key.through('sns'),
    ];
  }

  #subscribe({ name, filter, ...endpoints }: Subscriber): void {
    const shared = this.#shared;
    const { settings, key } = shared;
    const undelivered = new EncryptedQueue(this, `Undelivered-${name}`, {
      key,
      name: `${settings.name}-undelivered-${name}`,
      keepsBecause: WAITS_FOR_OPERATOR,
    });
    this.undelivered.push(undelivered);
    const chat = endpoints.chat && new Chat(this, 'Chat', shared, { channel: endpoints.chat, undelivered });
    if (chat) this.chat = chat;
    const lambda = chat?.function.lambda.functionArn ?? endpoints.lambda;
    const conditions = { detector: NO_CANARY, ...filter };
    new Subscription(this, `Subscriber-${name}`, {
      topic: this.topic,
      ...addressOf({ ...endpoints, lambda }),
      filterPolicy: Object.fromEntries(
        Object.entries(conditions).map(([attribute, wanted]) => [attribute, new SubscriptionFilter(wanted)]),
      ),
      deadLetterQueue: undelivered,
    });
    if (lambda && (chat || lambda.split(':')[4] === settings.account)) {
      new CfnPermission(this, `Invoke-${name}`, {
        action: 'lambda:InvokeFunction',
        functionName: lambda,
        principal: 'sns.amazonaws.com',
        sourceArn: this.topic.topicArn,
      });
    }
  }
}

function addressOf({ email, sqs, lambda, https }: Omit<Subscriber, 'name' | 'filter'>) {
  if (email) return { protocol: SubscriptionProtocol.EMAIL, endpoint: email };
  if (sqs) return { protocol: SubscriptionProtocol.SQS, endpoint: sqs };
  if (lambda) return { protocol: SubscriptionProtocol.LAMBDA, endpoint: lambda };
  return { protocol: SubscriptionProtocol.HTTPS, endpoint: https ?? '' };
}
