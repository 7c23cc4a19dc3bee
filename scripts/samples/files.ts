import { gunzipSync, gzipSync } from 'node:zlib';
import type { K8sEvent } from './k8s-event.ts';
import { brokenPayloads } from './payloads/broken.ts';
import { excerpt, onDisk, wholePayloads } from './payloads/whole.ts';
import { quietDay } from './quiet-day/k8s-audit.ts';
import { quietTrail } from './quiet-trail/cloudtrail.ts';
import { anonymousAfterEndpointOpened } from './stories/anonymous-after-endpoint-opened.ts';
import { blindTheLogs } from './stories/blind-the-logs.ts';
import { podEscapePrivilegedDaemonset } from './stories/pod-escape-privileged-daemonset.ts';
import { stolenDeveloperCredentials } from './stories/stolen-developer-credentials.ts';
import type { Story } from './story.ts';
import type { TrailEvent } from './trail-event.ts';

/** A generated file: its path in the repository and its bytes before compression (`.gz` files are compressed on disk). */
export type SampleFile = { path: string; bytes: Buffer };

const ndjson = (values: unknown[]): Buffer => Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
const compact = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);

const timeOf = (event: K8sEvent | TrailEvent): string => String(event.eventTime ?? event.stageTimestamp);
const inOrder = (events: (K8sEvent | TrailEvent)[]) => events.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));

const storyFiles = ({ name, audit, trail, labels, page }: Story): SampleFile[] => [
  // Both sources in one file, as they happened: the reader tells them apart.
  { path: `samples/stories/${name}/events.ndjson`, bytes: ndjson(inOrder([...audit, ...trail])) },
  { path: `test/stories/${name}.json`, bytes: json(labels) },
  { path: `samples/stories/${name}/story.md`, bytes: Buffer.from(page) },
];

/** Everything under samples/, and what the tests hold against the stories. */
export function sampleFiles(): SampleFile[] {
  const stolen = stolenDeveloperCredentials();
  const stories = [stolen, anonymousAfterEndpointOpened(), podEscapePrivilegedDaemonset(), blindTheLogs()];
  const { audit, trail } = excerpt(stolen);
  const payloads = { ...wholePayloads(audit, trail), ...onDisk(audit), ...brokenPayloads(audit) };
  return [
    { path: 'samples/quiet-day/k8s-audit.ndjson.gz', bytes: ndjson(quietDay()) },
    { path: 'samples/quiet-day/cloudtrail.json.gz', bytes: compact({ Records: quietTrail() }) },
    ...stories.flatMap(storyFiles),
    ...Object.entries(payloads).map(([name, value]) => ({
      path: `samples/payloads/${name}`,
      bytes: name.endsWith('.gz') ? compact(value) : json(value),
    })),
  ];
}

/** A file's bytes as they lie on disk. */
export const pack = ({ path, bytes }: SampleFile): Buffer =>
  path.endsWith('.gz') ? gzipSync(bytes, { level: 9 }) : bytes;

/** What a file says: compressed bytes differ between versions of zlib, their contents do not. Sees through base64 in JSON too. */
export function contentsOf(bytes: Buffer): string {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  return plain.toString('latin1').replaceAll(/H4sI[\w+/]+=*/g, (archive) => {
    try {
      return gunzipSync(Buffer.from(archive, 'base64')).toString('latin1');
    } catch {
      return archive;
    }
  });
}
