import { gunzipSync } from 'node:zlib';
import { type Alert, buildAlert } from '../core/alert.ts';
import type { RegisteredDetector } from '../core/detector.ts';
import { type Decode, deliveriesOf, deliveriesOfValue } from '../core/envelope.ts';
import { type AuditWhen, k8sAudit } from '../core/k8s-audit/source.ts';
import { DEFAULT_POLICY } from '../core/policy.ts';
import type { Delivery } from '../core/record.ts';
import type { Origin } from '../core/source.ts';
import type { Engine } from './engines.ts';

/**
 * The engine that anybody would write first: parses every event, checks it against the schema and tries every
 * detector on it.
 */
export function createStraight(detectors: readonly RegisteredDetector[], decode: Decode): Engine {
  const tried = detectors.map((registered) => {
    const when = registered.detector.when as AuditWhen;
    return { registered, when, keys: new Set(k8sAudit.selects(when)) };
  });

  function* alertsOf({ value, origin }: Delivery & { kind: 'record' }): Generator<Alert> {
    const parsed = k8sAudit.schema.safeParse(value);
    if (!parsed.success) return;
    const event = parsed.data;
    const answers = k8sAudit.answers(event);
    for (const { registered, when, keys } of tried) {
      if (!answers.some((key) => keys.has(key)) || !k8sAudit.admits(when, event)) continue;
      try {
        const finding = registered.detector.detect(event as never);
        if (!finding) continue;
        const context = k8sAudit.context(event, origin);
        yield buildAlert(registered, finding, k8sAudit.eventKey(event), context, origin, {
          runbookBaseUrl: DEFAULT_POLICY.runbookBaseUrl,
          severity: undefined,
        });
      } catch {
        // Ours quarantines a crash; neither alerts.
      }
    }
  }

  return (payload) => {
    const alerts: Alert[] = [];
    let events = 0;
    for (const delivery of plainly(payload, decode)) {
      events++;
      if (delivery.kind === 'record' && delivery.source === 'k8s-audit') alerts.push(...alertsOf(delivery));
    }
    return { events, parsed: events, alerts };
  };
}

/** Parses what everybody's payloads hold; whatever else there is goes the way that all share. */
function* plainly(payload: string, decode: Decode): Generator<Delivery> {
  const envelope = parsed(gunzipped(payload));
  if (!isOrdinary(envelope)) {
    yield* deliveriesOf(payload, {}, decode, 'k8s-audit');
    return;
  }
  const { logGroup, logStream, owner: account } = envelope;
  const cluster = /^\/aws\/eks\/([^/]+)\/cluster$/.exec(logGroup)?.[1];
  for (const { message, timestamp: receivedAt } of envelope.logEvents) {
    const origin: Origin = { logGroup, logStream, account, cluster, receivedAt };
    const value = parsed(message);
    yield* value === undefined
      ? deliveriesOf(message, origin, decode, 'k8s-audit')
      : deliveriesOfValue(value, origin, decode, 'k8s-audit');
  }
}

interface Envelope {
  readonly logGroup: string;
  readonly logStream: string;
  readonly owner: string;
  readonly logEvents: readonly { readonly message: string; readonly timestamp: number }[];
}

function isOrdinary(value: unknown): value is Envelope {
  const { messageType, logGroup, logStream, owner, logEvents } = (value ?? {}) as Partial<Record<string, unknown>>;
  return (
    messageType === 'DATA_MESSAGE' &&
    typeof logGroup === 'string' &&
    typeof logStream === 'string' &&
    logStream.startsWith('kube-apiserver-audit-') &&
    typeof owner === 'string' &&
    Array.isArray(logEvents) &&
    logEvents.every((line) => typeof line?.message === 'string' && typeof line.timestamp === 'number')
  );
}

function gunzipped(payload: string): string {
  try {
    return gunzipSync(Buffer.from(payload, 'base64')).toString('utf8');
  } catch {
    return '';
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
