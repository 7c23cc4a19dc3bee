import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeArtifacts } from '../../infra/artifacts.ts';
import { bundleOf, type Handler, startFunction } from '../../local/lambda.ts';
import { type BundleFile, filesOf, functionNames } from '../../scripts/build.ts';
import { Bundles } from '../support/bundles.ts';

const KIB = 1024;

/** The client, and what it keeps addresses in. */
const DYNAMODB = ['@aws-sdk/client-dynamodb', 'mnemonist', 'obliterator'];

interface Budget {
  readonly bytes: number;
  readonly packages: readonly string[];
}

const YAML: Budget = { bytes: 120 * KIB, packages: ['yaml'] };
const COMMANDS: Budget = { bytes: 44 * KIB, packages: [] };

/**
 * How big each file may become, in bytes, and what of npm may be in it, the SDK's own parts left out. `index.js` is what a
 * cold start waits for, a millisecond for some 35 KiB; neither the SDK nor a parser of YAML or of commands is in it.
 */
const BUDGETS: Readonly<Record<string, Budget>> = {
  'canary/index.js': { bytes: 40 * KIB, packages: ['zod'] },
  'canary/clients.js': {
    bytes: 400 * KIB,
    packages: [...DYNAMODB, '@aws-sdk/client-cloudwatch-logs', '@aws-sdk/client-sqs'],
  },
  'chat/index.js': { bytes: 52 * KIB, packages: ['zod'] },
  'chat/clients.js': { bytes: 224 * KIB, packages: ['@aws-sdk/client-sns'] },
  'cloudtrail/index.js': { bytes: 176 * KIB, packages: ['zod'] },
  'cloudtrail/clients.js': {
    bytes: 512 * KIB,
    packages: [...DYNAMODB, '@aws-sdk/client-s3', '@aws-sdk/client-sqs'],
  },
  'cloudtrail/yaml.js': YAML,
  'eks-audit/index.js': { bytes: 280 * KIB, packages: ['zod'] },
  'eks-audit/clients.js': { bytes: 320 * KIB, packages: [...DYNAMODB, '@aws-sdk/client-sqs'] },
  'eks-audit/commands.js': COMMANDS,
  'eks-audit/yaml.js': YAML,
  'publish-alerts/index.js': { bytes: 60 * KIB, packages: ['zod'] },
  'publish-alerts/clients.js': { bytes: 336 * KIB, packages: [...DYNAMODB, '@aws-sdk/client-sns'] },
  // The detectors of all sources.
  'redrive/index.js': { bytes: 320 * KIB, packages: ['zod'] },
  'redrive/clients.js': { bytes: 416 * KIB, packages: ['@aws-sdk/client-s3', '@aws-sdk/client-sqs'] },
  'redrive/commands.js': COMMANDS,
  'redrive/yaml.js': YAML,
  // Judges as well: what became of log sources, by policy.
  'watch/index.js': { bytes: 152 * KIB, packages: ['zod'] },
  'watch/clients.js': { bytes: 368 * KIB, packages: [...DYNAMODB, '@aws-sdk/client-sns', '@aws-sdk/client-sqs'] },
  'watch/yaml.js': YAML,
};

let bundles: Bundles;
let files: ReadonlyMap<string, BundleFile>;

beforeAll(async () => {
  bundles = await Bundles.build();
  files = new Map(
    bundles.all.flatMap((bundle) => filesOf(bundle).map((file) => [`${bundle.name}/${basename(file.file)}`, file])),
  );
}, 60_000);
afterAll(() => bundles.remove());

/** The package of a module, or its folder in this project. */
const packageOf = (module: string): string =>
  /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(module)?.[1] ?? module.replace(/\/[^/]*$/, '');

function fileOf(name: string): BundleFile {
  const file = files.get(name);
  if (!file) throw new Error(`no ${name}`);
  return file;
}

