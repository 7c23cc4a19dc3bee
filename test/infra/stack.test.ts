import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseReplayArguments } from '../../cli/arguments.ts';
import { deadLetterIn } from '../../functions/redrive/dead-letter.ts';
import { QUEUES } from '../../functions/redrive/request.ts';
import { STATE_TABLE } from '../../local/dynamo.ts';
import { LEAST, type Resource, settingsFile, synthesized, type Template } from './synthesized.ts';

const example = synthesized('infra/auditwire.config.example.yaml');
const stack = example.get('auditwire');
if (!stack) throw new Error('the example has no stack');

const only = (yaml: string): Template => {
  const [template] = synthesized(settingsFile(yaml)).values();
  if (!template) throw new Error('no stack');
  return template;
};

const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: string | Readonly<Record<string, string>>;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

const statementsOf = ({ PolicyDocument, KeyPolicy }: Resource['Properties']): readonly Statement[] =>
  (PolicyDocument ?? KeyPolicy).Statement;

/** A role's policy as a table: what it may do, to what, and under which condition. */
function permissionsOf({ Policies = [] }: Resource['Properties']): string[] {
  return Policies.flatMap(statementsOf).flatMap(({ Effect, Action, Resource, Condition = {} }: Statement) => {
    expect(Effect).toBe('Allow');
    const conditions = Object.entries(Condition).map(([operator, wanted]) => {
      const service = operator === 'StringEquals' && wanted['kms:ViaService'];
      const keys = operator === 'ForAllValues:StringLike' && wanted['dynamodb:LeadingKeys'];
      const account = operator === 'StringEquals' && wanted['s3:ResourceAccount'];
      if (service) return ` through ${String(service).split('.')[0]}`;
      if (account) return ` of ${account}`;
      return keys ? ` of ${listOf(keys).join(' ')}` : ` ${JSON.stringify([operator, wanted])}`;
    });
    return listOf(Resource).map((resource) => `${resource}: ${listOf(Action).join(' ')}${conditions.join('')}`);
  });
}

const RECEIVES = 'sqs:ReceiveMessage sqs:DeleteMessage sqs:ChangeMessageVisibility sqs:GetQueueAttributes';
/** A Slack channel from which nobody may do anything. */
const POWERLESS = {
  SlackWorkspaceId: 'T0123ABCD',
  GuardrailPolicies: ['arn:<AWS::Partition>:iam::aws:policy/AWSDenyAll'],
};
const channelOf = (id: string) =>
  stack
    .of('AWS::Chatbot::SlackChannelConfiguration')
    .map(([, channel]) => channel)
    .find(({ SlackChannelId }) => SlackChannelId === id);

const SEES_SOURCES = '<PublishingState.Arn>: dynamodb:UpdateItem of source#*';
const TABLE_KEY = '<Key.Arn>: kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey through dynamodb';
const SENDS_KEY = '<Key.Arn>: kms:Decrypt kms:GenerateDataKey through sqs';
const KEEPS_FAILURES = [
  '<DetectionFailedInvocationsRecords.Arn>: s3:ListBucket of 111122223333',
  // The wildcard: Lambda names the objects, and wants leave to write them all.
  '<DetectionFailedInvocationsRecords.Arn>/*: s3:PutObject of 111122223333',
  '<Key.Arn>: kms:GenerateDataKey through s3',
];
const logs = (role: string) => `<${role}Log.Arn>: logs:CreateLogStream logs:PutLogEvents`;

