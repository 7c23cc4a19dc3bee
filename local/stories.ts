import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { ACCOUNT, CLUSTER, REGION } from '../scripts/samples/cluster.ts';
import {
  AUDIT_STREAM,
  logsData,
  s3Created,
  subscription,
  TRAIL_BUCKET,
} from '../scripts/samples/payloads/envelopes.ts';
import { hexOf } from '../scripts/samples/random.ts';

const MINUTE_MS = 60_000;
/** How often CloudWatch Logs and CloudTrail are taken to deliver what has come together. */
const BATCH_MS = MINUTE_MS;
const OBJECT_MS = 5 * MINUTE_MS;

/** What AWS hands over at a moment of the recording, in milliseconds since 1970. */
export type Payload = { readonly at: number } & (
  | { readonly kind: 'log-batch'; readonly event: unknown }
  | {
      readonly kind: 'trail-object';
      readonly bucket: string;
      readonly key: string;
      readonly body: Buffer;
      readonly notification: unknown;
    }
);

/** A recorded attack among ordinary traffic, as payloads in the order of time. */
export interface Story {
  readonly title: string;
  readonly intro: string;
  readonly cluster: string;
  readonly payloads: readonly Payload[];
}

/** The stories of `samples/stories/`, in the order of the day on which they happened. */
export function stories(): Story[] {
  return [
    story('blind-the-logs', CLUSTER),
    story('anonymous-after-endpoint-opened', 'legacy-green'),
    story('stolen-developer-credentials', CLUSTER, 'broken-gzip-truncated.json'),
    story('pod-escape-privileged-daemonset', CLUSTER),
  ];
}

interface Recorded {
  readonly at: number;
  readonly message: string;
  readonly isTrail: boolean;
}

/** One story's recording, and a payload of `samples/payloads/` that comes after it. */
function story(name: string, cluster: string, broken?: string): Story {
  const [title = '', intro = ''] = read(`stories/${name}/story.md`).split('\n\n');
  const records = read(`stories/${name}/events.ndjson`).trimEnd().split('\n').map(recorded);
  const payloads = [
    ...together(
      records.filter(({ isTrail }) => !isTrail),
      BATCH_MS,
    ).map(([at, lines]) => batch(cluster, at, lines)),
    ...together(
      records.filter(({ isTrail }) => isTrail),
      OBJECT_MS,
    ).map(([at, lines]) => object(at, lines)),
  ].sort((a, b) => a.at - b.at);
  const end = payloads.at(-1)?.at ?? 0;
  const after: Payload[] = broken
    ? [{ at: end + MINUTE_MS, kind: 'log-batch', event: JSON.parse(read(`payloads/${broken}`)) }]
    : [];
  return { title: title.replace(/^# /, ''), intro, cluster, payloads: [...payloads, ...after] };
}

function recorded(message: string): Recorded {
  const { eventTime, stageTimestamp = eventTime } = JSON.parse(message);
  return { at: Date.parse(stageTimestamp), message, isTrail: eventTime !== undefined };
}

/** What is delivered at the end of every stretch of `ms` in which something was recorded. */
function together(records: readonly Recorded[], ms: number): [at: number, records: Recorded[]][] {
  const stretches = Map.groupBy(records, ({ at }) => (Math.floor(at / ms) + 1) * ms);
  return [...stretches];
}

function batch(cluster: string, at: number, records: Recorded[]): Payload {
  return { at, kind: 'log-batch', event: subscription(logsData(`/aws/eks/${cluster}/cluster`, AUDIT_STREAM, records)) };
}

function object(at: number, records: readonly Recorded[]): Payload {
  const minute = new Date(at).toISOString().slice(0, 16).replaceAll(/[-:]/g, '');
  const day = new Date(at).toISOString().slice(0, 10).replaceAll('-', '/');
  const file = `${ACCOUNT}_CloudTrail_${REGION}_${minute}Z_${hexOf(`trail/${at}`, 16)}.json.gz`;
  const key = `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/${day}/${file}`;
  const body = gzipSync(`{"Records":[${records.map(({ message }) => message).join(',')}]}`);
  return { at, kind: 'trail-object', bucket: TRAIL_BUCKET, key, body, notification: s3Created(key) };
}

function read(path: string): string {
  return readFileSync(new URL(`../samples/${path}`, import.meta.url), 'utf8');
}
