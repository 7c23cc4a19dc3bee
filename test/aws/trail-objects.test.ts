import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadline, DeadlineError, MARGIN_MS } from '../../aws/deadline.ts';
import { receivedInObject } from '../../aws/object.ts';
import { LocalAws } from '../../local/aws.ts';

const PAYLOAD = { origin: {}, source: 'cloudtrail' } as const;

let aws: LocalAws;
let servers: Server[];
beforeEach(async () => {
  aws = await LocalAws.start();
  servers = [];
});
afterEach(async () => {
  await aws.stop();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** What reads objects, as it is where S3 has this address. */
async function reading(address = aws.environment.AWS_ENDPOINT_URL_S3) {
  Object.assign(process.env, aws.environment, { AWS_ENDPOINT_URL_S3: address });
  // Clients of AWS are made once for each module, and look for an endpoint then.
  vi.resetModules();
  const { fetchObject } = await import('../../aws/trail-objects.ts');
  const { getObject } = await import('../../aws/s3-client.ts');
  return { fetchObject, getObject };
}

/** An S3 that answers so. */
async function answering(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function* endless(chunk: string): Generator<string> {
  for (;;) yield chunk;
}

async function read(chunks: AsyncIterable<Buffer>): Promise<Error | undefined> {
  try {
    for await (const _ of chunks);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  return undefined;
}

const soon = () => new Deadline(MARGIN_MS + 10_000);

describe('an object', () => {
  it('waits for whoever reads it as long as it takes', async () => {
    const { getObject } = await reading(await answering((_, response) => response.end('{}')));
    const body = await getObject({ Bucket: 'trail', Key: 'log' }, AbortSignal.timeout(10_000));
    expect((body as IncomingMessage).socket.timeout ?? 0).toBe(0);
    body.destroy();
  });

  it('is let go of when nobody reads on', async () => {
    const closed = Promise.withResolvers<void>();
    const address = await answering((_, response) => {
      response.writeHead(200).on('close', closed.resolve);
      const event = '{"eventVersion":"1.11","eventSource":"a","eventName":"b"},';
      response.write('{"Records":[');
      Readable.from(endless(event.repeat(1_000))).pipe(response);
    });
    const { fetchObject } = await reading(address);
    const deadline = soon();
    const bytes = fetchObject({ bucket: 'trail', key: 'log' }, deadline);
    for await (const { delivery } of receivedInObject(bytes, PAYLOAD, { isIgnored: () => false })) {
      expect(delivery.kind).toBe('record');
      break;
    }
    await closed.promise;
    expect(deadline.remainingMs).toBeGreaterThan(0);
  });

  it('that cannot be read is named in what is said of it, inert and not at any length', async () => {
    await aws.putObject('trail', 'log', Buffer.alloc(64));
    const { fetchObject } = await reading();
    const missing = await read(fetchObject({ bucket: 'trail', key: 'no\nlog' }, soon()));
    expect(missing?.name).toBe('NoSuchKey');
    expect(missing?.message).toMatch(/^The specified key does not exist\. \(s3:\/\/trail\/no\\u\{a\}log\)$/);
    const long = await read(fetchObject({ bucket: 'trail', key: 'k'.repeat(10_000) }, soon()));
    expect(long?.message.length).toBeLessThan(1_500);
  });

  it('that does not come in time is named too', async () => {
    const { fetchObject } = await reading(await answering(() => {}));
    const error = await read(fetchObject({ bucket: 'trail', key: 'log' }, new Deadline(MARGIN_MS + 50)));
    expect(error?.name).toBe(DeadlineError.name);
    expect(error?.message).toBe('out of time (s3://trail/log)');
  });
});
