import { readFileSync } from 'node:fs';
import type { SQSEvent } from 'aws-lambda';
import { LocalAws, type Received } from '../../local/aws.ts';
import { type Bundles, type Handler, type Invocation, invoke } from './lambda.ts';

/** Everything that is deployed, on loopback: the bundled functions, their queues, table and topic, and who subscribes to it. */
export class Deployment {
  readonly aws: LocalAws;
  readonly eksAudit: Handler;
  readonly cloudtrail: Handler;
  readonly publishAlerts: Handler;
  readonly watch: Handler;
  readonly #bundles: Bundles;

  private constructor(aws: LocalAws, bundles: Bundles) {
    this.aws = aws;
    this.#bundles = bundles;
    const settings = {
      ...aws.environment,
      FINDINGS_QUEUE_URL: aws.queueUrl('findings.fifo'),
      QUARANTINE_QUEUE_URL: aws.queueUrl('quarantine.fifo'),
      ALERT_TOPIC_ARN: aws.topicArn('alerts'),
      INCIDENT_TABLE: aws.stateTable,
    };
    this.eksAudit = bundles.start('eks-audit', settings);
    this.cloudtrail = bundles.start('cloudtrail', settings);
    this.publishAlerts = bundles.start('publish-alerts', settings);
    this.watch = bundles.start('watch', settings);
  }

  /** A new deployment of functions that were bundled before. */
  static async of(bundles: Bundles): Promise<Deployment> {
    const aws = await LocalAws.start();
    await aws.createQueue('findings.fifo');
    await aws.createQueue('quarantine.fifo');
    await aws.createStateTable();
    await aws.createTopic('alerts');
    await aws.subscribe('alerts', 'soc');
    return new Deployment(aws, bundles);
  }

  async stop(): Promise<void> {
    await this.aws.stop();
  }

  /** The same publishing function in a sandbox that remembers nothing. */
  restartPublishing(): Handler {
    return this.#bundles.start('publish-alerts', {
      ...this.aws.environment,
      ALERT_TOPIC_ARN: this.aws.topicArn('alerts'),
      INCIDENT_TABLE: this.aws.stateTable,
    });
  }

  /** Lets the second stage do its work, and returns what the SOC's queue received. */
  async received(): Promise<Received[]> {
    await this.aws.pump(this.aws.queueUrl('findings.fifo'), (event) => this.publish(event));
    return await this.aws.alerts(this.aws.queueUrl('soc'));
  }

  async publish(event: SQSEvent): Promise<{ batchItemFailures: { itemIdentifier: string }[] }> {
    const { answer, error } = await invoke(this.publishAlerts, event);
    if (error) throw error;
    return answer as { batchItemFailures: { itemIdentifier: string }[] };
  }

  /** What lies in quarantine: why, and the record's own text. */
  async quarantined(): Promise<{ reason: string; encoding: string; body: string }[]> {
    const messages = await this.aws.drain(this.aws.queueUrl('quarantine.fifo'));
    return messages.map(({ Body = '', MessageAttributes = {} }) => ({
      reason: MessageAttributes.reason?.StringValue ?? '',
      encoding: MessageAttributes.encoding?.StringValue ?? '',
      body: Body,
    }));
  }
}

/** A whole Lambda event of `samples/payloads/`. */
export function payload(name: string): unknown {
  return JSON.parse(readFileSync(payloadFile(name), 'utf8'));
}

export function payloadFile(name: string): URL {
  return new URL(`../../samples/payloads/${name}`, import.meta.url);
}

/** The numbers of an invocation's one line of log. */
export function countsOf({ log }: Invocation): Record<string, number> {
  return JSON.parse(log);
}
