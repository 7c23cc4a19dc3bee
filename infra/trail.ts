import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { CfnRule, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Subscription, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { BundledFunction } from './bundled-function.ts';
import type { FailedInvocations } from './failed-invocations.ts';
import { ObjectAnnouncements } from './object-announcements.ts';
import { mayFetch, mayReceive, YET_TO_BE_WRITTEN } from './permissions.ts';
import { EncryptedQueue } from './queues.ts';
import type { Settings, TrailBucket } from './settings.ts';
import type { Shared } from './shared.ts';
import { Subscriptions } from './subscriptions.ts';

interface TrailProps {
  readonly environment: Readonly<Record<string, string>>;
  readonly memorySize: number;
  readonly mayJudge: readonly PolicyStatement[];
  readonly failures: FailedInvocations;
  /** Where events and announcements go that nobody took. */
  readonly deadLetters: EncryptedQueue;
}

/** CloudTrail, from where the site has it: a log group, a bucket, or EventBridge. */
export class Trail extends Construct {
  readonly cloudtrail: BundledFunction;
  /** Announcements of the trail's objects; none without a bucket. */
  readonly objects: EncryptedQueue | undefined;
  /** What reading the trail's objects takes. */
  readonly mayFetch: readonly PolicyStatement[];
  readonly #deadLetters: EncryptedQueue;

  constructor(
    scope: Construct,
    id: string,
    shared: Shared,
    { logGroup, bucket, eventBridge }: NonNullable<Settings['cloudtrail']>,
    { environment, memorySize, mayJudge, failures, deadLetters }: TrailProps,
  ) {
    super(scope, id);
    this.#deadLetters = deadLetters;
    const { settings } = shared;
    const timeout = Duration.seconds(60);
    this.objects = bucket && this.#announced(bucket, shared, timeout);
    this.mayFetch = bucket ? this.#mayFetch(bucket) : [];
    this.cloudtrail = new BundledFunction(this, 'CloudTrail', shared, {
      name: 'cloudtrail',
      description: 'Judges CloudTrail',
      memorySize,
      timeout,
      environment,
      atMostAtOnce: settings.concurrency.cloudtrail,
      asynchronous: { onFailure: failures.destination },
      wildcardBecause: YET_TO_BE_WRITTEN,
      may: [...mayJudge, ...(this.objects ? [mayReceive(this.objects)] : []), ...this.mayFetch],
    });
    if (this.objects) {
      this.cloudtrail.lambda.addEventSource(
        new SqsEventSource(this.objects, {
          batchSize: 10,
          reportBatchItemFailures: true,
          maxConcurrency: settings.concurrency.cloudtrail,
        }),
      );
    }
    if (logGroup !== undefined) this.#subscribe(logGroup, settings.name);
    if (eventBridge) this.#hearOfCalls();
  }

  /** The queue that hears of every new object, and how it does. */
  #announced(bucket: TrailBucket, { settings, key }: Shared, timeout: Duration): EncryptedQueue {
    const objects = new EncryptedQueue(this, 'Objects', {
      key,
      name: `${settings.name}-trail-objects`,
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds()),
      deadLetterQueue: { queue: this.#deadLetters, maxReceiveCount: 10 },
    });
    switch (bucket.announcedBy) {
      case 's3': {
        const account = bucket.account ?? settings.account;
        key.letServices(['s3'], account);
        objects.addToResourcePolicy(
          new PolicyStatement({
            principals: [new ServicePrincipal('s3.amazonaws.com')],
            actions: ['sqs:SendMessage'],
            resources: [objects.queueArn],
            conditions: {
              ArnEquals: { 'aws:SourceArn': this.#bucketArn(bucket) },
              StringEquals: { 'aws:SourceAccount': account },
            },
          }),
        );
        return objects;
      }
      case 'eventbridge':
        new ObjectAnnouncements(this, 'Announcements', {
          bucketName: bucket.name,
          keys: `${bucket.prefix}AWSLogs/*/CloudTrail/*.json.gz`,
          queue: objects,
          failures: this.#deadLetters,
        });
        return objects;
      case 'topic': {
        const topicArn = bucket.topic ?? '';
        const topic = Topic.fromTopicArn(this, 'Announcing', topicArn);
        new Subscription(this, 'Announcements', {
          topic,
          protocol: SubscriptionProtocol.SQS,
          endpoint: objects.queueArn,
          rawMessageDelivery: true,
          deadLetterQueue: this.#deadLetters,
        });
        key.letServices(['sns'], topicArn.split(':')[4] ?? '');
        objects.addToResourcePolicy(
          new PolicyStatement({
            principals: [new ServicePrincipal('sns.amazonaws.com')],
            actions: ['sqs:SendMessage'],
            resources: [objects.queueArn],
            conditions: { ArnEquals: { 'aws:SourceArn': topicArn } },
          }),
        );
        return objects;
      }
    }
  }

  #mayFetch(bucket: TrailBucket): PolicyStatement[] {
    return [
      mayFetch(this.#bucketArn(bucket), `${bucket.prefix}AWSLogs/`),
      ...(bucket.kmsKey
        ? [
            new PolicyStatement({
              actions: ['kms:Decrypt'],
              resources: [bucket.kmsKey],
              conditions: { StringEquals: { 'kms:ViaService': `s3.${bucket.kmsKey.split(':')[3]}.amazonaws.com` } },
            }),
          ]
        : []),
    ];
  }

  #bucketArn({ name }: TrailBucket): string {
    return Stack.of(this).formatArn({ service: 's3', region: '', account: '', resource: name });
  }

  #subscribe(logGroup: string, name: string): void {
    const stack = Stack.of(this);
    const mayInvoke = new CfnPermission(this, 'TrailMayInvoke', {
      action: 'lambda:InvokeFunction',
      functionName: this.cloudtrail.lambda.functionArn,
      principal: 'logs.amazonaws.com',
      sourceAccount: stack.account,
      sourceArn: stack.formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName: `${logGroup}:*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    });
    new Subscriptions(this, 'Subscription', {
      name,
      logGroups: [logGroup],
      patterns: { cloudtrail: '' },
      destinationArn: this.cloudtrail.lambda.functionArn,
      after: mayInvoke,
    });
  }

  #hearOfCalls(): void {
    const rule = new Rule(this, 'Calls', {
      description: 'What CloudTrail records in this region, as EventBridge tells it',
      eventPattern: {
        detailType: [
          'AWS API Call via CloudTrail',
          'AWS Console Sign In via CloudTrail',
          'AWS Service Event via CloudTrail',
        ],
      },
    });
    // An enabled rule hears of nothing that only reads, unless it says so in words that the construct does not know.
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    const { defaultChild } = rule.node;
    if (defaultChild instanceof CfnRule) defaultChild.state = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
    rule.addTarget(
      new LambdaFunction(this.cloudtrail.lambda, {
        deadLetterQueue: this.#deadLetters,
        maxEventAge: Duration.hours(24),
        retryAttempts: 185,
      }),
    );
  }
}
