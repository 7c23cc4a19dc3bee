import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveriesIn } from '../../cli/read.ts';
import type { Alert } from '../../core/alert.ts';
import { FindingsByProblem } from '../../core/findings.ts';
import { createPipeline } from '../../core/pipeline.ts';
import { parsePolicy } from '../../core/policy.ts';
import { cloudtrailDetectors } from '../../detectors/cloudtrail/index.ts';
import { k8sAuditDetectors } from '../../detectors/k8s-audit/index.ts';
import { REGION } from '../../scripts/samples/cluster.ts';
import * as wrap from '../../scripts/samples/payloads/envelopes.ts';
import { payload } from '../support/payloads.ts';
import type { Sandbox } from '../support/sandbox.ts';
import { World } from './world.ts';

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html */
const DEDUPLICATION_MS = 5 * 60_000;

const SOURCES = {
  'eks-audit': { detectors: k8sAuditDetectors, logGroup: wrap.AUDIT_GROUP, logStream: wrap.AUDIT_STREAM },
  cloudtrail: { detectors: cloudtrailDetectors, logGroup: wrap.TRAIL_GROUP, logStream: wrap.TRAIL_STREAM },
} as const;

type FunctionName = keyof typeof SOURCES;
const FUNCTIONS = Object.keys(SOURCES) as FunctionName[];

const detectors = FUNCTIONS.flatMap((name) => SOURCES[name].detectors);
/** Everything is on, so that every sample speaks. */
const POLICY = `version: 1\ndetectors:\n${detectors.map(({ detector: { id } }) => `  ${id}: { mode: on }\n`).join('')}`;

/** The fires- samples of each detector, as CloudWatch Logs delivers them. */
const samples = FUNCTIONS.flatMap((name) => {
  const { detectors, logGroup, logStream } = SOURCES[name];
  return detectors.map(({ detector: { id } }) => {
    const folder = new URL(`../../detectors/${id}/samples/`, import.meta.url);
    const files = readdirSync(folder).filter((file) => file.startsWith('fires-'));
    const lines = files.map((file, at) => {
      const text = readFileSync(new URL(file, folder), 'utf8').trim();
      return { at, message: text.endsWith('}') ? JSON.stringify(JSON.parse(text)) : text };
    });
    return { name, id, event: wrap.subscription(wrap.logsData(logGroup, logStream, lines)) };
  });
});

let directory: string;
let world: World;
const sandboxes = new Map<FunctionName, Sandbox>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'auditwire-parity-'));
  const policyFile = join(directory, 'policy.yaml');
  await writeFile(policyFile, POLICY);
  world = await World.start();
  for (const name of FUNCTIONS)
    sandboxes.set(name, await world.sandbox(name, { settings: { POLICY_FILE: policyFile } }));
});
afterAll(async () => {
  await world.stop();
  await rm(directory, { recursive: true });
});

/** The alerts of a payload by the replay, each problem's findings as one, as the queue carries them. */
async function replayed(event: unknown): Promise<Alert[]> {
  const policy = parsePolicy(
    POLICY,
    'policy.yaml',
    detectors.map(({ detector }) => detector.id),
  );
  const pipeline = createPipeline({ detectors, policy });
  const findings = new FindingsByProblem();
  const input = { name: '-', bytes: 0, open: () => Readable.from([Buffer.from(JSON.stringify(event))]) };
  const options = { source: undefined, origin: { region: REGION }, onBytes: () => {}, isQuiet: () => false };
  for await (const delivery of deliveriesIn(input, options)) {
    for (const { alert } of pipeline.receive(delivery).outgoing) findings.add(alert);
  }
  return findings.all(() => 1).map(({ alert }) => alert);
}

/** The alerts of a payload that the deployed function puts into its queue. */
async function detected(name: FunctionName, event: unknown): Promise<Alert[]> {
  // The queue has forgotten what it was sent before.
  world.now += DEDUPLICATION_MS + 1;
  const outcome = await sandboxes.get(name)?.invoke({ event, remainingMs: 60_000, now: world.now });
  expect(outcome?.kind).toBe('answered');
  const messages = await world.aws.drain(world.aws.queueUrl('findings.fifo'));
  return messages.map(({ Body = '' }) => JSON.parse(Body).alert);
}

const digestOf = (alerts: readonly Alert[]): string => {
  const lines = alerts.map((alert) => JSON.stringify(alert)).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
};

describe('the deployed functions', () => {
  it.each(samples)('say of all samples of $id what the replay says, to the byte', async ({ name, event }) => {
    const said = await detected(name, event);
    expect(said.length).toBeGreaterThan(0);
    expect(digestOf(said)).toBe(digestOf(await replayed(event)));
  });

  it.each([
    ['eks-audit', 'cloudwatch-logs-k8s-audit.json'],
    ['eks-audit', 'kinesis-k8s-audit.json'],
    ['eks-audit', 'broken-deep-nesting.json'],
    ['eks-audit', 'broken-invalid-utf8.json'],
    ['eks-audit', 'broken-line-truncated.json'],
    ['eks-audit', 'broken-proto-keys.json'],
    ['eks-audit', 'broken-user-agent-uffff.json'],
    ['cloudtrail', 'cloudwatch-logs-cloudtrail.json'],
    ['cloudtrail', 'eventbridge-cloudtrail.json'],
    ['cloudtrail', 'kinesis-cloudtrail.json'],
  ] as const)('%s says of %s what the replay says, to the byte', async (name, file) => {
    const whole = payload(file) as { readonly Records?: readonly unknown[] };
    // Each record of Kinesis is a payload of its own.
    const events = whole.Records?.map((record) => ({ Records: [record] })) ?? [whole];
    for (const event of events) {
      const said = await detected(name, event);
      expect(digestOf(said)).toBe(digestOf(await replayed(event)));
    }
  });
});
