import { ArnFormat, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { KinesisEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { CrossAccountDestination } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FailedInvocations } from './failed-invocations.ts';
import { destinationName } from './member.ts';
import type { Shared } from './shared.ts';

interface OrganizationProps {
  /** Its id. */
  readonly organization: string;
  readonly failures: FailedInvocations;
}

/** The door for the audit logs of the organisation's other accounts: a logical destination, and the stream behind it. */
export class Organization extends Construct {
  readonly stream: Stream;
  readonly #failures: FailedInvocations;

  constructor(scope: Construct, id: string, { settings, key }: Shared, { organization, failures }: OrganizationProps) {
    super(scope, id);
    this.#failures = failures;
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
      onFailure: this.#failures.destination,
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
    ];
  }
}
