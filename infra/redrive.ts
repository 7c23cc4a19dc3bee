import { CfnOutput, Duration } from 'aws-cdk-lib';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Construct } from 'constructs';
import { BundledFunction } from './bundled-function.ts';
import { type Detection, JUDGING_MEMORY_MB } from './detection.ts';
import { mayReceive, maySend, YET_TO_BE_WRITTEN } from './permissions.ts';
import type { Publishing } from './publishing.ts';
import type { EncryptedQueue } from './queues.ts';
import type { Shared } from './shared.ts';

interface RedriveProps {
  readonly publishing: Publishing;
  readonly detection: Detection;
  readonly failures: EncryptedQueue;
}

/** What judges again, when somebody asks for it, what lies in quarantine and what was given up. */
export class Redrive extends Construct {
  readonly function: BundledFunction;
  /** What was given up for good, by whichever edge it came. */
  readonly deadLetters: readonly EncryptedQueue[];

  constructor(scope: Construct, id: string, shared: Shared, { publishing, detection, failures }: RedriveProps) {
    super(scope, id);
    const { key } = shared;
    const { judging, trail, quarantine } = detection;
    this.deadLetters = [detection.failures.announcements, detection.deadLetters, publishing.failedFindings];
    this.function = new BundledFunction(this, 'Run', shared, {
      name: 'redrive',
      description: 'Judges again, after a fix, what lies in quarantine and what was given up',
      memorySize: JUDGING_MEMORY_MB,
      timeout: Duration.minutes(15),
      environment: {
        ...judging,
        DEAD_LETTER_QUEUE_URLS: this.deadLetters.map(({ queueUrl }) => queueUrl).join(','),
      },
      atMostAtOnce: 1,
      asynchronous: { onFailure: new SqsDestination(failures) },
      wildcardBecause: YET_TO_BE_WRITTEN,
      may: [
        mayReceive(quarantine, ...this.deadLetters),
        maySend(publishing.findings, quarantine, failures),
        key.through('sqs'),
        ...detection.failures.mayFetch(),
        ...(trail?.mayFetch ?? []),
      ],
    });
    if (trail?.objects) {
      new CfnOutput(this, 'TrailObjectsQueue', {
        description: 'What announces the objects of the trail’s bucket sends here',
        value: trail.objects.queueArn,
      });
      new CfnOutput(this, 'TrailReaders', {
        description: 'Whom the trail’s bucket and its key must let read',
        value: [trail.cloudtrail, this.function].map(({ role }) => role.roleArn).join(' '),
      });
    }
  }
}
