import { gunzipSync } from 'node:zlib';
import { decodeBase64Gzip } from '../aws/decode.ts';
import { type Payload, type Received, receivedInBase64, receivedInBytes, receivedInValue } from '../aws/payload.ts';
import type { Alert } from '../core/alert.ts';
import type { RegisteredDetector } from '../core/detector.ts';
import { createPipeline, type Pipeline } from '../core/pipeline.ts';
import { cloudtrailDetectors } from '../detectors/cloudtrail/index.ts';
import { k8sAuditDetectors } from '../detectors/k8s-audit/index.ts';
import { createStraight } from './straight.ts';

/** What came of one payload. `parsed` counts the records that went through JSON.parse one by one. */
export interface Outcome {
  readonly events: number;
  readonly parsed: number;
  readonly alerts: readonly Alert[];
}

/** Does with one payload what is to be measured. */
export type Engine = (payload: string) => Outcome;

const AUDIT: Payload = { origin: {}, source: 'k8s-audit' };
const TRAIL: Payload = { origin: {}, source: 'cloudtrail' };
const isOn = ({ detector }: RegisteredDetector) => (detector.mode ?? 'on') === 'on';

const gunzip = (base64: string): Buffer => gunzipSync(Buffer.from(base64, 'base64'));
const parsed = (base64: string) => JSON.parse(gunzip(base64).toString('utf8'));

/** For what judges nothing: whatever is broken it leaves to those that say so. */
const only =
  (work: (payload: string) => void): Engine =>
  (payload) => {
    attempt(() => work(payload));
    return { events: 0, parsed: 0, alerts: [] };
  };

/**
 * Everything that is measured: on CloudWatch payloads or, where its name says `trail`, on CloudTrail objects in base64.
 * Each is made anew in each process.
 */
export const ENGINES = {
  floor: () => only(gunzip),
  envelope: () => only(parsed),
  parseAll: () =>
    only((payload) => {
      for (const { message } of parsed(payload).logEvents) attempt(() => JSON.parse(message));
    }),
  straight: () => createStraight(k8sAuditDetectors.filter(isOn), decodeBase64Gzip),
  indexed: () => {
    const pipeline = createPipeline({ detectors: k8sAuditDetectors });
    return (payload) => judged(pipeline, receivedInBase64(payload, AUDIT));
  },
  engine: () => {
    const pipeline = createPipeline({ detectors: k8sAuditDetectors });
    return (payload) => {
      const before = pipeline.counts.records;
      const bytes = attempt(() => gunzip(payload));
      const rest = bytes && pipeline.withoutQuiet(bytes);
      const outcome = judged(pipeline, rest ? receivedInValue(rest, AUDIT) : receivedInBase64(payload, AUDIT));
      return { ...outcome, events: pipeline.counts.records - before };
    };
  },
  trailParse: () => only(parsed),
  trailEngine: () => {
    const pipeline = createPipeline({ detectors: cloudtrailDetectors });
    return (object) => judged(pipeline, receivedInBytes(Buffer.from(object, 'base64'), TRAIL));
  },
} satisfies Record<string, () => Engine>;

export type EngineName = keyof typeof ENGINES;

function judged(pipeline: Pipeline, received: Iterable<Received>): Outcome {
  const alerts: Alert[] = [];
  let events = 0;
  for (const { delivery } of received) {
    events++;
    for (const { alert, muted } of pipeline.receive(delivery).outgoing) if (!muted) alerts.push(alert);
  }
  return { events, parsed: events, alerts };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
