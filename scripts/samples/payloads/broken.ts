import { gzipSync } from 'node:zlib';
import type { Json, K8sEvent } from '../k8s-event.ts';
import { uuidOf } from '../random.ts';
import { AUDIT_GROUP, AUDIT_STREAM, logsData, subscription } from './envelopes.ts';
import { auditLine, type Payloads } from './whole.ts';

const DEPTH = 10_000;

/** Payloads that hurt. Each carries whole neighbours, one of them an attack, that must be judged all the same. */
export function brokenPayloads(audit: K8sEvent[]): Payloads {
  const lines = audit.map(auditLine);
  const [first = { at: 0, message: '{}' }] = lines;
  const longest = lines.reduce((a, b) => (b.message.length > a.message.length ? b : a), first);
  const event = JSON.parse(first.message) as Json;
  const twin = (name: string, changes: Json): string =>
    JSON.stringify({ ...event, auditID: uuidOf(`broken/${name}`), ...changes });
  const among = (message: string) =>
    subscription(logsData(AUDIT_GROUP, AUDIT_STREAM, [first, { at: first.at, message }, ...lines.slice(1)]));

  const whole = JSON.stringify(logsData(AUDIT_GROUP, AUDIT_STREAM, lines));
  // Stored blocks: the bytes of this archive are the same under every version of zlib, and so is what is left of them.
  const archive = gzipSync(whole, { level: 0 });
  const base64 = archive.toString('base64');
  const [head = '', ...rest] = whole.split('kubectl/');
  const notUtf8 = Buffer.concat([
    Buffer.from(`${head}kubectl/`),
    Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80]),
    Buffer.from(rest.join('kubectl/')),
  ]);
  const prototype = first.message.replace(
    /^\{/,
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},',
  );
  const deep = twin('deep', { requestObject: null }).replace(
    '"requestObject":null',
    `"requestObject":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`,
  );

  return {
    'broken-gzip-truncated.json': {
      awslogs: { data: archive.subarray(0, Math.floor(archive.length * 0.6)).toString('base64') },
    },
    'broken-gzip-checksum.json': {
      awslogs: {
        data: Buffer.concat([archive.subarray(0, -8), Buffer.alloc(4), archive.subarray(-4)]).toString('base64'),
      },
    },
    'broken-base64.json': { awslogs: { data: `${base64.slice(0, 400)}!!not*base64!!${base64.slice(400, 800)}` } },
    'broken-not-gzip.json': { awslogs: { data: Buffer.from(whole.slice(0, 2000)).toString('base64') } },
    'broken-envelope-json.json': subscription(Buffer.from(whole.slice(0, -40))),
    'broken-json-in-log-event.json': among(first.message.slice(0, -200)),
    'broken-line-truncated.json': among(
      `${longest.message.slice(0, Math.floor(longest.message.length * 0.7))}[Truncated...]`,
    ),
    'broken-deep-nesting.json': among(deep),
    'broken-proto-keys.json': among(prototype),
    'broken-user-agent-uffff.json': among(
      twin('uffff', { userAgent: 'kubectl/v1.33.3\uffff\ufffe\u0000\u0007\u001b[31m (linux/amd64)' }),
    ),
    'broken-lone-surrogate.json': among(twin('surrogate', { userAgent: 'kubectl/v1.33.3 \ud800' })),
    'broken-invalid-utf8.json': subscription(notUtf8),
    'broken-empty.json': {},
  };
}
