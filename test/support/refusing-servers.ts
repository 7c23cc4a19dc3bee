import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

interface RefusingServer {
  readonly address: string;
  stop(): void;
}

/** A service of AWS that denies everything, as it does to a role that lacks a permission. */
export async function startRefusing(): Promise<RefusingServer> {
  const denial = { __type: 'com.amazon.coral.service#AccessDeniedException', Message: 'not authorized' };
  return await start(400, 'application/x-amz-json-1.0', () => JSON.stringify(denial));
}

/** An SNS that takes every message of one batch but those in which a text occurs, and then answers no more. */
export async function startFaltering(refused: string): Promise<RefusingServer> {
  let batches = 0;
  return await start(200, 'text/xml', (request) => {
    if (++batches > 1) return undefined;
    const fields = new URLSearchParams(request);
    const list = (name: string, isRefused: boolean) => {
      const members = [...fields].flatMap(([field, Id]) => {
        const entry = /^(PublishBatchRequestEntries\.member\.\d+)\.Id$/.exec(field)?.[1];
        if (!entry || fields.get(`${entry}.Message`)?.includes(refused) !== isRefused) return [];
        return `<member><Id>${Id}</Id><Code>Throttled</Code><SenderFault>false</SenderFault></member>`;
      });
      return `<${name}>${members.join('')}</${name}>`;
    };
    const result = list('Successful', false) + list('Failed', true);
    return `<PublishBatchResponse><PublishBatchResult>${result}</PublishBatchResult></PublishBatchResponse>`;
  });
}

async function start(
  status: number,
  type: string,
  answer: (request: string) => string | undefined,
): Promise<RefusingServer> {
  const server = createServer(async (request, response) => {
    const body = answer(await text(request));
    if (body !== undefined) response.writeHead(status, { 'content-type': type }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    address: `http://127.0.0.1:${address.port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
