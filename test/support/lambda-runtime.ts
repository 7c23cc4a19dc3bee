import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** AWS's own runtime interface client. It compiles when it is installed, and so is not among what this project installs. */
const CLIENT = fileURLToPath(new URL('../../node_modules/aws-lambda-ric/index.mjs', import.meta.url));

export const hasRuntimeClient = existsSync(CLIENT);

/** What came of an invocation, or of a start that failed: the body that the client posted, and where. */
export interface Posted {
  readonly to: 'response' | 'error' | 'init/error';
  readonly body: unknown;
}

/** The client goes by the clock of the machine, whatever time this thread has been given. */
const DEADLINE_MS = 60_000;

/**
 * A function under AWS's runtime interface client, with the other side of its protocol in this process.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class LambdaRuntime {
  readonly #server: Server;
  readonly #client: ChildProcess;
  #next: ServerResponse | undefined;
  #event: string | undefined;
  #resolve: (posted: Posted) => void = () => {};

  private constructor(server: Server, client: ChildProcess) {
    this.#server = server;
    this.#client = client;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#handle(request, response));
  }

  /** Starts `handler` of a bundle with this environment. */
  static async start(file: string, environment: Readonly<Record<string, string>>): Promise<LambdaRuntime> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const env = {
      ...environment,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      LAMBDA_TASK_ROOT: dirname(file),
      _HANDLER: 'index.handler',
      AWS_LAMBDA_FUNCTION_NAME: 'function',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/function',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
    };
    const client = spawn(process.execPath, [CLIENT], { env, stdio: 'ignore' });
    return new LambdaRuntime(server, client);
  }

  /** Gives the function an event, and waits for what it posts. */
  async invoke(event: unknown): Promise<Posted> {
    this.#event = JSON.stringify(event);
    this.#giveEvent();
    return await this.posted();
  }

  /** Waits for what is posted next. Rejects if the client ends without a word. */
  async posted(): Promise<Posted> {
    return await new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#client.once('exit', () => reject(new Error('the runtime client ended')));
    });
  }

  async stop(): Promise<void> {
    this.#client.kill('SIGKILL');
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '' } = request;
    if (url.endsWith('/runtime/invocation/next')) {
      this.#next = response;
      this.#giveEvent();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(202).end();
    const to = url.endsWith('init/error') ? 'init/error' : url.endsWith('/error') ? 'error' : 'response';
    this.#resolve({ to, body: JSON.parse(Buffer.concat(chunks).toString() || 'null') });
  }

  #giveEvent(): void {
    if (this.#next === undefined || this.#event === undefined) return;
    this.#next.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': '00000000-0000-4000-8000-000000000001',
      'Lambda-Runtime-Deadline-Ms': String(Math.round(performance.timeOrigin + performance.now() + DEADLINE_MS)),
      'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:eu-west-1:000000000000:function:function',
    });
    this.#next.end(this.#event);
    this.#next = undefined;
    this.#event = undefined;
  }
}
