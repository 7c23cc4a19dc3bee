import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { EncryptedQueue } from './queues.ts';

interface ObjectAnnouncementsProps {
  readonly bucketName: string;
  /** Which keys; `*` stands for anything. */
  readonly keys: string;
  readonly queue: EncryptedQueue;
  /** Where announcements go that the queue did not take. */
  readonly failures: EncryptedQueue;
}

/**
 * Tells a queue of the new objects of a bucket that sends its events to EventBridge, in the words of S3's own
 * notifications. Nothing of the bucket is changed, so that it may be anybody's.
 */
export class ObjectAnnouncements extends Construct {
  constructor(scope: Construct, id: string, { bucketName, keys, queue, failures }: ObjectAnnouncementsProps) {
    super(scope, id);
    const rule = new Rule(this, 'Rule', {
      description: `Tells ${queue.name} of new objects`,
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [bucketName] }, object: { key: [{ wildcard: keys }] } },
      },
    });
    const input = RuleTargetInput.fromObject({
      Records: [
        {
          eventName: 'ObjectCreated:EventBridge',
          s3: {
            bucket: { name: EventField.fromPath('$.detail.bucket.name') },
            object: { key: EventField.fromPath('$.detail.object.key') },
          },
        },
      ],
    });
    rule.addTarget({
      bind: () => ({ arn: queue.queueArn, input, deadLetterConfig: { arn: failures.queueArn } }),
    });
    for (const target of [queue, failures]) {
      target.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [target.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
        }),
      );
    }
  }
}
