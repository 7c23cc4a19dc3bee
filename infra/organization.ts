import { ArnFormat, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { KinesisEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { CrossAccountDestination } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { destinationName } from './member.ts';
import { ObjectAnnouncements } from './object-announcements.ts';
import { EncryptedQueue, WAITS_FOR_REDRIVE } from './queues.ts';
import type { Shared } from './shared.ts';

interface OrganizationProps {
  /** Its id. */
  readonly organization: string;
  /** Where announcements go that their queue did not take. */
  readonly failures: EncryptedQueue;
}

/** The door for the audit logs of the organisation's other accounts: a logical destination, and the stream behind it. */
export class Organization extends Construct {
  readonly stream: Stream;
  /** Batches that were given up, whole. */
  readonly failedBatches: Bucket;
  /** Announces {@link failedBatches}. */
  readonly announcements: EncryptedQueue;

  constructor(scope: Construct, id: string, { settings, key }: Shared, { organization, failures }: OrganizationProps) {
    super(scope, id);
    const stack = Stack.of(this);
    this.stream = new Stream(this, 'Stream', {
      streamMode: StreamMode.ON_DEMAND,
      encryption: StreamEncryption.KMS,
      encryptionKey: key,
      retentionPeriod: Duration.days(7),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(this.stream).acknowledge({
      id: 'AwsSolutions-KDS3',
      reason: 'Audit events stay under the one key whose policy and use the owner of the deployment controls.',
    });
    const role = new Role(this, 'DeliveryRole', {
      description: `How CloudWatch Logs puts other accounts' audit events into the stream of ${settings.name}`,
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CreateDestination.html
      assumedBy: new ServicePrincipal('logs.amazonaws.com', {
        conditions: {
          StringLike: {
            'aws:SourceArn': [settings, ...settings.members].map(
              ({ account }) => `arn:${stack.partition}:logs:${stack.region}:${account}:*`,
            ),
          },
        },
      }),
      inlinePolicies: {
        deliver: new PolicyDocument({
          statements: [
            new PolicyStatement({ actions: ['kinesis:PutRecord'], resources: [this.stream.streamArn] }),
            key.through('kinesis', ['kms:GenerateDataKey']),
          ],
        }),
      },
    });
    const destination = new CrossAccountDestination(this, 'Destination', {
      destinationName: destinationName(settings),
      targetArn: this.stream.streamArn,
      role,
    });
    destination.addToPolicy(
      new PolicyStatement({
        principals: [new StarPrincipal()],
        actions: ['logs:PutSubscriptionFilter', 'logs:PutAccountPolicy'],
        // Named by hand: a destination's policy cannot refer to the destination.
        resources: [
          stack.formatArn({
            service: 'logs',
            resource: 'destination',
            resourceName: destinationName(settings),
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
        conditions: { StringEquals: { 'aws:PrincipalOrgID': organization } },
      }),
    );

    this.announcements = new EncryptedQueue(this, 'FailedBatchAnnouncements', {
      key,
      name: `${settings.name}-failed-batches`,
      keepsBecause: WAITS_FOR_REDRIVE,
    });
    this.failedBatches = new Bucket(this, 'FailedBatches', {
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      lifecycleRules: [{ expiration: Duration.days(90) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(this.failedBatches).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Lambda alone writes here and redrive alone reads; CloudTrail data events tell more of it than access logs.',
    });
    // The construct's own way to switch this on is a function that may change every bucket of the account.
    const { defaultChild } = this.failedBatches.node;
    if (defaultChild instanceof CfnBucket)
      defaultChild.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    new ObjectAnnouncements(this, 'Announcements', {
      bucketName: this.failedBatches.bucketName,
      keys: 'aws/lambda/*',
      queue: this.announcements,
      failures,
    });
  }

  /** Where a function's records come from. A batch that fails is halved, tried again, and at last kept whole in S3. */
  eventSource(): KinesisEventSource {
    return new KinesisEventSource(this.stream, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      maxBatchingWindow: Duration.seconds(5),
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 30,
      maxRecordAge: Duration.days(6),
      // S3 is given the whole batch, queues and topics only where it was.
      // https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
      onFailure: { bind: () => ({ destination: this.failedBatches.bucketArn }) },
    });
  }

  /** What the function needs that reads from {@link eventSource}. */
  mayRead(key: Shared['key']): PolicyStatement[] {
    return [
      new PolicyStatement({
        actions: [
          'kinesis:DescribeStream',
          'kinesis:DescribeStreamSummary',
          'kinesis:GetRecords',
          'kinesis:GetShardIterator',
          'kinesis:ListShards',
        ],
        resources: [this.stream.streamArn],
      }),
      key.through('kinesis', ['kms:Decrypt']),
      new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.failedBatches.bucketArn] }),
      new PolicyStatement({
        actions: ['s3:PutObject'],
        resources: [this.failedBatches.arnForObjects('aws/lambda/*')],
      }),
      key.through('s3'),
    ];
  }
}
