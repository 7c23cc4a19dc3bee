import { FaultProxy } from './fault-proxy.ts';

/** The DynamoDB of a deployment that does the first write, and is cut off before it answers. */
export async function startLosingAnswer(environment: Readonly<Record<string, string>>): Promise<FaultProxy> {
  const proxy = await FaultProxy.start(environment);
  let writes = 0;
  proxy.decide = ({ action }) => (action === 'PutItem' && ++writes === 1 ? { name: 'commit-reset' } : undefined);
  return proxy;
}