describe('every role', () => {
  it('may do what is written here, and nothing else', () => {
    const roles = stack.of('AWS::IAM::Role').map(([id, role]) => [id.replace(/Role$/, ''), permissionsOf(role)]);
    expect(Object.fromEntries(roles)).toEqual({
      DetectionEksAudit: [
        logs('DetectionEksAudit'),
        '<PublishingFindings.Arn>: sqs:SendMessage',
        '<DetectionQuarantine.Arn>: sqs:SendMessage',
        SENDS_KEY,
        SEES_SOURCES,
        TABLE_KEY,
        ...KEEPS_FAILURES,
        '<DetectionOrganizationStream.Arn>: kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator kinesis:ListShards',
        '<Key.Arn>: kms:Decrypt through kinesis',
      ],
      DetectionTrailCloudTrail: [
        logs('DetectionTrailCloudTrail'),
        '<PublishingFindings.Arn>: sqs:SendMessage',
        '<DetectionQuarantine.Arn>: sqs:SendMessage',
        SENDS_KEY,
        SEES_SOURCES,
        TABLE_KEY,
        ...KEEPS_FAILURES,
        `<DetectionTrailObjects.Arn>: ${RECEIVES}`,
        // The wildcard: the objects are still to be written.
        'arn:<AWS::Partition>:s3:::example-org-trail/AWSLogs/*: s3:GetObject s3:GetObjectVersion',
        'arn:aws:kms:eu-central-1:444455556666:key/5f0c2d3e-4b6a-4c1d-9e8f-a1b2c3d4e5f6: kms:Decrypt through s3',
      ],
      DetectionOrganizationDelivery: [
        '<DetectionOrganizationStream.Arn>: kinesis:PutRecord',
        '<Key.Arn>: kms:GenerateDataKey through kinesis',
      ],
      PublishingPublishAlerts: [
        logs('PublishingPublishAlerts'),
        `<PublishingFindings.Arn>: ${RECEIVES}`,
        '<Key.Arn>: kms:Decrypt through sqs',
        '<PublishingState.Arn>: dynamodb:GetItem dynamodb:PutItem of incident#* finding#*',
        TABLE_KEY,
        '<PublishingAlerts>: sns:Publish',
        '<Key.Arn>: kms:Decrypt kms:GenerateDataKey through sns',
      ],
      PublishingChatWrite: [
        logs('PublishingChatWrite'),
        '<PublishingUndeliveredsocchat.Arn>: sqs:SendMessage',
        SENDS_KEY,
        '<PublishingChatTopic>: sns:Publish',
        '<Key.Arn>: kms:Decrypt kms:GenerateDataKey through sns',
      ],
      PublishingChatSlack: [],
      WatchingWatch: [
        logs('WatchingWatch'),
        '<PublishingFindings.Arn>: sqs:SendMessage',
        '<DetectionQuarantine.Arn>: sqs:SendMessage',
        '<WatchingFailedRuns.Arn>: sqs:SendMessage',
        SENDS_KEY,
        '<PublishingState.Arn>: dynamodb:BatchGetItem dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem of incident#* finding#* source#*',
        TABLE_KEY,
        '<PublishingState.Arn>/index/closing: dynamodb:Query',
        '<PublishingAlerts>: sns:Publish',
        '<Key.Arn>: kms:Decrypt kms:GenerateDataKey through sns',
      ],
      WatchingCanaryRun: [
        logs('WatchingCanaryRun'),
        '<WatchingCanaryEvents.Arn>: logs:CreateLogStream logs:PutLogEvents',
        `<WatchingCanaryAlerts.Arn>: ${RECEIVES}`,
        '<Key.Arn>: kms:Decrypt through sqs',
        '<PublishingState.Arn>: dynamodb:GetItem dynamodb:PutItem of canary',
        TABLE_KEY,
      ],
      HealthOperatorsChat: [],
      WatchingRedriveRun: [
        logs('WatchingRedriveRun'),
        `<DetectionQuarantine.Arn>: ${RECEIVES}`,
        `<DetectionFailedInvocationsAnnouncements.Arn>: ${RECEIVES}`,
        `<DetectionDeadLetters.Arn>: ${RECEIVES}`,
        `<PublishingFailedFindings.Arn>: ${RECEIVES}`,
        '<PublishingFindings.Arn>: sqs:SendMessage',
        '<DetectionQuarantine.Arn>: sqs:SendMessage',
        '<WatchingFailedRuns.Arn>: sqs:SendMessage',
        SENDS_KEY,
        '<DetectionFailedInvocationsRecords.Arn>/aws/lambda/*: s3:GetObject s3:GetObjectVersion',
        '<Key.Arn>: kms:Decrypt through s3',
        'arn:<AWS::Partition>:s3:::example-org-trail/AWSLogs/*: s3:GetObject s3:GetObjectVersion',
        'arn:aws:kms:eu-central-1:444455556666:key/5f0c2d3e-4b6a-4c1d-9e8f-a1b2c3d4e5f6: kms:Decrypt through s3',
      ],
    });
  });

  it('has its policy in itself: no managed policies, and none that another resource attaches', () => {
    expect(stack.of('AWS::IAM::Role').filter(([, { ManagedPolicyArns }]) => ManagedPolicyArns)).toEqual([]);
    expect(stack.of('AWS::IAM::Policy').concat(stack.of('AWS::IAM::ManagedPolicy'))).toEqual([]);
  });

  it('is for one service', () => {
    const trusted = stack
      .of('AWS::IAM::Role')
      .flatMap(([, role]) => role.AssumeRolePolicyDocument.Statement.map((one: Statement) => one.Principal));
    expect(new Set(trusted.map((one) => JSON.stringify(one)))).toEqual(
      new Set(['chatbot', 'lambda', 'logs'].map((service) => `{"Service":"${service}.amazonaws.com"}`)),
    );
  });
});

describe('everything that others may reach', () => {
  const policies = ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy', 'AWS::S3::BucketPolicy', 'AWS::KMS::Key'];

  it.each(policies)('%s lets services in from one source only', (type) => {
    const open = stack.of(type).flatMap(([id, properties]) =>
      statementsOf(properties)
        .filter(({ Effect, Principal }) => Effect === 'Allow' && !JSON.stringify(Principal).includes(':root'))
        .filter(
          ({ Condition }) =>
            !/aws:Source(?:Arn|Account)|EncryptionContext:aws:logs:arn/.test(JSON.stringify(Condition)),
        )
        .map((statement) => [id, statement]),
    );
    expect(open).toEqual([]);
  });

  it.each([
    ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'Queues'],
    ['AWS::SNS::Topic', 'AWS::SNS::TopicPolicy', 'Topics'],
    ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'Bucket'],
  ])('%s is not spoken to without TLS', (type, policyType, target) => {
    const closed = stack
      .of(policyType)
      .flatMap(([, properties]) =>
        statementsOf(properties).some(
          ({ Effect, Condition }) => Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] === 'false',
        )
          ? listOf(properties[target])
          : [],
      );
    expect(stack.of(type).length).toBeGreaterThan(0);
    expect(closed.sort()).toEqual(
      stack
        .of(type)
        .map(([id]) => `<${id}>`)
        .sort(),
    );
  });

  it('takes invocations from what invokes it in this account only', () => {
    const permissions = stack
      .of('AWS::Lambda::Permission')
      .map(([, { FunctionName, Principal, SourceArn, SourceAccount }]) =>
        [FunctionName, Principal, SourceArn, SourceAccount].join(' '),
      );
    expect(permissions.sort()).toEqual([
      '<DetectionEksAuditFunction.Arn> logs.amazonaws.com <WatchingCanaryEvents.Arn> 111122223333',
      // One wildcard for all clusters: a function's policy holds 20 KB.
      '<DetectionEksAuditFunction.Arn> logs.amazonaws.com arn:<AWS::Partition>:logs:eu-central-1:111122223333:log-group:/aws/eks/*/cluster:* 111122223333',
      '<PublishingChatWriteFunction.Arn> sns.amazonaws.com <PublishingAlerts> ',
      '<WatchingCanaryRunFunction.Arn> events.amazonaws.com <WatchingEvery15Minutes.Arn> ',
      '<WatchingWatchFunction.Arn> events.amazonaws.com <WatchingEvery5Minutes.Arn> ',
    ]);
  });

  it('opens the destination to the organisation, and to nobody else', () => {
    const [[, { DestinationPolicy }] = ['', {}]] = stack.of('AWS::Logs::Destination');
    expect(JSON.parse(DestinationPolicy).Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: '*',
        Action: ['logs:PutSubscriptionFilter', 'logs:PutAccountPolicy'],
        Resource: 'arn:<AWS::Partition>:logs:eu-central-1:111122223333:destination:auditwire-audit-logs',
        Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } },
      },
    ]);
  });
});

