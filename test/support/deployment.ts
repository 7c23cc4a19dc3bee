import { readFileSync } from 'node:fs';
import type { SQSEvent } from 'aws-lambda';
import { announcementsIn } from '../../aws/announcement.ts';
import { LocalAws, type Received } from '../../local/aws.ts';
import { type Handler, invoke } from '../../local/lambda.ts';
import type { Bundles } from './bundles.ts';
import { payloadFile } from './payloads.ts';

/** Deployed functions for a test to invoke, the queues, table and topic that they work with, and the SOC's own queue. */
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
    this.eksAudit = this.start('eks-audit');
    this.cloudtrail = this.start('cloudtrail');
    this.publishAlerts = this.start('publish-alerts');
    this.watch = this.start('watch');
  }

  /** A new deployment of functions that were bundled before. */
  static async of(bundles: Bundles): Promise<Deployment> {
    const aws = await LocalAws.start();
    await aws.deploy();
    await aws.subscribe('alerts', 'soc');
    return new Deployment(aws, bundles);
  }

  async stop(): Promise<void> {
    await this.aws.stop();
  }

  /** A function in a sandbox that remembers nothing. `settings` come beside those of the deployment, or in their place. */
  start(name: string, settings: Readonly<Record<string, string>> = {}): Handler {
    return this.#bundles.start(name, { ...this.aws.settings, ...settings });
  }

  /** Puts an object of CloudTrail where the notification in an event says that there is one. */
  async putAnnounced(event: unknown): Promise<void> {
    const { Records } = event as { Records: readonly { body: string }[] };
    const [announcement] = announcementsIn(Records[0]?.body ?? '') ?? [];
    if (announcement?.kind !== 'created') throw new Error('the event announces no object');
    const { bucket, key } = announcement.object;
    await this.aws.putObject(bucket, key, readFileSync(payloadFile('s3-object-cloudtrail.json.gz')));
  }

  /** Lets the second stage do its work, and returns what the SOC's queue received. */
  async received(): Promise<Received[]> {
    await this.aws.pump(this.aws.queueUrl('findings.fifo'), (event) => this.publish(event));
    return await this.aws.alerts(this.aws.queueUrl('soc'));
  }

  async publish(event: SQSEvent): Promise<unknown> {
    const { answer, error } = await invoke(this.publishAlerts, event);
    if (error) throw error;
    return answer;
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
