import { RegionInfo } from 'aws-cdk-lib/region-info';
import { textLike } from '../core/fields.ts';
import { ACCOUNT, CLUSTER } from '../core/log-sources/log-source.ts';
import { type Fault, fieldsOf, parseYamlFile } from '../core/yaml-file.ts';
import * as z from '../core/zod.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTION_DAYS = [30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

const REGIONS = RegionInfo.regions.map(({ name }) => name);

/** What an alert carries for filter policies; `aws/alert-message.ts` puts it there. */
const FILTERED = {
  severity: '[high, critical]',
  severityRank: '[{numeric: [">=", 3]}]',
  detector: '[{prefix: k8s-audit/pod-}]',
  source: '[cloudtrail]',
  tactic: '[TA0006]',
  account: '["111122223333"]',
  region: '[eu-central-1]',
  cluster: '[prod-1]',
  namespace: '[{anything-but: [sandbox]}]',
  incidentState: '[opened, escalated]',
};

const account = textLike(ACCOUNT, 'expected twelve digits in quotes, like "111122223333"');
const clusterName = textLike(CLUSTER, 'expected the name of an EKS cluster, like prod-1');
const email = z.email({ error: 'expected an address like soc@example.com' });
const httpsUrl = z.url({ protocol: /^https$/, error: 'expected an address like https://wiki.example.com' });
const arn = (service: string, example: string, resource = '[^:\\s]+') =>
  textLike(
    new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]*:\\d{12}:${resource}$`),
    `expected an ARN like arn:aws:${service}:${example}`,
  );

const matching = z.strictObject({
  prefix: z.optional(z.string().check(z.minLength(1))),
  suffix: z.optional(z.string().check(z.minLength(1))),
  'anything-but': z.optional(z.array(z.string()).check(z.minLength(1))),
  numeric: z.optional(z.array(z.union([z.string(), z.number()])).check(z.minLength(2))),
  exists: z.optional(z.boolean()),
});

const conditions = (example: string) =>
  z
    .array(z.union([z.string(), z.number(), matching], { error: `expected a list like ${example}` }), {
      error: `expected a list like ${example}`,
    })
    .check(z.minLength(1, { error: `expected a list like ${example}` }));

const filter = z.strictObject(
  Object.fromEntries(Object.entries(FILTERED).map(([name, example]) => [name, z.optional(conditions(example))])),
);

const slackChannel = z.strictObject({
  workspace: textLike(/^T[0-9A-Z]{1,19}$/, 'expected the id of a Slack workspace, like T0123ABCD'),
  channel: textLike(/^[CG][0-9A-Z]{1,19}$/, 'expected the id of a Slack channel, like C0123ABCD'),
});

const ENDPOINTS = ['email', 'sqs', 'lambda', 'https', 'chat'] as const;

const subscriber = z
  .strictObject({
    // The two are queues of our own for what could not be delivered.
    name: textLike(/^(?!(?:canary|operators)$)[a-z][a-z0-9-]{0,30}$/, 'expected a short name, like soc-mail'),
    email: z.optional(email),
    sqs: z.optional(arn('sqs', 'eu-central-1:111122223333:alerts')),
    lambda: z.optional(arn('lambda', 'eu-central-1:111122223333:function:on-alert', 'function:[\\w-]+')),
    https: z.optional(httpsUrl),
    chat: z.optional(slackChannel),
    filter: z._default(filter, {}),
  })
  .check(
    z.refine((one) => ENDPOINTS.filter((endpoint) => one[endpoint] !== undefined).length === 1, {
      error: `say one of ${ENDPOINTS.join(', ')}`,
    }),
    // https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
    z.refine(({ filter }) => Object.keys({ ...filter, detector: [] }).length <= 5, {
      error: 'SNS filters by five attributes at most, and detector is always one of them',
      path: ['filter'],
    }),
  );

const member = z.strictObject({
  account,
  clusters: z._default(z.array(clusterName), []),
  everyCluster: z._default(z.boolean(), false),
});

const bucketName = textLike(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket');

const bucket = z
  .strictObject({
    name: bucketName,
    /** Whose it is, if another's than the stack's. */
    account: z.optional(account),
    prefix: z._default(textLike(/^[\w./-]+\/$/, 'expected what stands before AWSLogs/, like trails/'), ''),
    kmsKey: z.optional(arn('kms', 'eu-central-1:111122223333:key/5f0c2d3e-4b6a-4c1d-9e8f-a1b2c3d4e5f6', 'key/[\\w-]+')),
    announcedBy: z.enum(['s3', 'eventbridge', 'topic']),
    topic: z.optional(arn('sns', 'eu-central-1:111122223333:trail-objects')),
  })
  .check(
    z.refine(({ announcedBy, topic }) => (announcedBy === 'topic') === (topic !== undefined), {
      error: 'a topic belongs to announcedBy: topic, and to nothing else',
      path: ['topic'],
    }),
  );

const cloudtrail = z
  .strictObject({
    logGroup: z.optional(textLike(/^[\w./#-]{1,512}$/, 'expected the name of a log group')),
    bucket: z.optional(bucket),
    eventBridge: z.optional(z.literal(true)),
  })
  .check(
    z.refine((one) => Object.values(one).filter((source) => source !== undefined).length === 1, {
      error: 'say one of logGroup, bucket, eventBridge: two would deliver everything twice',
    }),
  );

const count = (min: number) =>
  z.int({ error: `expected a number from ${min}` }).check(z.minimum(min, { error: `expected a number from ${min}` }));

/** What may be written; docs/operating.md says more of every field. */
export const settingsSchema = z.strictObject({
  version: z.literal(1),
  // The longest name made of it is that of a role's session or a queue: 80 characters.
  name: textLike(
    /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/,
    'expected a short name of letters, digits and hyphens, like auditwire',
  ),
  account,
  region: z.enum(REGIONS, { error: 'expected a region of AWS' }),
  tags: z._default(
    z.record(
      textLike(/^(?!aws:)[\w\s.:/=+@-]{1,128}$/i, 'expected the name of a tag, which does not begin with aws:'),
      z
        .string({ error: 'expected text in quotes' })
        .check(z.maxLength(256, { error: 'expected at most 256 characters' })),
    ),
    {},
  ),
  policy: z.optional(textLike(/./, 'expected the path of a policy file, beside this one')),
  runbookBaseUrl: z.optional(httpsUrl),
  clusters: z._default(z.array(clusterName), []),
  everyCluster: z._default(z.boolean({ error: 'expected true or false' }), false),
  sourceFilter: z._default(z.boolean({ error: 'expected true or false' }), false),
  organization: z.optional(textLike(/^o-[a-z0-9]{10,32}$/, 'expected the id of an organisation, like o-a1b2c3d4e5')),
  members: z._default(z.array(member), []),
  cloudtrail: z.optional(cloudtrail),
  subscribers: z.array(subscriber).check(z.minLength(1, { error: 'say who is to receive alerts' })),
  operators: z.array(email).check(z.minLength(1, { error: 'say who is to know when Auditwire itself fails' })),
  operatorsChat: z.optional(slackChannel),
  logRetentionDays: z._default(
    z.literal(RETENTION_DAYS, { error: `expected one of ${RETENTION_DAYS.join(', ')}` }),
    90,
  ),
  concurrency: z.prefault(
    z.strictObject({
      eksAudit: z._default(count(1), 50),
      cloudtrail: z._default(count(2), 10),
      publishAlerts: z._default(count(2), 5),
    }),
    {},
  ),
});

/** What a site wants deployed, and where. */
export type Settings = z.infer<typeof settingsSchema>;
export type Subscriber = Settings['subscribers'][number];
export type Member = Settings['members'][number];
export type TrailBucket = NonNullable<NonNullable<Settings['cloudtrail']>['bucket']>;

/** Settings that cannot be deployed. The message has a line for every fault: file, line, field, what is wrong. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

/** Reads settings; throws a {@link SettingsError} that names every fault. `file` is for its messages. */
export function parseSettings(yaml: string, file: string): Settings {
  const parsed = parseYamlFile(yaml, { file, what: 'settings file', schema: settingsSchema, faultsIn: contradictions });
  if ('faults' in parsed) throw new SettingsError(parsed.faults.join('\n'));
  return parsed.value;
}

/** What is wrong between fields that are each right. */
function contradictions(written: unknown): Fault[] {
  const { account, region, clusters, everyCluster, members, organization, cloudtrail, subscribers, operators } =
    fieldsOf(written);
  const { bucket, eventBridge } = fieldsOf(cloudtrail);
  const { topic } = fieldsOf(bucket);
  const isRegion = REGIONS.some((one) => one === region);
  const places = [
    { path: [], account, clusters, everyCluster },
    ...listOf(members).map((one, place) => ({ path: ['members', place], ...memberOf(one) })),
  ];
  return [
    ...places.flatMap(({ path, clusters }) => repeated(clusters, [...path, 'clusters'], 'a cluster of this account')),
    ...places.flatMap(({ path, clusters, everyCluster }) =>
      everyCluster === true && listOf(clusters).length > 0
        ? [{ path: [...path, 'everyCluster'], message: 'every cluster and some of them would be delivered twice' }]
        : [],
    ),
    ...places
      .slice(1)
      .flatMap(({ path, clusters, everyCluster }) =>
        everyCluster !== true && listOf(clusters).length === 0
          ? [{ path, message: 'name clusters, or say everyCluster: true' }]
          : [],
      ),
    ...repeated(
      places.map((place) => place.account),
      ['members'],
      'an account',
    ).map(({ path, message }) => ({ path: ['members', Number(path[1]) - 1, 'account'], message })),
    ...repeated(
      listOf(subscribers).map((one) => fieldsOf(one).name),
      ['subscribers'],
      'a subscriber',
    ).map(({ path, message }) => ({ path: [...path, 'name'], message })),
    ...listOf(subscribers)
      .flatMap((one, place) => (fieldsOf(one).chat === undefined ? [] : [place]))
      .slice(1)
      .map((place) => ({ path: ['subscribers', place, 'chat'], message: 'a second channel: alerts go to one' })),
    ...repeated(operators, ['operators'], 'an operator'),
    ...([clusters, members].every((list) => listOf(list).length === 0) && everyCluster !== true && !cloudtrail
      ? [{ path: ['clusters'], message: 'name clusters, members or cloudtrail: nothing would be watched' }]
      : []),
    ...(listOf(members).length > 0 && organization === undefined
      ? [{ path: ['members'], message: 'say which organization they belong to' }]
      : []),
    ...(listOf(members).length > 0 && eventBridge === true
      ? [{ path: ['cloudtrail', 'eventBridge'], message: 'EventBridge tells of this account only, and not of members' }]
      : []),
    ...(typeof topic === 'string' && topic.startsWith('arn:') && isRegion && topic.split(':')[3] !== region
      ? [
          {
            path: ['cloudtrail', 'bucket', 'topic'],
            message: `SNS keeps what it cannot deliver in its own region: expected one of ${region}`,
          },
        ]
      : []),
  ];
}

function memberOf(written: unknown) {
  const { account, clusters, everyCluster } = fieldsOf(written);
  return { account, clusters, everyCluster };
}

function repeated(written: unknown, path: readonly PropertyKey[], what: string): Fault[] {
  const list = listOf(written);
  return list.flatMap((value, place) =>
    value !== undefined && list.indexOf(value) < place
      ? [{ path: [...path, place], message: `${what} that was there before, seen "${value}"` }]
      : [],
  );
}

function listOf(written: unknown): readonly unknown[] {
  return Array.isArray(written) ? written : [];
}
