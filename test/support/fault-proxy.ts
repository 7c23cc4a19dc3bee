import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AwsRequest, bodyWithout, readRequest } from './aws-request.ts';
import { answerOf, type Fault, isCommitted, isHeld, withRefused } from './fault.ts';
import { violationsIn } from './strict-limits.ts';

/** What the SDK reads to find a service, whose name in signatures comes after this. */
const ENDPOINT = 'AWS_ENDPOINT_URL_';

/** A request that came by: what befell it, and what went back to the client, if anything did. */
export interface Crossing {
  readonly request: AwsRequest;
  readonly fault: Fault | undefined;
  /** Empty where the client was left waiting or cut off. */
  readonly answer: string;
}

/** Stands before the services of AWS on loopback, lets requests pass or not, and refuses what AWS would refuse. */
export class FaultProxy {
  /** What befalls a request; `undefined` lets it pass. */
  decide: (request: AwsRequest) => Fault | undefined = () => undefined;
  /** Told of each request when it has been dealt with, and before the client can know. */
  observe: (crossing: Crossing) => void = () => {};
  /** What AWS would have refused though the emulators did not. */
  readonly violations: string[] = [];
  /** What befell which request, in order; requests that passed are left out. */
  readonly trace: string[] = [];
  /** Where each service is, by its name in signatures. */
  readonly #upstream: Readonly<Record<string, string>>;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(upstream: Readonly<Record<string, string>>) {
    this.#upstream = upstream;
    this.#server = createServer((incoming, outgoing) => {
      // A client that is gone is no error, whoever went first.
      incoming.on('error', () => {});
      this.#handle(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  /** Listens; the environment of a function says where each service is. */
  static async start(environment: Readonly<Record<string, string>>): Promise<FaultProxy> {
    const upstream = Object.entries(environment).flatMap(([name, url]) =>
      name.startsWith(ENDPOINT) ? [[name.slice(ENDPOINT.length).toLowerCase(), url]] : [],
    );
    const proxy = new FaultProxy(Object.fromEntries(upstream));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** The settings of a function that finds everything behind this proxy: the SDK calls the host of a queue's URL. */
  before(settings: Readonly<Record<string, string>>): Record<string, string> {
    const addressed = Object.entries(settings).map(([name, value]) => [
      name,
      value.replaceAll(/http:\/\/[^/,]+/g, this.endpoint),
    ]);
    return Object.fromEntries(addressed);
  }

  get endpoint(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    const { method = '', url = '', headers } = incoming;
    const asked = readRequest(method, url, headers, body.toString());
    const violations = violationsIn(asked);
    if (violations.length > 0) {
      this.violations.push(...violations);
      this.#answer(outgoing, asked, undefined, answerOf('denied', asked));
      return;
    }
    const fault = this.decide(asked);
    if (fault) this.trace.push(`${asked.caller} ${asked.service} ${asked.action} ${nameOf(fault)}`);
    if (!fault) {
      const { status, headers: said, bytes } = await this.#forward(incoming, asked, body);
      this.observe({ request: asked, fault, answer: bytes.toString() });
      outgoing.writeHead(status, said).end(bytes);
      return;
    }
    if (fault.name === 'partial') {
      const rest = asked.entries.length > fault.refused.size;
      const answered = rest
        ? (await this.#forward(incoming, asked, Buffer.from(bodyWithout(asked, fault.refused)))).bytes.toString()
        : '';
      this.#answer(outgoing, asked, fault, withRefused(asked, answered, fault.refused));
      return;
    }
    if (isCommitted(fault)) await this.#forward(incoming, asked, body);
    if (isHeld(fault)) this.observe({ request: asked, fault, answer: '' });
    else if (fault.name.endsWith('reset')) {
      this.observe({ request: asked, fault, answer: '' });
      outgoing.destroy();
    } else this.#answer(outgoing, asked, fault, answerOf(fault.name, asked));
  }

  #answer(outgoing: ServerResponse, asked: AwsRequest, fault: Fault | undefined, answer: ReturnType<typeof answerOf>) {
    this.observe({ request: asked, fault, answer: answer.body });
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  }

  async #forward({ method, url, headers }: IncomingMessage, { service }: AwsRequest, body: Buffer) {
    const upstream = this.#upstream[service];
    if (upstream === undefined) throw new Error(`a request to ${service}, which is not on loopback`);
    const forwarded = request(new URL(url ?? '/', upstream), {
      method,
      agent: this.#agent,
      headers: { ...endToEnd(headers), 'content-length': body.length },
    });
    const answered = once(forwarded, 'response');
    forwarded.end(body);
    const [response] = await answered;
    const bytes = await bytesOf(response);
    return {
      status: response.statusCode,
      headers: { ...endToEnd(response.headers), 'content-length': bytes.length },
      bytes,
    };
  }
}

/** Without what holds of one connection only. */
function endToEnd({ ...headers }: IncomingHttpHeaders): IncomingHttpHeaders {
  for (const name of ['host', 'connection', 'content-length', 'transfer-encoding']) delete headers[name];
  return headers;
}

function nameOf(fault: Fault): string {
  return fault.name === 'partial' ? `partial ${[...fault.refused].join(',')}` : fault.name;
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
