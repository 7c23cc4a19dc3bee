import { Duration, Validations } from 'aws-cdk-lib';
import {
  type DeadLetterQueue,
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
} from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { EncryptionKey } from './encryption.ts';

interface EncryptedQueueProps {
  readonly key: EncryptionKey;
  /** One that ends in `.fifo` is a FIFO queue. */
  readonly name: string;
  readonly visibilityTimeout?: Duration;
  readonly retentionPeriod?: Duration;
}

interface WithDeadLetters {
  readonly deadLetterQueue: DeadLetterQueue;
}

interface WithoutDeadLetters {
  /** Why nothing needs to be moved away from here. */
  readonly keepsBecause: string;
}

export const WAITS_FOR_REDRIVE = 'What was given up ends here, with an alarm, and waits for a redrive.';
export const WAITS_FOR_OPERATOR = 'What could not be delivered ends here, with an alarm, and waits for an operator.';

/** A queue that is encrypted, takes nothing without TLS, and unless told otherwise keeps messages as long as SQS can. */
export class EncryptedQueue extends Queue {
  readonly name: string;

  constructor(
    scope: Construct,
    id: string,
    { key, name, ...props }: EncryptedQueueProps & (WithDeadLetters | WithoutDeadLetters),
  ) {
    const isFifo = name.endsWith('.fifo');
    super(scope, id, {
      queueName: name,
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      ...(isFifo && {
        fifo: true,
        deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
        fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      }),
      ...props,
    });
    this.name = name;
    if ('keepsBecause' in props)
      Validations.of(this).acknowledge({ id: 'AwsSolutions-SQS3', reason: props.keepsBecause });
  }
}
