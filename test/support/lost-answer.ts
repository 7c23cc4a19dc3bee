import { FaultProxy } from './fault-proxy.ts';

/** A DynamoDB that does the first write, and is cut off before it answers; `upstream` is where DynamoDB is. */
export async function startLosingAnswer(upstream: string): Promise<FaultProxy> {
  const proxy = await FaultProxy.start({ AWS_ENDPOINT_URL_DYNAMODB: upstream });
  let writes = 0;
  proxy.decide = ({ action }) => (action === 'PutItem' && ++writes === 1 ? { name: 'commit-reset' } : undefined);
  return proxy;
}
