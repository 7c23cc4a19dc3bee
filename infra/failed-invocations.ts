import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ObjectAnnouncements } from './object-announcements.ts';
import { mayFetch } from './permissions.ts';
import { EncryptedQueue, WAITS_FOR_REDRIVE } from './queues.ts';
import type { Shared } from './shared.ts';

/** What the keys of Lambda's records begin with, whatever invoked the function. */
const RECORDS = 'aws/lambda/';

interface FailedInvocationsProps {
  /** Where announcements go that their queue did not take. */
  readonly deadLetters: EncryptedQueue;
}

/**
 * What the functions of stage 1 were given and could not finish, whole: a payload of CloudWatch Logs or a batch of Kinesis
 * may be more than a queue takes. Lambda keeps it in a bucket, and a queue hears of every record.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export class FailedInvocations extends Construct {
  readonly announcements: EncryptedQueue;
  readonly #bucket: Bucket;
  readonly #shared: Shared;

  constructor(scope: Construct, id: string, shared: Shared, { deadLetters }: FailedInvocationsProps) {
    super(scope, id);
    this.#shared = shared;
    const { settings, key } = shared;
    this.announcements = new EncryptedQueue(this, 'Announcements', {
      key,
      name: `${settings.name}-failed-invocations`,
      keepsBecause: WAITS_FOR_REDRIVE,
    });
    this.#bucket = new Bucket(this, 'Records', {
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      versioned: true,
      lifecycleRules: [{ expiration: Duration.days(90), noncurrentVersionExpiration: Duration.days(14) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(this.#bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Lambda alone writes here and redrive alone reads; CloudTrail data events tell more of it than access logs.',
    });
    // The construct's own way to switch this on is a function that may change every bucket of the account.
    const { defaultChild } = this.#bucket.node;
    if (defaultChild instanceof CfnBucket)
      defaultChild.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    new ObjectAnnouncements(this, 'Created', {
      bucketName: this.#bucket.bucketName,
      keys: `${RECORDS}*`,
      queue: this.announcements,
      failures: deadLetters,
    });
  }

  /** For asynchronous invocations, and for event source mappings of streams. */
  get destination() {
    return { bind: () => ({ destination: this.#bucket.bucketArn }) };
  }

  /** What a function needs whose failures are kept here: Lambda writes them with its role. */
  mayKeep(): PolicyStatement[] {
    const { settings, key } = this.#shared;
    // Should the bucket be deleted, whoever makes one of its name elsewhere gets nothing.
    const conditions = { StringEquals: { 's3:ResourceAccount': settings.account } };
    return [
      new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.#bucket.bucketArn], conditions }),
      // The whole bucket, as in AWS's example: Lambda has been seen to refuse a role that may only write under its prefix.
      new PolicyStatement({ actions: ['s3:PutObject'], resources: [this.#bucket.arnForObjects('*')], conditions }),
      key.through('s3', ['kms:GenerateDataKey']),
    ];
  }

  /** What reading the records takes. */
  mayFetch(): PolicyStatement[] {
    return [mayFetch(this.#bucket.bucketArn, RECORDS), this.#shared.key.through('s3', ['kms:Decrypt'])];
  }
}