describe('everything that is kept', () => {
  it.each([
    ['AWS::SQS::Queue', ({ KmsMasterKeyId }: Resource['Properties']) => KmsMasterKeyId],
    ['AWS::SNS::Topic', ({ KmsMasterKeyId }: Resource['Properties']) => KmsMasterKeyId],
    ['AWS::Logs::LogGroup', ({ KmsKeyId }: Resource['Properties']) => KmsKeyId],
    ['AWS::Kinesis::Stream', ({ StreamEncryption }: Resource['Properties']) => StreamEncryption.KeyId],
    ['AWS::DynamoDB::Table', ({ SSESpecification }: Resource['Properties']) => SSESpecification.KMSMasterKeyId],
    [
      'AWS::S3::Bucket',
      ({ BucketEncryption }: Resource['Properties']) =>
        BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.KMSMasterKeyID,
    ],
  ])('%s is encrypted with the customer’s own key', (type, keyOf) => {
    const keys = stack.of(type).map(([, properties]) => keyOf(properties));
    expect(new Set(keys)).toEqual(new Set(['<Key.Arn>']));
  });

  it('is encrypted with a key that rotates and stays', () => {
    expect(stack.resources.Key).toMatchObject({ Properties: { EnableKeyRotation: true }, DeletionPolicy: 'Retain' });
  });

  it('of incidents is a table that can be restored, that forgets, and that is not deleted by mistake', () => {
    expect(stack.resources.PublishingState).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        ...STATE_TABLE,
        TimeToLiveSpecification: { AttributeName: 'forgetAt', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
      },
    });
  });
});

