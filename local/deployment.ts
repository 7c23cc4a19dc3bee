import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { severityRank } from '../core/severity.ts';
import { type Bundle, bundleFunctions } from '../scripts/build.ts';
import { LocalAws, type Received } from './aws.ts';
import { type Handler, invoke, startFunction } from './lambda.ts';
import type { Payload } from './stories.ts';

/** What the pager subscribes to: alerts of high severity and above. */
export const PAGER_FILTER = { severityRank: [{ numeric: ['>=', severityRank('high')] }] };

/** The numbers that a function logged. */
export type Counts = Readonly<Record<string, number>>;

/** What became of one payload: what each function that ran counted, and what came out where somebody looks. */
export interface Outcome {
  readonly ran: ReadonlyMap<string, Counts>;
  readonly mailbox: readonly Received[];
  readonly pager: readonly Received[];
  readonly quarantine: readonly { readonly reason: string; readonly detail: string }[];
}

/** The URLs of what is waited in and received from. */
type Queues = Readonly<Record<'findings' | 'quarantine' | 'trailObjects' | 'mailbox' | 'pager', string>>;

/** Everything that is deployed, on loopback: the functions, what they are wired to, and two subscribers to the alerts. */
export class Deployment {
  readonly #aws: LocalAws;
  readonly #functions = new Map<string, Handler>();
  readonly #queues: Queues;
  #ran = new Map<string, Counts>();
  #now = 0;

  /** Bundles the functions into memory and starts everything. */
  static async start(): Promise<Deployment> {
    const bundles = await bundleFunctions();
    const aws = await LocalAws.start();
    await aws.createTopic('alerts');
    await aws.createStateTable();
    const queues = {
      findings: await aws.createQueue('findings.fifo'),
      quarantine: await aws.createQueue('quarantine.fifo'),
      trailObjects: await aws.createQueue('trail-objects'),
      mailbox: await aws.subscribe('alerts', 'mailbox'),
      pager: await aws.subscribe('alerts', 'pager', PAGER_FILTER),
    };
    return new Deployment(aws, queues, bundles);
  }

  private constructor(aws: LocalAws, queues: Queues, bundles: readonly Bundle[]) {
    this.#aws = aws;
    this.#queues = queues;
    const environment = {
      ...aws.environment,
      FINDINGS_QUEUE_URL: queues.findings,
      QUARANTINE_QUEUE_URL: queues.quarantine,
      ALERT_TOPIC_ARN: aws.topicArn('alerts'),
      INCIDENT_TABLE: aws.stateTable,
    };
    for (const name of ['eks-audit', 'cloudtrail', 'publish-alerts', 'watch']) {
      const bundle = bundles.find((one) => one.name === name);
      if (!bundle) throw new Error(`no function ${name}`);
      this.#functions.set(
        name,
        startFunction(bundle, environment, () => this.#now),
      );
    }
  }

  async stop(): Promise<void> {
    await this.#aws.stop();
  }

  /** Delivers a payload as AWS would, and lets everything that waits behind it run. */
  async deliver(payload: Payload): Promise<Outcome> {
    this.#now = payload.at;
    if (payload.kind === 'log-batch') await this.#run('eks-audit', payload.event);
    else {
      await this.#aws.putObject(payload.bucket, payload.key, payload.body);
      await this.#aws.notify(this.#queues.trailObjects, payload.notification);
      await this.#pump(this.#queues.trailObjects, 'cloudtrail');
    }
    await this.#pump(this.#queues.findings, 'publish-alerts');
    return await this.#outcome();
  }

  /** Runs the watch as its schedule does, at a time in milliseconds since 1970. */
  async watch(at: number): Promise<Outcome> {
    this.#now = at;
    await this.#run('watch', {});
    await this.#pump(this.#queues.findings, 'publish-alerts');
    return await this.#outcome();
  }

  async #outcome(): Promise<Outcome> {
    const ran = this.#ran;
    this.#ran = new Map();
    const quarantine = await this.#aws.drain(this.#queues.quarantine);
    return {
      ran,
      mailbox: await this.#aws.alerts(this.#queues.mailbox),
      pager: await this.#aws.alerts(this.#queues.pager),
      quarantine: quarantine.map(({ MessageAttributes: { reason, detail } = {} }) => ({
        reason: reason?.StringValue ?? '',
        detail: detail?.StringValue ?? '',
      })),
    };
  }

  /** What stands between a queue and a function on Lambda. */
  async #pump(queueUrl: string, name: string): Promise<void> {
    const failed = await this.#aws.pump(queueUrl, async (event: SQSEvent) => {
      const answer = await this.#run(name, event);
      return isBatchResponse(answer) ? answer : undefined;
    });
    if (failed.length > 0) throw new Error(`${name} left ${failed.length} messages undone`);
  }

  async #run(name: string, event: unknown): Promise<unknown> {
    const handler = this.#functions.get(name);
    if (!handler) throw new Error(`no function ${name}`);
    const { answer, error, log } = await invoke(handler, event);
    if (error) throw error;
    this.#ran.set(name, sumOf(this.#ran.get(name) ?? {}, countsIn(log)));
    return answer;
  }
}

/** Two sets of counts as one. */
export function sumOf(a: Counts, b: Counts): Counts {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(names.map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}

/** The numbers in an invocation's log, which is one line of JSON. */
function countsIn(log: string): Counts {
  const line: Record<string, unknown> = JSON.parse(log);
  return Object.fromEntries(
    Object.entries(line).flatMap(([name, value]) => (typeof value === 'number' ? [[name, value]] : [])),
  );
}

function isBatchResponse(answer: unknown): answer is SQSBatchResponse {
  return typeof answer === 'object' && answer !== null && 'batchItemFailures' in answer;
}
