import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MAX_DECODED_BYTES } from '../../aws/decode.ts';
import { findingsMessage } from '../../aws/findings-queue.ts';
import type { Alert } from '../../core/alert.ts';
import { FindingsByProblem } from '../../core/findings.ts';
import { JUDGING_MEMORY_MB } from '../../infra/detection.ts';
import { sqsEvent } from '../../local/aws.ts';
import { countsOf } from '../../local/lambda.ts';
import { ACCOUNT, REGION } from '../../scripts/samples/cluster.ts';
import type { Json } from '../../scripts/samples/k8s-event.ts';
import * as wrap from '../../scripts/samples/payloads/envelopes.ts';
import { alertOf, auditRecord, secretsRead } from '../support/build.ts';
import type { Outcome } from '../support/sandbox.ts';
import { attacksOf, retold } from './labels.ts';
import { World } from './world.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** What each function is deployed with, in bytes, and how much of that it may fill. */
const MEMORY: Readonly<Record<string, number>> = {
  'eks-audit': JUDGING_MEMORY_MB * MIB,
  cloudtrail: JUDGING_MEMORY_MB * MIB,
  'publish-alerts': 256 * MIB,
};
const SHARE = 0.6;

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.stop());
afterEach(() => world.reset());

/** Lets a function at its cold start have one event, in a process of its own, and holds it to its memory. */
async function invoked(name: string, event: unknown): Promise<Outcome & { kind: 'answered' }> {
  const sandbox = await world.sandbox(name, { kind: 'process' });
  const outcome = await sandbox.invoke({ event, remainingMs: 120_000, now: world.now });
  await sandbox.kill();
  if (outcome.kind !== 'answered') throw new Error(JSON.stringify(outcome));
  expect(Math.round(outcome.peakRssBytes / MIB)).toBeLessThan(Math.round(((MEMORY[name] ?? 0) * SHARE) / MIB));
  return outcome;
}

/** A neighbour on either side of something. */
const among = (...messages: readonly string[]): Buffer =>
  Buffer.from(
    JSON.stringify(
      wrap.logsData(
        wrap.AUDIT_GROUP,
        wrap.AUDIT_STREAM,
        [secretsRead('left'), ...messages, secretsRead('right')].map((message, at) => ({
          at,
          message,
        })),
      ),
    ),
  );

const logsEvent = (bytes: Buffer): Json => ({ awslogs: { data: bytes.toString('base64') } });

/** A gzip that unpacks to `times` 128 MiB of `what`. */
function bomb(what: string, times: number): Buffer {
  const member = gzipSync(Buffer.alloc(128 * MIB, what));
  return Buffer.concat(Array.from({ length: times }, () => member));
}

async function found(): Promise<Alert[]> {
  const messages = await world.aws.drain(world.aws.queueUrl('findings.fifo'));
  return messages.map(({ Body = '' }) => JSON.parse(Body).alert);
}

async function reasons(): Promise<(string | undefined)[]> {
  const messages = await world.aws.drain(world.aws.queueUrl('quarantine.fifo'));
  return messages.map(({ MessageAttributes }) => MessageAttributes?.reason?.StringValue);
}

const depth = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('a log payload that hurts', () => {
  const whole = gzipSync(among());
  it.each<[string, Json, string]>([
    ['unpacks to 768 MiB of nothing', logsEvent(bomb(' ', 6)), 'too-big'],
    ['unpacks to 768 MiB of brackets', logsEvent(bomb('[', 6)), 'too-big'],
    ['is cut', logsEvent(whole.subarray(0, whole.length / 2)), 'bad-encoding'],
    ['has a wrong checksum', logsEvent(Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8)])), 'bad-encoding'],
    ['is no base64', { awslogs: { data: `${whole.toString('base64').slice(0, 100)}*junk*` } }, 'bad-encoding'],
  ])('that %s is in quarantine once', async (_, event, reason) => {
    const outcome = await invoked('eks-audit', event);
    expect(countsOf(outcome)).toMatchObject({ records: 1, quarantined: 1, findings: 0 });
    expect(await reasons()).toEqual([reason]);
  });

  it('that has two members is read to the end', async () => {
    const outcome = await invoked('eks-audit', logsEvent(Buffer.concat([whole, gzipSync(among('{"no":"event"}'))])));
    expect(countsOf(outcome)).toMatchObject({ records: 5, found: 4, quarantined: 1 });
    expect((await found()).map(({ incident }) => incident.count)).toEqual([2]);
    expect(await reasons()).toEqual(['unrecognised']);
  });

  it.each<[string, string, string[]]>([
    ['nests a million lists', `{"auditID":"deep","verb":"get","requestObject":${depth(1_000_000)}}`, []],
    ['nests a thousand lists', `{"auditID":"deep","verb":"get","requestObject":${depth(1_000)}}`, []],
    ['is 1 MB', secretsRead('big', { annotations: { note: 'x'.repeat(MIB) } }), []],
    ['is 1 MB and no JSON', 'x'.repeat(MIB), ['not-json']],
    ['has a user agent that SQS refuses', secretsRead('ua', { userAgent: '\uffff\ufffe\u0000\ud800' }), []],
    ['is about prototypes', secretsRead('p').replace('{', '{"__proto__":{"verb":"get"},"constructor":1,'), []],
  ])('with a record that %s: its neighbours alert', async (_, line, wanted) => {
    await invoked('eks-audit', logsEvent(gzipSync(among(line))));
    const [alert, ...others] = await found();
    expect(others.filter(({ dedupKey }) => dedupKey === alert?.dedupKey)).toEqual([]);
    expect(alert?.incident.sampleEventIds).toEqual(expect.arrayContaining(['left', 'right']));
    expect(await reasons()).toEqual(wanted);
  });

  it('with five thousand containers in a pod makes an alert of no more than 64 KiB', async () => {
    const containers = Array.from({ length: 5_000 }, (_, place) => ({
      name: `c${place}`,
      image: `registry.example.com/shop/image-${place}`,
      securityContext: { privileged: true },
    }));
    const pod = auditRecord({
      auditID: 'pod',
      verb: 'create',
      requestURI: '/api/v1/namespaces/shop/pods',
      objectRef: { resource: 'pods', namespace: 'shop', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'many' }, spec: { hostPID: true, containers } },
    });
    await invoked('eks-audit', logsEvent(gzipSync(among(JSON.stringify(pod)))));
    const alerts = (await found()).filter(({ event }) => event.id === 'pod');
    expect(alerts.length).toBeGreaterThan(0);
    for (const alert of alerts) expect(Buffer.byteLength(JSON.stringify(alert))).toBeLessThanOrEqual(64 * KIB);
  });

  it('with ten thousand records is judged to the last', async () => {
    const quiet = Array.from({ length: 10_000 }, (_, place) =>
      JSON.stringify(
        auditRecord({ auditID: `q${place}`, verb: 'get', objectRef: { resource: 'pods', name: `p${place}` } }),
      ),
    );
    const outcome = await invoked('eks-audit', logsEvent(gzipSync(among(...quiet))));
    expect(countsOf(outcome)).toMatchObject({ records: 10_002, quiet: 10_000, found: 2 });
    expect((await found()).map(({ incident }) => incident.count)).toEqual([2]);
  });
});

