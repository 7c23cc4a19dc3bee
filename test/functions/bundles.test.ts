import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOf } from '../../local/lambda.ts';
import { type Bundle, functionNames } from '../../scripts/build.ts';
import { Bundles } from '../support/bundles.ts';

const KIB = 1024;

/** The client, and what it keeps addresses in. */
const DYNAMODB = ['@aws-sdk/client-dynamodb', 'mnemonist', 'obliterator'];

/** How big each bundle may become, in bytes, and what of npm may be in it, the SDK's own parts left out. */
const BUDGETS: Readonly<Record<string, { readonly bytes: number; readonly packages: readonly string[] }>> = {
  canary: {
    bytes: 640 * KIB,
    packages: [...DYNAMODB, '@aws-sdk/client-cloudwatch-logs', '@aws-sdk/client-sqs', 'zod'],
  },
  // What SNS's client needs, and zod.
  chat: { bytes: 448 * KIB, packages: ['@aws-sdk/client-sns', 'zod'] },
  cloudtrail: {
    bytes: 1024 * KIB,
    packages: [...DYNAMODB, '@aws-sdk/client-s3', '@aws-sdk/client-sqs', 'yaml', 'zod'],
  },
  'eks-audit': { bytes: 1024 * KIB, packages: [...DYNAMODB, '@aws-sdk/client-sqs', 'yaml', 'zod'] },
  // Both hold some 330 KiB of what every client of the SDK needs, 113 KiB of its clients for DynamoDB and SNS, and zod.
  'publish-alerts': { bytes: 544 * KIB, packages: [...DYNAMODB, '@aws-sdk/client-sns', 'zod'] },
  // The detectors of all sources.
  redrive: { bytes: 1280 * KIB, packages: ['@aws-sdk/client-s3', '@aws-sdk/client-sqs', 'yaml', 'zod'] },
  // Judges as well: what became of log sources, by policy.
  watch: { bytes: 800 * KIB, packages: [...DYNAMODB, '@aws-sdk/client-sns', '@aws-sdk/client-sqs', 'yaml', 'zod'] },
};

let bundles: Bundles;

beforeAll(async () => {
  bundles = await Bundles.build();
}, 60_000);
afterAll(() => bundles.remove());

/** The package of a module, or its folder in this project. */
const packageOf = (module: string): string =>
  /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(module)?.[1] ?? module.replace(/\/[^/]*$/, '');

function heaviest({ modules }: Bundle): string {
  const bytes = new Map<string, number>();
  for (const [module, { bytesInOutput }] of Object.entries(modules)) {
    const name = packageOf(module);
    bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
  }
  const sorted = [...bytes].sort(([, a], [, b]) => b - a).slice(0, 15);
  return sorted.map(([name, size]) => `${Math.round(size / KIB)} KiB ${name}`).join('\n');
}

describe('the bundles', () => {
  it('are one for every function, each with a budget', () => {
    expect(bundles.all.map(({ name }) => name).sort()).toEqual(functionNames());
    expect(Object.keys(BUDGETS).sort()).toEqual(functionNames());
  });

  it.each(Object.entries(BUDGETS))('%s stays within its budget', (name, { bytes }) => {
    const bundle = bundleOf(bundles.all, name);
    expect(bundle.bytes, `${name} has ${bundle.bytes} bytes:\n${heaviest(bundle)}`).toBeLessThanOrEqual(bytes);
  });

  it.each(Object.entries(BUDGETS))('%s holds no package that nobody meant to deploy', (name, { packages }) => {
    const names = Object.keys(bundleOf(bundles.all, name).modules)
      .filter((module) => module.includes('node_modules/'))
      .map(packageOf)
      .filter((one) => !/^@smithy\/|^@aws\/|^@aws-sdk\/(?!client-)/.test(one));
    expect([...new Set(names)].sort()).toEqual([...packages].sort());
  });
});

describe('a function with broken settings', () => {
  const region = { AWS_REGION: 'eu-west-1' };

  it('does not start, and names every setting that is missing', () => {
    expect(() => bundles.start('eks-audit', region)).toThrow(/FINDINGS_QUEUE_URL.*missing\n.*QUARANTINE_QUEUE_URL/);
    expect(() => bundles.start('publish-alerts', region)).toThrow(
      /ALERT_TOPIC_ARN.*missing\n.*INCIDENT_TABLE.*missing/,
    );
    expect(() => bundles.start('watch', region)).toThrow(/ALERT_TOPIC_ARN.*missing\n.*INCIDENT_TABLE.*missing/);
    expect(() => bundles.start('chat', region)).toThrow(/CHAT_TOPIC_ARN.*missing/);
    expect(() => bundles.start('canary', region)).toThrow(/CANARY_LOG_GROUP.*missing\n.*CANARY_QUEUE_URL.*missing/);
  });

  it('does not start with a queue that keeps no order, or a topic or table that is none', () => {
    const queues = { FINDINGS_QUEUE_URL: 'https://sqs.example.com/1/findings', QUARANTINE_QUEUE_URL: 'bad.fifo' };
    expect(() => bundles.start('cloudtrail', { ...region, ...queues })).toThrow(
      /FINDINGS_QUEUE_URL.*\.fifo\n.*QUARANTINE_QUEUE_URL/,
    );
    const tableArn = 'arn:aws:dynamodb:eu-west-1:111122223333:table/state';
    expect(() =>
      bundles.start('publish-alerts', { ...region, ALERT_TOPIC_ARN: 'alerts', INCIDENT_TABLE: tableArn }),
    ).toThrow(/ALERT_TOPIC_ARN.*\n.*INCIDENT_TABLE.*not its ARN/);
  });

  it('does not start with a policy that cannot be read', () => {
    const queueUrl = 'https://sqs.example.com/1/queue.fifo';
    const settings = {
      ...region,
      FINDINGS_QUEUE_URL: queueUrl,
      QUARANTINE_QUEUE_URL: queueUrl,
      INCIDENT_TABLE: 'state',
    };
    expect(() => bundles.start('eks-audit', { ...settings, POLICY_FILE: '/nowhere/policy.yaml' })).toThrow(
      /POLICY_FILE.*\/nowhere\/policy\.yaml/,
    );
  });
});