function heaviest({ modules }: BundleFile): string {
  const bytes = new Map<string, number>();
  for (const [module, { bytesInOutput }] of Object.entries(modules)) {
    const name = packageOf(module);
    bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
  }
  const sorted = [...bytes].sort(([, a], [, b]) => b - a).slice(0, 15);
  return sorted.map(([name, size]) => `${Math.round(size / KIB)} KiB ${name}`).join('\n');
}

describe('the bundles', () => {
  it('are one for every function, each of whose files has a budget', () => {
    expect(bundles.all.map(({ name }) => name)).toEqual(functionNames());
    expect([...files.keys()].sort()).toEqual(Object.keys(BUDGETS).sort());
  });

  it.each(Object.entries(BUDGETS))('%s stays within its budget', (name, { bytes }) => {
    const file = fileOf(name);
    expect(file.bytes, `${name} has ${file.bytes} bytes:\n${heaviest(file)}`).toBeLessThanOrEqual(bytes);
  });

  it.each(Object.entries(BUDGETS))('%s holds no package that nobody meant to deploy', (name, { packages }) => {
    const names = Object.keys(fileOf(name).modules)
      .filter((module) => module.includes('node_modules/'))
      .map(packageOf)
      .filter((one) => name.endsWith('/index.js') || !/^@smithy\/|^@aws\/|^@aws-sdk\/(?!client-)/.test(one));
    expect([...new Set(names)].sort()).toEqual([...packages].sort());
  });

  it.each(functionNames())(
    '%s looks for credentials where Lambda puts them, and has no code to look elsewhere',
    (name) => {
      const looking = Object.keys(fileOf(`${name}/clients.js`).modules).filter((module) =>
        /credential-provider-(?!env)|nested-clients/.test(module),
      );
      expect(looking).toEqual([]);
    },
  );
});

describe('a cold start', () => {
  const SETTINGS = {
    AWS_REGION: 'eu-west-1',
    FINDINGS_QUEUE_URL: 'https://sqs.example.com/1/queue.fifo',
    QUARANTINE_QUEUE_URL: 'https://sqs.example.com/1/queue.fifo',
    DEAD_LETTER_QUEUE_URLS: 'https://sqs.example.com/1/queue.fifo',
    CANARY_QUEUE_URL: 'https://sqs.example.com/1/queue.fifo',
    CANARY_LOG_GROUP: '/auditwire/canary',
    ALERT_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:alerts',
    CHAT_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:chat',
    INCIDENT_TABLE: 'state',
  };
  const example = fileURLToPath(new URL('../../infra/policy.example.yaml', import.meta.url));

  /** Starts a function with this policy, where nothing beside it can be loaded. */
  function startAlone(name: string, policyFile: string): Handler {
    const { lazy = [], ...handler } = bundleOf(bundles.all, name);
    const locked = lazy.map((file) => ({ ...file, code: `throw new Error('${basename(file.file)} was loaded')` }));
    return startFunction({ ...handler, lazy: locked }, { ...SETTINGS, POLICY_FILE: policyFile });
  }

  it.each(functionNames())('of %s needs no more than its own file and the policy as it is deployed', (name) => {
    const { file } = fileOf(`${name}/index.js`);
    const policy = readFileSync(example, 'utf8');
    const directory = writeArtifacts(`${dirname(file)}/deployed`, bundles.all, policy).get(name)?.directory;
    expect(startAlone(name, `${directory}/policy.yaml`)).toBeTypeOf('function');
  });

  it('reads a policy in YAML with a parser of it', () => {
    expect(() => startAlone('eks-audit', example)).toThrow('yaml.js was loaded');
  });

  it('reads JSON that no deployment wrote with that parser too, for a key may be there twice', () => {
    const file = join(dirname(fileOf('eks-audit/index.js').file), 'twice.yaml');
    writeFileSync(file, '{"version":1,"incidentWindow":"1h","incidentWindow":"2d"}');
    expect(() => startAlone('eks-audit', file)).toThrow('yaml.js was loaded');
    const settings = { ...SETTINGS, POLICY_FILE: file };
    expect(() => bundles.start('eks-audit', settings)).toThrow('the key on this line was there before');
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
