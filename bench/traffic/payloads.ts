import { gzipSync } from 'node:zlib';
import type { K8sEvent } from '../../scripts/samples/k8s-event.ts';
import { AUDIT_GROUP, logsData } from '../../scripts/samples/payloads/envelopes.ts';
import { createRandom, hexOf } from '../../scripts/samples/random.ts';

/** JSON as Go writes it: with what HTML minds escaped. */
const goJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Events as CloudWatch Logs sends them to a subscriber, base64 gzip, from the API servers' streams in turn. */
export function* payloadsOf(events: Iterable<K8sEvent>, seed: string): Generator<string> {
  const random = createRandom(`payloads/${seed}`);
  const streams = [1, 2, 3].map((n) => `kube-apiserver-audit-${hexOf(`stream/${n}`, 32)}`) as [string, ...string[]];
  const next = () => random.int(50, 450);
  let room = next();
  let batch: K8sEvent[] = [];
  const packed = () => {
    const lines = batch.map((event) => ({ at: Date.parse(event.stageTimestamp) + 900, message: goJson(event) }));
    batch = [];
    return gzipSync(JSON.stringify(logsData(AUDIT_GROUP, random.pick(streams), lines))).toString('base64');
  };
  for (const event of events) {
    batch.push(event);
    if (batch.length === room) {
      yield packed();
      room = next();
    }
  }
  if (batch.length > 0) yield packed();
}