describe('every edge', () => {
  const asynchronous: Record<string, Resource['Properties']> = Object.fromEntries(
    stack.of('AWS::Lambda::EventInvokeConfig').map(([, { FunctionName, ...config }]) => [FunctionName, config]),
  );

  it('of an asynchronous invocation is kept when it is given up, and by S3 where a queue could not take it', () => {
    const kept = Object.entries(asynchronous)
      .filter(([, { DestinationConfig }]) => DestinationConfig)
      .map(([name, { DestinationConfig }]) => [name, DestinationConfig.OnFailure.Destination]);
    expect(Object.fromEntries(kept)).toEqual({
      '<DetectionEksAuditFunction>': '<DetectionFailedInvocationsRecords.Arn>',
      '<DetectionTrailCloudTrailFunction>': '<DetectionFailedInvocationsRecords.Arn>',
      '<PublishingChatWriteFunction>': '<PublishingUndeliveredsocchat.Arn>',
      '<WatchingWatchFunction>': '<WatchingFailedRuns.Arn>',
      '<WatchingRedriveRunFunction>': '<WatchingFailedRuns.Arn>',
    });
    for (const [name] of kept)
      expect(asynchronous[String(name)]).toMatchObject({ MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 6 * 3600 });
    const invoked = stack.of('AWS::Lambda::Permission').map(([, { FunctionName }]) => FunctionName.replace('.Arn', ''));
    for (const name of invoked) expect(asynchronous).toHaveProperty([name]);
  });

  it('of the canary gives one answer for each run: Lambda does not try again, and not later than the next run', () => {
    const canary = asynchronous['<WatchingCanaryRunFunction>'];
    expect(canary).toEqual({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 15 * 60, Qualifier: '$LATEST' });
    expect(stack.resources.WatchingEvery15Minutes?.Properties).toMatchObject({
      ScheduleExpression: 'rate(15 minutes)',
      Targets: [{ Arn: '<WatchingCanaryRunFunction.Arn>' }],
    });
  });

  it('of a queue that is polled takes batches in part, and ends in a dead-letter queue of its own kind', () => {
    const polled = stack
      .of('AWS::Lambda::EventSourceMapping')
      .filter(([, { EventSourceArn }]) => !EventSourceArn.includes('Stream'));
    expect(polled.length).toBe(2);
    for (const [, { EventSourceArn, FunctionName, FunctionResponseTypes }] of polled) {
      expect(FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
      const queue = stack.resources[EventSourceArn.slice(1, -5)]?.Properties;
      const deadLetters = stack.resources[queue.RedrivePolicy.deadLetterTargetArn.slice(1, -5)]?.Properties;
      expect(deadLetters.FifoQueue).toBe(queue.FifoQueue);
      const { Timeout } = stack.resources[FunctionName.slice(1, -1)]?.Properties ?? {};
      expect(queue.VisibilityTimeout).toBe(6 * Timeout);
    }
  });

  it('of the stream halves what fails, tries again, and keeps the whole batch', () => {
    const mappings = stack.of('AWS::Lambda::EventSourceMapping').map(([, properties]) => properties);
    expect(mappings.find(({ EventSourceArn }) => EventSourceArn.includes('Stream'))).toMatchObject({
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 30,
      DestinationConfig: { OnFailure: { Destination: '<DetectionFailedInvocationsRecords.Arn>' } },
    });
  });

  it('of a topic ends in a queue when a subscriber cannot be reached', () => {
    const subscriptions = stack.of('AWS::SNS::Subscription');
    expect(subscriptions.length).toBe(7);
    expect(subscriptions.filter(([, { RedrivePolicy }]) => !RedrivePolicy?.deadLetterTargetArn)).toEqual([]);
  });

  it('of a rule ends in a queue when its target cannot be reached', () => {
    const targets = stack.of('AWS::Events::Rule').flatMap(([, { Targets }]) => Targets);
    expect(targets.length).toBe(3);
    expect(targets.filter(({ DeadLetterConfig }) => !DeadLetterConfig?.Arn)).toEqual([]);
  });
});

describe('failed invocations', () => {
  it('are kept in one bucket that nobody can open to the public, and longer than the queue that announces them', () => {
    expect(stack.of('AWS::S3::Bucket').map(([id]) => id)).toEqual(['DetectionFailedInvocationsRecords']);
    expect(stack.resources.DetectionFailedInvocationsRecords).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: { Status: 'Enabled' },
        LifecycleConfiguration: {
          Rules: [{ Status: 'Enabled', ExpirationInDays: 90, NoncurrentVersionExpiration: { NoncurrentDays: 14 } }],
        },
      },
    });
    expect(stack.resources.DetectionFailedInvocationsAnnouncements?.Properties).toMatchObject({
      MessageRetentionPeriod: 14 * 24 * 3600,
    });
  });

  it('are announced to a queue of the redrive, each and every one, in words that it understands', () => {
    expect(stack.resources.DetectionFailedInvocationsRecords?.Properties).toMatchObject({
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    const rule = stack.resources.DetectionFailedInvocationsCreatedRule?.Properties;
    expect(rule).toMatchObject({
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: {
          bucket: { name: ['<DetectionFailedInvocationsRecords>'] },
          object: { key: [{ wildcard: 'aws/lambda/*' }] },
        },
      },
      Targets: [
        {
          Arn: '<DetectionFailedInvocationsAnnouncements.Arn>',
          DeadLetterConfig: { Arn: '<DetectionDeadLetters.Arn>' },
        },
      ],
    });
    const key = 'aws/lambda/async/auditwire-eks-audit/2026/11/21/2026-11-21T09.15.00-8d6f';
    const { InputTemplate } = rule.Targets[0].InputTransformer;
    const body = InputTemplate.replace('<detail-bucket-name>', '"b"').replace('<detail-object-key>', `"${key}"`);
    expect(deadLetterIn({ id: 'id', body, attributes: {} })).toMatchObject({
      what: 'failed invocation',
      task: { kind: 'read-failures', objects: [{ bucket: 'b', key }] },
    });
  });

  it('are kept so in the least that can be deployed, and that of every source of CloudTrail', () => {
    for (const source of ['', 'cloudtrail: { logGroup: org-trail }\n', 'cloudtrail: { eventBridge: true }\n']) {
      const kept = only(`${LEAST}${source}`)
        .of('AWS::Lambda::EventInvokeConfig')
        .filter(([, { FunctionName }]) => FunctionName.startsWith('<Detection'))
        .map(([, { DestinationConfig }]) => DestinationConfig.OnFailure.Destination);
      expect(kept).toEqual(Array(source ? 2 : 1).fill('<DetectionFailedInvocationsRecords.Arn>'));
    }
  });
});

