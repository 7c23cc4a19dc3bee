import { severityRank } from '../core/severity.ts';
import { type Bundle, bundleFunctions } from '../scripts/build.ts';
import { LocalAws, type Received } from './aws.ts';
import { bundleOf, type Counts, countsOf, type Handler, invoke, startFunction } from './lambda.ts';
import { Repeats } from './repeats.ts';
import type { Payload } from './stories.ts';

/** What the pager subscribes to: alerts of high severity and above. */
export const PAGER_FILTER = { severityRank: [{ numeric: ['>=', severityRank('high')] }] };

/** What became of one payload: what each function that ran counted, and what came out where somebody looks. */
export interface Outcome {
  readonly ran: ReadonlyMap<string, Counts>;
  /** Findings that SQS took for repeats of what it had: a request is logged when it opens and when it ends. */
  readonly absorbed: number;
  readonly mailbox: readonly Received[];
  readonly pager: readonly Received[];
  readonly quarantine: readonly { readonly reason: string; readonly detail: string }[];
}

/** The URLs of what is waited in and received from. */
type Queues = Readonly<Record<'findings' | 'quarantine' | 'trailObjects' | 'mailbox' | 'pager', string>>;

type Functions = Readonly<Record<'eks-audit' | 'cloudtrail' | 'publish-alerts' | 'watch', Handler>>;

/** Everything that is deployed, on loopback: the functions, what they are wired to, and two subscribers to the alerts. */
export class Deployment {
  readonly #aws: LocalAws;
  readonly #functions: Functions;
  readonly #queues: Queues;
  readonly #repeats: Repeats;
  #ran = new Map<string, Counts>();
  #now = 0;

  /** Bundles the functions into memory and starts everything. */
  static async start(): Promise<Deployment> {
    const bundles = await bundleFunctions();
    const aws = await LocalAws.start();
    await aws.deploy();
    const queues = {
      findings: aws.queueUrl('findings.fifo'),
      quarantine: aws.queueUrl('quarantine.fifo'),
      trailObjects: await aws.createQueue('trail-objects'),
      mailbox: await aws.subscribe('alerts', 'mailbox'),
      pager: await aws.subscribe('alerts', 'pager', PAGER_FILTER),
    };
    return new Deployment(aws, queues, bundles);
  }

  private constructor(aws: LocalAws, queues: Queues, bundles: readonly Bundle[]) {
    this.#aws = aws;
    this.#queues = queues;
    this.#repeats = new Repeats(queues.findings);
    const start = (name: string) => startFunction(bundleOf(bundles, name), aws.settings, () => this.#now);
    this.#functions = {
      'eks-audit': start('eks-audit'),
      cloudtrail: start('cloudtrail'),
      'publish-alerts': start('publish-alerts'),
      watch: start('watch'),
    };
  }

  async stop(): Promise<void> {
    this.#repeats.stop();
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
      absorbed: this.#repeats.take(),
      mailbox: await this.#aws.alerts(this.#queues.mailbox),
      pager: await this.#aws.alerts(this.#queues.pager),
      quarantine: quarantine.map(({ MessageAttributes: { reason, detail } = {} }) => ({
        reason: reason?.StringValue ?? '',
        detail: detail?.StringValue ?? '',
      })),
    };
  }

  /** What stands between a queue and a function on Lambda. */
  async #pump(queueUrl: string, name: keyof Functions): Promise<void> {
    const failed = await this.#aws.pump(queueUrl, (event) => this.#run(name, event));
    if (failed.length > 0) throw new Error(`${name} left ${failed.length} messages undone`);
  }

  async #run(name: keyof Functions, event: unknown): Promise<unknown> {
    const invocation = await invoke(this.#functions[name], event);
    if (invocation.error) throw invocation.error;
    this.#ran.set(name, sumOf(this.#ran.get(name) ?? {}, countsOf(invocation)));
    return invocation.answer;
  }
}

/** Two sets of counts as one. */
export function sumOf(a: Counts, b: Counts): Counts {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(names.map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}
