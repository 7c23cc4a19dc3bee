import { gunzipSync } from 'node:zlib';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { LocalAws, type Received } from '../../local/aws.ts';
import { bundleOf, dateAt } from '../../local/lambda.ts';
import { Bundles } from '../support/bundles.ts';
import { isKill } from '../support/fault.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { Sandbox, type SandboxOptions } from '../support/sandbox.ts';

/** Waits between tries, as a part of what they would be. */
const PACE = 0.02;
const START = Date.UTC(2026, 2, 1, 10);
const RealDate = Date;

/** Everything that is deployed, on loopback, behind a proxy that lets requests pass or not; time is what it is set to. */
export class World {
  readonly aws: LocalAws;
  readonly proxy: FaultProxy;
  /**
   * The time of day in this thread, emulators included, in milliseconds since 1970. It stands still until it is set; timers
   * and durations go on.
   */
  now = START;
  readonly #bundles: Bundles;
  readonly #sandboxes = new Map<string, Sandbox>();
  #callers = 0;

  private constructor(aws: LocalAws, proxy: FaultProxy, bundles: Bundles) {
    this.aws = aws;
    this.proxy = proxy;
    this.#bundles = bundles;
    globalThis.Date = dateAt(() => this.now);
    proxy.observe = ({ request, fault }) => {
      if (fault && isKill(fault.name)) void this.#sandboxes.get(request.caller)?.kill();
    };
  }

  /** Bundles the functions and deploys them. */
  static async start(): Promise<World> {
    const bundles = await Bundles.build();
    const aws = await LocalAws.start();
    await aws.deploy();
    await aws.subscribe('alerts', 'soc');
    return new World(aws, await FaultProxy.start(aws.environment), bundles);
  }

  /** Empties the queues and the table, and turns back the time; sandboxes stay as they are. */
  async reset(): Promise<void> {
    const { aws } = this;
    for (const queue of ['findings.fifo', 'quarantine.fifo', 'soc']) await aws.deleteQueue(queue);
    await aws.deleteTopic('alerts');
    await aws.dynamo.send(new DeleteTableCommand({ TableName: aws.stateTable }));
    await aws.deploy();
    await aws.subscribe('alerts', 'soc');
    this.now = START;
    this.proxy.trace.length = 0;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#sandboxes.values()].map((sandbox) => sandbox.kill()));
    await this.proxy.stop();
    await this.aws.stop();
    globalThis.Date = RealDate;
    await this.#bundles.remove();
  }

  /** A function at a cold start, under a name of its own at the proxy. `settings` replace what it is deployed with. */
  async sandbox(
    name: string,
    { kind = 'thread', settings = {} }: Pick<SandboxOptions, 'kind'> & { settings?: Record<string, string> } = {},
  ): Promise<Sandbox> {
    const caller = `${name}-${++this.#callers}`;
    const environment = { ...this.environment, AWS_ACCESS_KEY_ID: caller, ...settings };
    const sandbox = await Sandbox.start({ file: this.file(name), environment, pace: PACE, kind });
    this.#sandboxes.set(caller, sandbox);
    return sandbox;
  }

  /** Where a function's bundle is. */
  file(name: string): string {
    return bundleOf(this.#bundles.all, name).file;
  }

  /** What the SOC's queue received, in order, and no longer holds. */
  async received(): Promise<Received[]> {
    return await this.aws.alerts(this.aws.queueUrl('soc'));
  }

  /** What lies in quarantine: each record's own text, or where it is kept if it has none there. */
  async quarantined(): Promise<string[]> {
    const messages = await this.aws.drain(this.aws.queueUrl('quarantine.fifo'));
    return messages.map(({ Body = '', MessageAttributes: { encoding, origin } = {} }) => {
      const text = encoding?.StringValue === 'text' ? Body : gunzipSync(Buffer.from(Body, 'base64')).toString();
      return text || JSON.parse(origin?.StringValue ?? '{}').file;
    });
  }

  /** What every function is deployed with: its settings, and AWS behind the proxy. */
  get environment(): Record<string, string> {
    return this.proxy.before(this.aws.settings);
  }
}
