import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Construct } from 'constructs';
import { BundledFunction } from './bundled-function.ts';
import { CANARY_INTERVAL, Canary } from './canary.ts';
import type { Detection } from './detection.ts';
import { maySend } from './permissions.ts';
import { INCIDENTS, LOG_SOURCES, type Publishing } from './publishing.ts';
import { EncryptedQueue, WAITS_FOR_OPERATOR } from './queues.ts';
import { Redrive } from './redrive.ts';
import type { Shared } from './shared.ts';

interface WatchingProps {
  readonly publishing: Publishing;
  readonly detection: Detection;
}

/** What runs by the clock, and what is run by hand: closing incidents, the canary, and redrive. */
export class Watching extends Construct {
  readonly watch: BundledFunction;
  readonly canary: Canary;
  readonly redrive: Redrive;
  /** Runs that were given up. They need not be run again: the next one does their work. */
  readonly failedRuns: EncryptedQueue;

  constructor(scope: Construct, id: string, shared: Shared, { publishing, detection }: WatchingProps) {
    super(scope, id);
    const { settings, key } = shared;
    this.failedRuns = new EncryptedQueue(this, 'FailedRuns', {
      key,
      name: `${settings.name}-scheduled-failed`,
      keepsBecause: WAITS_FOR_OPERATOR,
    });
    this.watch = new BundledFunction(this, 'Watch', shared, {
      name: 'watch',
      description: 'Closes incidents, and tells of log sources that went silent',
      memorySize: 256,
      timeout: Duration.seconds(120),
      environment: {
        ...detection.judging,
        INCIDENT_TABLE: publishing.table.tableName,
        ALERT_TOPIC_ARN: publishing.topic.topicArn,
      },
      atMostAtOnce: 1,
      asynchronous: { onFailure: new SqsDestination(this.failedRuns) },
      may: [
        maySend(publishing.findings, detection.quarantine, this.failedRuns),
        key.through('sqs'),
        ...publishing.mayUseItems([...INCIDENTS, ...LOG_SOURCES], ['BatchGetItem', 'GetItem', 'PutItem', 'UpdateItem']),
        publishing.mayFindEnded(),
        ...publishing.mayPublish(),
      ],
    });
    this.canary = new Canary(this, 'Canary', shared, { publishing, detection });
    this.redrive = new Redrive(this, 'Redrive', shared, { publishing, detection, failures: this.failedRuns });
    this.#every(Duration.minutes(5), this.watch);
    this.#every(CANARY_INTERVAL, this.canary.function);
  }

  #every(interval: Duration, { name, lambda }: BundledFunction): void {
    const rule = new Rule(this, `Every${interval.toMinutes()}Minutes`, {
      description: `Runs ${name} every ${interval.toMinutes()} minutes`,
      schedule: Schedule.rate(interval),
    });
    // A run that could not begin in time is the next one's.
    rule.addTarget(
      new LambdaFunction(lambda, { deadLetterQueue: this.failedRuns, maxEventAge: interval, retryAttempts: 3 }),
    );
  }
}
