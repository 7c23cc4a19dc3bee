import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { decodeBase64Gzip } from '../aws/decode.ts';
import { receivedInObject } from '../aws/object.ts';
import { openBase64, type Payload, type Received } from '../aws/payload.ts';
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
export type Engine = (payload: string) => Outcome | Promise<Outcome>;

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
    return (payload) => judged(pipeline, () => openBase64(payload, AUDIT, { withoutQuiet: () => undefined }).received);
  },
  engine: () => {
    const pipeline = createPipeline({ detectors: k8sAuditDetectors });
    return (payload) => judged(pipeline, () => openBase64(payload, AUDIT, pipeline).received);
  },
  scanner: () => scanning(k8sAuditDetectors),
  scannerTwice: () => scanning([...k8sAuditDetectors, ...k8sAuditDetectors.map(again)]),
  trailParse: () => only(parsed),
  trailEngine: () => {
    const pipeline = createPipeline({ detectors: cloudtrailDetectors });
    return (object) =>
      judged(pipeline, () => receivedInObject(Readable.from([Buffer.from(object, 'base64')]), TRAIL, pipeline));
  },
} satisfies Record<string, () => Engine>;

export type EngineName = keyof typeof ENGINES;

/** Nothing but telling what is quiet by its bytes. */
function scanning(detectors: readonly RegisteredDetector[]): Engine {
  const pipeline = createPipeline({ detectors });
  return only((payload) => pipeline.withoutQuiet(gunzip(payload)));
}

/** Another detector that judges the same. */
function again({ detector, nextSteps }: RegisteredDetector): RegisteredDetector {
  return { detector: { ...detector, id: `${detector.id}-again` }, nextSteps };
}

async function judged(pipeline: Pipeline, open: () => Iterable<Received> | AsyncIterable<Received>): Promise<Outcome> {
  const alerts: Alert[] = [];
  const before = pipeline.counts.records;
  let parsed = 0;
  for await (const { delivery } of open()) {
    parsed++;
    for (const { alert, muted } of pipeline.receive(delivery).outgoing) if (!muted) alerts.push(alert);
  }
  return { events: pipeline.counts.records - before, parsed, alerts };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
