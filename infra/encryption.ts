import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** How functions use the key: never directly, always through the service whose data it protects. */
export type EncryptedService = 'sqs' | 'sns' | 'dynamodb' | 'kinesis' | 's3';

/** The one key of a deployment. It stays when the stack goes, for what stays could not be read without it. */
export class EncryptionKey extends Key {
  readonly #served = new Set<string>();

  constructor(scope: Construct, id: string, name: string) {
    super(scope, id, {
      alias: name,
      description: `Everything that ${name} keeps: findings, quarantine, failures, incidents, alerts on their way, logs`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const { account, region } = Stack.of(this);
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'LogGroups',
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': ['lambda', 'auditwire'].map(
              (folder) =>
                `arn:${Stack.of(this).partition}:logs:${region}:${account}:log-group:/aws/${folder}/${name}-*`,
            ),
          },
        },
      }),
    );
    // SNS and EventBridge put messages into queues, CloudWatch tells operators of alarms.
    this.letServices(['sns', 'events', 'cloudwatch'], account);
  }

  /** Lets services write what they deliver on behalf of an account. */
  letServices(services: readonly string[], account: string): void {
    for (const service of services) {
      const sid = `${service[0]?.toUpperCase()}${service.slice(1)}Of${account}`;
      if (this.#served.has(sid)) continue;
      this.#served.add(sid);
      this.addToResourcePolicy(
        new PolicyStatement({
          sid,
          principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resources: ['*'],
          conditions: { StringEquals: { 'aws:SourceAccount': account } },
        }),
      );
    }
  }

  /** What a role needs to read and write through a service. */
  through(service: EncryptedService, actions: readonly string[] = ['kms:Decrypt', 'kms:GenerateDataKey']) {
    return new PolicyStatement({
      actions: [...actions],
      resources: [this.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `${service}.${Stack.of(this).region}.amazonaws.com` } },
    });
  }
}