describe('the findings queue', () => {
  it('is a FIFO queue that tells problems apart, each with its own order and deduplication', () => {
    expect(stack.resources.PublishingFindings?.Properties).toMatchObject({
      QueueName: 'auditwire-findings.fifo',
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
    expect(stack.resources.PublishingFindings?.Properties.ContentBasedDeduplication).toBeUndefined();
  });
});

describe('every function', () => {
  const functions = stack.of('AWS::Lambda::Function');

  it('runs on arm64 and Node 24, logs to a group of its own that forgets, and prints metrics unwrapped', () => {
    expect(functions.length).toBe(7);
    for (const [, { Architectures, Runtime, Handler, LoggingConfig, FunctionName }] of functions) {
      expect({ Architectures, Runtime, Handler }).toEqual({
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
      });
      expect(LoggingConfig.LogFormat).toBe('Text');
      const group = stack.resources[LoggingConfig.LogGroup.slice(1, -1)]?.Properties;
      expect(group).toMatchObject({ LogGroupName: `/aws/lambda/${FunctionName}`, RetentionInDays: 90 });
    }
  });

  it('is told names and addresses, and no secret', () => {
    const told = functions.map(([, { FunctionName, Environment }]) => [
      FunctionName.replace('auditwire-', ''),
      Environment.Variables,
    ]);
    const judging = {
      FINDINGS_QUEUE_URL: '<PublishingFindings>',
      QUARANTINE_QUEUE_URL: '<DetectionQuarantine>',
      POLICY_FILE: '/var/task/policy.yaml',
    };
    const seeing = { INCIDENT_TABLE: '<PublishingState>' };
    const telling = { ALERT_TOPIC_ARN: '<PublishingAlerts>', ...seeing };
    expect(Object.fromEntries(told)).toEqual({
      'eks-audit': { ...judging, ...seeing },
      cloudtrail: { ...judging, ...seeing },
      'publish-alerts': telling,
      chat: { CHAT_TOPIC_ARN: '<PublishingChatTopic>' },
      watch: { ...judging, ...telling },
      canary: {
        CANARY_LOG_GROUP: '<WatchingCanaryEvents>',
        CANARY_QUEUE_URL: '<WatchingCanaryAlerts>',
        INCIDENT_TABLE: '<PublishingState>',
      },
      redrive: {
        ...judging,
        DEAD_LETTER_QUEUE_URLS:
          '<DetectionFailedInvocationsAnnouncements>,<DetectionDeadLetters>,<PublishingFailedFindings>',
      },
    });
  });

  it('of stage 1 leaves the account’s other functions their share', () => {
    const limits = functions.map(([, { FunctionName, ReservedConcurrentExecutions }]) => [
      FunctionName,
      ReservedConcurrentExecutions,
    ]);
    expect(Object.fromEntries(limits)).toMatchObject({ 'auditwire-eks-audit': 50, 'auditwire-cloudtrail': 10 });
  });
});

describe('log groups', () => {
  const filters = (template: Template) =>
    template
      .of('AWS::Logs::SubscriptionFilter')
      .map(([, { LogGroupName, FilterName }]) => `${LogGroupName} ${FilterName}`);

  it('are subscribed to by at most two filters, and none that a function writes to', () => {
    expect(filters(stack)).toEqual([
      '/aws/eks/prod-1/cluster auditwire-audit',
      '/aws/eks/prod-1/cluster auditwire-partial',
      '/aws/eks/prod-2/cluster auditwire-audit',
      '/aws/eks/prod-2/cluster auditwire-partial',
      '<WatchingCanaryEvents> auditwire-canary',
    ]);
    const written = stack.of('AWS::Lambda::Function').map(([, { LoggingConfig }]) => LoggingConfig.LogGroup);
    expect(written).not.toContain('<WatchingCanaryEvents>');
  });

  it('of all clusters are subscribed to by one policy of the account, which leaves out our own', () => {
    const template = only(LEAST.replace('clusters: [prod-1]', 'everyCluster: true'));
    const [[, policy] = ['', undefined]] = template.of('AWS::Logs::AccountPolicy');
    expect(filters(template)).toEqual(['<WatchingCanaryEvents> auditwire-canary']);
    const { SelectionCriteria, PolicyDocument } = policy;
    expect(JSON.parse(PolicyDocument).FilterPattern).toBe('{$.auditID=*}');
    const own = template.of('AWS::Logs::LogGroup').map(([, { LogGroupName }]) => LogGroupName);
    expect(own.length).toBe(6);
    for (const name of own) expect(SelectionCriteria).toContain(JSON.stringify(name));
    const sources = template.of('AWS::Lambda::Permission').map(([, { SourceArn }]) => SourceArn);
    expect(sources).toContain('arn:<AWS::Partition>:logs:eu-central-1:111122223333:log-group:*');
  });
});

describe('subscribers', () => {
  it('get what they filter for, and never the canary’s alerts', () => {
    const policies = stack
      .of('AWS::SNS::Subscription')
      .filter(([id]) => id.startsWith('PublishingSubscriber'))
      .map(([, { Endpoint, FilterPolicy }]) => [Endpoint, FilterPolicy]);
    const detector = [{ 'anything-but': ['auditwire/canary'] }];
    expect(Object.fromEntries(policies)).toEqual({
      'soc@example.com': { detector, severity: ['high', 'critical'] },
      'arn:aws:sqs:eu-central-1:111122223333:siem-alerts': { detector },
      'https://events.example.com/integration/auditwire': {
        detector,
        severity: ['critical'],
        incidentState: ['opened', 'escalated'],
      },
      '<PublishingChatWriteFunction.Arn>': { detector, severity: ['high', 'critical'] },
    });
  });

  it('that are a chat channel are told through a topic of its own, and nobody may do anything from there', () => {
    expect(channelOf('C0456EFGH')).toMatchObject({
      SnsTopicArns: ['<PublishingChatTopic>'],
      IamRoleArn: '<PublishingChatSlackRole.Arn>',
      ...POWERLESS,
    });
    expect(only(LEAST).of('AWS::Chatbot::SlackChannelConfiguration')).toEqual([]);
    expect(JSON.stringify(only(LEAST).of('AWS::Lambda::Function'))).not.toContain('auditwire-chat');
  });

  it('that are functions of the account may be invoked by the topic', () => {
    const arn = 'arn:aws:lambda:eu-central-1:111122223333:function:on-alert';
    const template = only(LEAST.replace('email: soc@example.com', `lambda: "${arn}"`));
    const invoked = template
      .of('AWS::Lambda::Permission')
      .map(([, { FunctionName, SourceArn }]) => [FunctionName, SourceArn]);
    expect(invoked).toContainEqual([arn, '<PublishingAlerts>']);
  });
});

describe('alarms', () => {
  const alarms = stack.of('AWS::CloudWatch::Alarm').map(([, alarm]) => alarm);

  it('tell operators on a topic of their own, when they begin and when they end, and where it is written what to do', () => {
    for (const { AlarmActions, OKActions, AlarmDescription } of alarms) {
      expect([AlarmActions, OKActions]).toEqual([['<HealthOperatorsTopic>'], ['<HealthOperatorsTopic>']]);
      expect(AlarmDescription).toMatch(
        /^.+[.] What to do: https:\/\/git\.example\.com\/security\/auditwire\/blob\/main\/docs\/operating\.md#[a-z-]+$/s,
      );
    }
  });

  it.each([
    ['', 'https://github.com/auditwire/auditwire/blob/main/docs/operating.md'],
    ['runbookBaseUrl: https://git.example.com/soc/detectors/\n', 'https://git.example.com/soc/docs/operating.md'],
    ['runbookBaseUrl: https://wiki.example.com/auditwire\n', 'docs/operating.md'],
  ])('link to the guide where it lies beside the runbooks (%s)', (line, guide) => {
    const template = only(`${LEAST}${line}`);
    for (const [, { AlarmDescription }] of template.of('AWS::CloudWatch::Alarm'))
      expect(AlarmDescription).toMatch(new RegExp(` What to do: ${guide.replaceAll('.', '\\.')}#[a-z-]+$`));
    expect(template.text).toContain(`What to do about an alarm: ${guide.startsWith('http') ? `[${guide}]` : guide}`);
  });

  it('ring too where Amazon Q does not take what is for the alerts’ channel', () => {
    const undelivered = alarms.find(({ AlarmName }) => AlarmName === 'auditwire-alerts-undelivered');
    expect(JSON.stringify(undelivered.Metrics)).toContain('<PublishingChatTopic.TopicName>');
  });

  it('are told in the operators’ channel, from which nobody may do anything', () => {
    expect(channelOf('C0123ABCD')).toMatchObject({
      SnsTopicArns: ['<HealthOperatorsTopic>'],
      IamRoleArn: '<HealthOperatorsChatRole.Arn>',
      ...POWERLESS,
    });
  });

  it('are for all that can go wrong', () => {
    expect(alarms.map(({ AlarmName }) => AlarmName.replace('auditwire-', '')).sort()).toMatchInlineSnapshot(`
      [
        "alerts-undelivered",
        "canary-lost",
        "canary-silent",
        "canary-throttled",
        "chat-dropped",
        "chat-errors",
        "chat-throttled",
        "cloudtrail-dropped",
        "cloudtrail-errors",
        "cloudtrail-late",
        "cloudtrail-throttled",
        "cluster-prod-1-log-delivery",
        "cluster-prod-2-log-delivery",
        "dead-letters-not-empty",
        "eks-audit-dropped",
        "eks-audit-errors",
        "eks-audit-late",
        "eks-audit-silent",
        "eks-audit-throttled",
        "failed-invocations-not-empty",
        "findings-failed.fifo-not-empty",
        "findings.fifo-late",
        "member-logs-late",
        "publish-alerts-errors",
        "publish-alerts-throttled",
        "quarantine.fifo-not-empty",
        "redrive-dropped",
        "redrive-errors",
        "scheduled-failed-not-empty",
        "state-throttled",
        "trail-objects-late",
        "undelivered-canary-not-empty",
        "undelivered-operators-not-empty",
        "undelivered-pager-not-empty",
        "undelivered-siem-not-empty",
        "undelivered-soc-chat-not-empty",
        "undelivered-soc-mail-not-empty",
        "watch-dropped",
        "watch-errors",
        "watch-silent",
        "watch-throttled",
      ]
    `);
  });

  it('tell of a loss only where what was given up could not be kept', () => {
    const dropped = alarms.filter(({ AlarmName }) => AlarmName.endsWith('-dropped'));
    expect(dropped.length).toBe(5);
    for (const { MetricName, Threshold } of dropped)
      expect([MetricName, Threshold]).toEqual(['DestinationDeliveryFailures', 1]);
  });

  it.each([
    ['eks-audit', '<DetectionEksAuditFunction>', 45],
    ['canary', '<WatchingCanaryRunFunction>', 45],
    ['watch', '<WatchingWatchFunction>', 20],
  ])('ring when %s is not invoked any more', (name, Value, minutes) => {
    const silent = alarms.find(({ AlarmName }) => AlarmName === `auditwire-${name}-silent`);
    expect(silent).toMatchObject({
      MetricName: 'Invocations',
      Dimensions: [{ Name: 'FunctionName', Value }],
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
    expect((silent.Period * silent.EvaluationPeriods) / 60).toBe(minutes);
  });

  it('are for every queue in which something ends', () => {
    const watched = alarms.flatMap(({ Dimensions = [] }) => Dimensions.map(({ Value }: { Value: string }) => Value));
    const ends = stack
      .of('AWS::SQS::Queue')
      .filter(([, { RedrivePolicy }]) => !RedrivePolicy)
      .map(([id]) => `<${id}.QueueName>`)
      .filter((id) => id !== '<WatchingCanaryAlerts.QueueName>');
    expect(ends.filter((id) => !watched.includes(id))).toEqual([]);
  });
});

describe('the templates', () => {
  it('are the same every time', () => {
    const again = synthesized('infra/auditwire.config.example.yaml');
    for (const [name, { text }] of example) expect(again.get(name)?.text).toBe(text);
  });

  it('stay within CloudFormation’s limits for fifty clusters here and fifty in a member account', () => {
    const clusters = Array.from({ length: 50 }, (_, place) => `a-cluster-with-a-rather-long-name-${place}`);
    const yaml = `${LEAST.replace('[prod-1]', JSON.stringify(clusters))}sourceFilter: true
organization: o-a1b2c3d4e5
members: [{ account: "222233334444", clusters: ${JSON.stringify(clusters)} }]
cloudtrail: { bucket: { name: org-trail, announcedBy: eventbridge } }
`;
    for (const { resources, text } of synthesized(settingsFile(yaml)).values()) {
      // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
      expect(Object.keys(resources).length).toBeLessThanOrEqual(400);
      expect(Buffer.byteLength(text)).toBeLessThan(1_000_000);
    }
  });

  it('have no name that AWS refuses, however long the deployment’s own is', () => {
    const subscriber = `{ name: ${'s'.repeat(31)}, email: soc@example.com }`;
    const template = only(
      LEAST.replace('name: auditwire', `name: a${'b'.repeat(29)}`).replace(/\{ name: soc, .* \}/, subscriber),
    );
    const names = ['QueueName', 'FunctionName', 'TopicName'].flatMap((key) =>
      Object.values(template.resources).flatMap(({ Properties }) => listOf<unknown>(Properties?.[key])),
    );
    for (const name of names) expect(String(name)).toMatch(/^(?:<.*>|[\w-]{1,64}|[\w-]{1,75}(?:\.fifo)?)$/);
  });

  it('of a member account hold nothing but the subscription of its clusters', () => {
    expect(Object.values(example.get('auditwire-member-222233334444')?.resources ?? {})).toHaveLength(4);
    for (const { Type, Properties } of Object.values(example.get('auditwire-member-222233334444')?.resources ?? {})) {
      expect(Type).toBe('AWS::Logs::SubscriptionFilter');
      expect(Properties.DestinationArn).toBe(
        'arn:<AWS::Partition>:logs:eu-central-1:111122223333:destination:auditwire-audit-logs',
      );
    }
    const [policy, ...others] = Object.values(example.get('auditwire-member-333344445555')?.resources ?? {});
    expect([policy?.Type, others]).toEqual(['AWS::Logs::AccountPolicy', []]);
  });
});

describe('CloudTrail', () => {
  const of = (cloudtrail: string) => only(`${LEAST}cloudtrail: ${cloudtrail}\n`);

  it('is read from its log group', () => {
    const template = of('{ logGroup: org-trail }');
    const filters = template
      .of('AWS::Logs::SubscriptionFilter')
      .map(([, { LogGroupName, DestinationArn }]) => [LogGroupName, DestinationArn]);
    expect(filters).toContainEqual(['org-trail', '<DetectionTrailCloudTrailFunction.Arn>']);
    expect(JSON.stringify(template.of('AWS::Lambda::Permission'))).toContain('log-group:org-trail:*');
    const [, alarm] =
      template.of('AWS::CloudWatch::Alarm').find(([, { AlarmName }]) => AlarmName === 'auditwire-trail-log-delivery') ??
      [];
    const watched = [...JSON.stringify(alarm).matchAll(/"Value":"([^"]+)"/g)].map(([, value]) => value);
    expect(new Set(watched)).toEqual(new Set(['org-trail', 'Lambda', 'auditwire-cloudtrail']));
  });

  it('is heard of through EventBridge', () => {
    const rules = of('{ eventBridge: true }')
      .of('AWS::Events::Rule')
      .map(([, { EventPattern, State }]) => ({ EventPattern, State }));
    expect(rules).toContainEqual({
      EventPattern: {
        'detail-type': [
          'AWS API Call via CloudTrail',
          'AWS Console Sign In via CloudTrail',
          'AWS Service Event via CloudTrail',
        ],
      },
      // Reads among them: what root looked at.
      State: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
    });
  });

  it('is fetched from a bucket that announces its objects to the queue itself', () => {
    const template = of('{ bucket: { name: org-trail, account: "444455556666", announcedBy: s3 } }');
    const allowed = template.of('AWS::SQS::QueuePolicy').flatMap(([, policy]) => statementsOf(policy));
    expect(allowed).toContainEqual({
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: '<DetectionTrailObjects.Arn>',
      Condition: {
        ArnEquals: { 'aws:SourceArn': 'arn:<AWS::Partition>:s3:::org-trail' },
        StringEquals: { 'aws:SourceAccount': '444455556666' },
      },
    });
    expect(JSON.stringify(template.resources.Key)).toContain('S3Of444455556666');
  });

  it('is fetched from a bucket that announces its objects through EventBridge, and its log files only', () => {
    const template = of('{ bucket: { name: org-trail, prefix: trails/, announcedBy: eventbridge } }');
    const [, rule] = template.of('AWS::Events::Rule').find(([id]) => id.includes('Trail')) ?? [];
    expect(rule.EventPattern.detail).toEqual({
      bucket: { name: ['org-trail'] },
      object: { key: [{ wildcard: 'trails/AWSLogs/*/CloudTrail/*.json.gz' }] },
    });
  });

  it('need not be read', () => {
    expect(
      only(LEAST)
        .of('AWS::Lambda::Function')
        .map(([, { FunctionName }]) => FunctionName),
    ).not.toContain('auditwire-cloudtrail');
  });
});

describe('the dashboard', () => {
  it('shows what the accounts are made of, and every alarm', () => {
    const [[, { DashboardBody }] = ['', {}]] = stack.of('AWS::CloudWatch::Dashboard');
    for (const metric of [
      'records',
      'quiet',
      'found',
      'quarantined',
      'control',
      'findings',
      'alerted',
      'folded',
      'muted',
    ])
      expect(DashboardBody).toContain(`"${metric}"`);
    for (const [id] of stack.of('AWS::CloudWatch::Alarm')) expect(DashboardBody).toContain(`<${id}.Arn>`);
  });
});

describe('the queues of a redrive', () => {
  it('are those that the command looks for, by the names that the stack gives them', () => {
    const redrive = stack
      .of('AWS::Lambda::Function')
      .map(([, properties]) => properties)
      .find(({ FunctionName }) => FunctionName === 'auditwire-redrive');
    const nameOf = (reference: string) => stack.resources[reference.slice(1, -1)]?.Properties.QueueName;
    const { FINDINGS_QUEUE_URL, QUARANTINE_QUEUE_URL, DEAD_LETTER_QUEUE_URLS } = redrive.Environment.Variables;
    expect({
      findings: nameOf(FINDINGS_QUEUE_URL),
      quarantine: nameOf(QUARANTINE_QUEUE_URL),
      deadLetters: DEAD_LETTER_QUEUE_URLS.split(',').map(nameOf),
    }).toEqual({
      findings: `auditwire-${QUEUES.findings}`,
      quarantine: `auditwire-${QUEUES.quarantine}`,
      deadLetters: QUEUES.deadLetters.map((queue) => `auditwire-${queue}`),
    });
  });
});

describe('the operating guide', () => {
  const guide = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const commands = guide.replaceAll('\\\n', ' ');

  /** The sections of a page by the anchors of their headings. */
  const sections = Object.fromEntries(
    guide.split(/^#+ /m).map((section) => {
      const [heading = '', ...lines] = section.split('\n');
      const anchor = heading
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-');
      return [anchor, lines.join('\n')];
    }),
  );

  it('names every alarm in the section that its description points to, and no other', () => {
    const trail = only(`${LEAST}cloudtrail: { logGroup: org-trail }\n`);
    const wanted = new Map<string, Set<string>>();
    for (const [, { AlarmName, AlarmDescription }] of [stack, trail].flatMap((one) =>
      one.of('AWS::CloudWatch::Alarm'),
    )) {
      const section = /operating\.md#([a-z-]+)$/.exec(AlarmDescription)?.[1] ?? '';
      const name = AlarmName.replace(/-cluster-prod-\d-/, '-cluster-CLUSTER-').replace(
        /-undelivered-(?!canary-|operators-).+-not-empty$/,
        '-undelivered-SUBSCRIBER-not-empty',
      );
      wanted.set(section, (wanted.get(section) ?? new Set()).add(name));
    }
    const named = [...wanted.keys()].map((section) => {
      const [listed = ''] = sections[section]?.split(/\n\n/).filter((text) => text.trim() !== '') ?? [];
      return [section, new Set([...listed.matchAll(/`(auditwire-[^`]+)`/g)].map(([, name]) => name))] as const;
    });
    expect(new Map(named)).toEqual(wanted);
  });

  it('leads nowhere that is not there', () => {
    const links = [...guide.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((anchor) => !(anchor in sections))).toEqual([]);
  });

  it('names what the stack has: queues, log groups, filters and rules', () => {
    const queues = stack.of('AWS::SQS::Queue').map(([, { QueueName }]) => QueueName);
    const asked = [...commands.matchAll(/--queue-name ([\w.-]+)/g)].map(([, name]) => name);
    expect(asked).toEqual(['auditwire-scheduled-failed']);
    for (const name of asked) expect(queues).toContain(name);
    expect(stack.resources.WatchingCanaryEvents?.Properties.LogGroupName).toBe('/aws/auditwire/auditwire-canary');
    expect(sections.silent).toContain(
      'describe-subscription-filters --region REGION --log-group-name /aws/auditwire/auditwire-canary\n',
    );
    const prefix = /--name-prefix auditwire-(\w+)/.exec(sections.silent ?? '')?.[1] ?? '?';
    const scheduled = stack.of('AWS::Events::Rule').filter(([, { ScheduleExpression }]) => ScheduleExpression);
    expect(scheduled.map(([id]) => id.startsWith(prefix))).toEqual([true, true]);
  });

  it('lets a person who redrives do what the function may do, and look for queues', () => {
    const [, table = ''] = /^\| to \| on \|\n([\s\S]*?)\n\n/m.exec(sections.redrive ?? '') ?? [];
    const told = [...table.matchAll(/`((?:sqs|s3|kms):\w+)`/g)].map(([, action]) => action);
    const role = stack.resources.WatchingRedriveRunRole?.Properties;
    const done = permissionsOf(role)
      .filter((permission) => !permission.includes('FailedRuns') && !permission.includes('Log.Arn'))
      .flatMap((permission) => permission.match(/(?:sqs|s3|kms):[A-Z]\w+/g) ?? []);
    // Only Lambda, where it polls a queue, asks for its attributes.
    const needed = new Set([...done, 'sqs:GetQueueUrl']);
    needed.delete('sqs:GetQueueAttributes');
    expect(new Set(told)).toEqual(needed);
  });

  it('shows replays that are understood, of records whose place is said', () => {
    const replays = [...commands.matchAll(/^npm run --silent replay -- (.+)$/gm)].map(([, args = '']) =>
      args.split(/\s+/),
    );
    expect(replays.length).toBe(1);
    for (const args of replays) {
      const parsed = parseReplayArguments(args.slice(0, args.indexOf('>')), false, 0);
      expect(parsed).toMatchObject({ cluster: 'CLUSTER', account: 'ACCOUNT', region: 'REGION', minSeverity: 'high' });
    }
  });
});
