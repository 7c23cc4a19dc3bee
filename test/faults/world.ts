import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { LocalAws, type Received } from '../../local/aws.ts';
import { bundleFunctions } from '../../scripts/build.ts';
import { isKill } from '../support/fault.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { Sandbox, type SandboxOptions } from '../support/sandbox.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** Waits between tries, as a part of what they would be. */
const PACE = 0.02;
const START = Date.UTC(2026, 2, 1, 10);
const ENDPOINT = 'AWS_ENDPOINT_URL_';

/** Everything that is deployed, on loopback, behind a proxy that lets requests pass or not; time is what it is set to. */
export class World {
  readonly aws: LocalAws;
  readonly proxy: FaultProxy;
  readonly clock: VirtualClock;
  /** Where the bundles are. */
  readonly #directory: string;
  readonly #sandboxes = new Map<string, Sandbox>();
  #callers = 0;

  private constructor(aws: LocalAws, proxy: FaultProxy, directory: string) {
    this.aws = aws;
    this.proxy = proxy;
    this.clock = new VirtualClock(START);
    this.#directory = directory;
    proxy.observe = ({ request, fault }) => {
      if (fault && isKill(fault.name)) void this.#sandboxes.get(request.caller)?.kill();
    };
  }

  /** Bundles the functions and deploys them. */
  static async start(): Promise<World> {
    const directory = await mkdtemp(join(tmpdir(), 'auditwire-world-'));
    await bundleFunctions(directory);
    const aws = await LocalAws.start();
    await createResources(aws);
    const upstream = Object.entries(aws.environment)
      .filter(([name]) => name.startsWith(ENDPOINT))
      .map(([name, url]) => [name.slice(ENDPOINT.length).toLowerCase(), url]);
    return new World(aws, await FaultProxy.start(Object.fromEntries(upstream)), directory);
  }

  /** Empties the queues and the table, and turns back the time; sandboxes stay as they are. */
  async reset(): Promise<void> {
    const { aws } = this;
    for (const queue of ['findings.fifo', 'quarantine.fifo', 'soc']) await aws.deleteQueue(queue);
    await aws.deleteTopic('alerts');
    await aws.dynamo.send(new DeleteTableCommand({ TableName: aws.stateTable }));
    await createResources(aws);
    this.clock.set(START);
    this.proxy.trace.length = 0;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#sandboxes.values()].map((sandbox) => sandbox.kill()));
    await this.proxy.stop();
    await this.aws.stop();
    this.clock.restore();
    await rm(this.#directory, { recursive: true });
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
    return join(this.#directory, name, 'index.js');
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
    const viaProxy = Object.entries(this.aws.environment).map(([name, value]) => [
      name,
      name.startsWith(ENDPOINT) ? this.proxy.endpoint : value,
    ]);
    return {
      ...Object.fromEntries(viaProxy),
      FINDINGS_QUEUE_URL: this.#queueUrl('findings.fifo'),
      QUARANTINE_QUEUE_URL: this.#queueUrl('quarantine.fifo'),
      ALERT_TOPIC_ARN: this.aws.topicArn('alerts'),
      INCIDENT_TABLE: this.aws.stateTable,
    };
  }

  /** The SDK calls the host of a queue's URL, whatever else it was told. */
  #queueUrl(name: string): string {
    return this.proxy.endpoint + new URL(this.aws.queueUrl(name)).pathname;
  }
}

async function createResources(aws: LocalAws): Promise<void> {
  await aws.createQueue('findings.fifo');
  await aws.createQueue('quarantine.fifo');
  await aws.createTopic('alerts');
  await aws.subscribe('alerts', 'soc');
  await aws.createStateTable();
}