describe('a flood in one log payload', () => {
  const alike = secretsRead('flood-PLACE');
  /** As many events as fill this part of what is taken. */
  const flood = (message: string, part: number) => {
    const times = Math.floor((part * MAX_DECODED_BYTES) / (among(message).length - among().length));
    const messages = Array.from({ length: times }, (_, place) => message.replace('PLACE', String(place)));
    return { records: times + 2, event: logsEvent(gzipSync(among(...messages))) };
  };

  it('of one problem is few messages, in which every finding counts', async () => {
    const { records, event } = flood(alike, 0.9);
    const outcome = await invoked('eks-audit', event);
    expect(countsOf(outcome)).toMatchObject({ records, found: records, sent: records, quarantined: 0 });
    expect(countsOf(outcome).findingsMessages).toBeLessThan(records / 1_000);
  });

  it('of what cannot be judged is in quarantine line for line', async () => {
    const { records, event } = flood(alike.replace('"verb":"list"', '"verb":7'), 0.2);
    const outcome = await invoked('eks-audit', event);
    expect(countsOf(outcome)).toMatchObject({ records, found: 2, quarantined: records - 2 });
    expect((await reasons()).length).toBe(records - 2);
  });
});

describe('an object of CloudTrail that hurts', () => {
  const key = `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/poison.json.gz`;
  const [attack] = attacksOf('cloudtrail');
  const quiet = (place: number) =>
    JSON.stringify({
      eventVersion: '1.11',
      eventID: `q${place}`,
      eventSource: 'ec2.amazonaws.com',
      eventName: 'DescribeVpcs',
    });
  const loud = JSON.stringify(attack && retold(attack, 'loud').value);

  it.each<[string, () => Buffer, object, string[]]>([
    ['unpacks to 768 MiB of nothing', () => bomb(' ', 6), { findings: 0 }, ['too-big']],
    [
      'has fifty thousand records',
      () => gzipSync(`{"Records":[${Array.from({ length: 50_000 }, (_, place) => quiet(place)).join(',')},${loud}]}`),
      { records: 50_001, quiet: 50_000, found: 1, quarantined: 0 },
      [],
    ],
    [
      'has a record of 5 MB',
      () => gzipSync(`{"Records":[{"eventSource":"x","eventName":"y","pad":"${'x'.repeat(5 * MIB)}"},${loud}]}`),
      { found: 1 },
      [],
    ],
    [
      'is cut behind an attack',
      () => gzipSync(`{"Records":[${loud},${quiet(1)},${quiet(2)}]}`, { level: 0 }).subarray(0, -60),
      {},
      ['bad-encoding'],
    ],
  ])('because it %s', async (_, body, counts, wanted) => {
    await world.aws.putObject(wrap.TRAIL_BUCKET, key, body());
    const outcome = await invoked('cloudtrail', wrap.sqs([wrap.s3Created(key)]));
    expect(outcome.answer).toEqual({ batchItemFailures: [] });
    expect(countsOf(outcome)).toMatchObject(counts);
    expect(await reasons()).toEqual(wanted);
  });
});

describe('findings that hurt', () => {
  it('are ten of the largest at once', async () => {
    const messages = Array.from({ length: 10 }, (_, place) => {
      const findings = new FindingsByProblem();
      findings.add(alertOf({ dedup: [String(place)], evidence: { much: Array(600).fill('\\"'.repeat(50)) } }));
      const [only] = findings.all(() => 3_600_000);
      if (!only) throw new Error('no findings');
      const { MessageBody, MessageGroupId } = findingsMessage(only);
      return { MessageId: String(place), Body: MessageBody, Attributes: { MessageGroupId } };
    });
    await invoked('publish-alerts', sqsEvent(messages));
    expect((await world.received()).length).toBe(10);
    expect(world.proxy.violations).toEqual([]);
  });
});
