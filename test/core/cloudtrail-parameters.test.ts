import { readdirSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accessEntryOf,
  accessGrantOf,
  clusterOf,
  clusterSettingsOf,
  loggingTypesOf,
  weighEndpoint,
  weighGrant,
  weighMapping,
} from '../../core/cloudtrail/eks.ts';
import { logGroupKind } from '../../core/cloudtrail/logs.ts';
import { deniedResourceOf, isAwsItself, isForeign, workloadOf } from '../../core/cloudtrail/parameters.ts';
import { actionOf } from '../../core/cloudtrail/predicates.ts';
import { type CloudTrailEvent, cloudTrailEventSchema } from '../../core/cloudtrail/schema.ts';
import { weighSelectors } from '../../core/cloudtrail/trail.ts';
import type { Detector } from '../../core/detector.ts';

function eventOf(fields: object): CloudTrailEvent {
  return cloudTrailEventSchema.parse({
    eventSource: 'eks.amazonaws.com',
    eventName: 'AssociateAccessPolicy',
    ...fields,
  });
}

const asking = (requestParameters: unknown) => eventOf({ requestParameters });

describe('what a call on EKS asks for', () => {
  it('names the cluster in either spelling, in the answer or in the refusal', () => {
    expect(clusterOf(asking({ name: 'prod' }))).toBe('prod');
    expect(clusterOf(asking({ clusterName: 'prod' }))).toBe('prod');
    expect(clusterOf(eventOf({ responseElements: { accessEntry: { clusterName: 'prod' } } }))).toBe('prod');
    const resource = 'arn:aws:eks:eu-west-1:111122223333:access-entry/prod/role/111122223333/ops/1ac9';
    expect(clusterOf(eventOf({ errorMessage: `not authorized to perform: x on resource: ${resource}` }))).toBe('prod');
  });

  it('reads a percent-encoded principal and the last part of the policy', () => {
    const grant = accessGrantOf(
      asking({
        principalArn: 'arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fops',
        policyArn: 'arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSViewPolicy',
        accessScope: { type: 'namespace', namespaces: 'shop' },
      }),
    );
    expect(grant).toEqual({
      principalArn: 'arn:aws:iam::111122223333:role/ops',
      policy: 'AmazonEKSViewPolicy',
      scope: 'namespace',
      namespaces: ['shop'],
    });
  });

  it('weighs a policy by what it gives and where', () => {
    const weigh = (policy: string | undefined, ...namespaces: string[]) =>
      weighGrant({
        principalArn: undefined,
        policy,
        scope: namespaces.length > 0 ? 'namespace' : 'cluster',
        namespaces,
      }).severity;
    expect(weigh('AmazonEKSAdminPolicy')).toBe('critical');
    expect(weigh('AmazonEKSSecretReaderPolicy')).toBe('high');
    expect(weigh('AmazonEKSViewPolicy')).toBe('medium');
    expect(weigh('AmazonEKSAdminPolicy', 'shop')).toBe('medium');
    expect(weigh('AmazonEKSEditPolicy', 'shop', 'arg*')).toBe('high');
    expect(weigh('AmazonEKSViewPolicy', 'kube-system')).toBe('low');
    expect(weigh(undefined, 'shop')).toBe('high');
  });

  it('tells a chosen username from the one that EKS gives', () => {
    const principalArn = 'arn:aws:iam::111122223333:role/teams/shop';
    const weigh = (username: string) =>
      weighMapping({ principalArn, username, kubernetesGroups: undefined, type: undefined })?.severity;
    expect(weigh('arn:aws:sts::111122223333:assumed-role/shop/{{SessionName}}')).toBeUndefined();
    expect(weigh('arn:aws:sts::111122223333:assumed-role/teams/shop/{{SessionName}}')).toBeUndefined();
    expect(weigh('arn:aws:sts::111122223333:assumed-role/admin/{{SessionName}}')).toBe('high');
    expect(weigh('system:kube-scheduler')).toBe('high');
    expect(weigh('shop-bot')).toBe('medium');
  });

  it('reads an entry from the answer only where the request was withheld', () => {
    const responseElements = {
      accessEntry: { principalArn: 'arn:x', kubernetesGroups: ['admins'], username: 'given' },
    };
    expect(accessEntryOf(eventOf({ requestParameters: { omitted: true }, responseElements })).username).toBe('given');
    expect(
      accessEntryOf(eventOf({ requestParameters: { principalArn: 'arn:x' }, responseElements })).username,
    ).toBeUndefined();
  });

  it('reads an update from the parameters of the answer where the request was withheld', () => {
    const params = [
      { type: 'PublicAccessCidrs', value: '["0.0.0.0/0"]' },
      { type: 'EndpointPrivateAccess', value: 'false' },
      { type: 'AuthenticationMode', value: 'API' },
      { type: 'ClusterLogging', value: '{"clusterLogging":[{"types":["audit"],"enabled":false}]}' },
      { type: 'constructor', value: '{}' },
      null,
    ];
    const settings = clusterSettingsOf(eventOf({ requestParameters: null, responseElements: { update: { params } } }));
    expect(settings).toEqual({
      publicAccessCidrs: ['0.0.0.0/0'],
      endpointPrivateAccess: false,
      authenticationMode: 'API',
      clusterLogging: [{ types: ['audit'], enabled: false }],
    });
    expect(loggingTypesOf(settings, false)).toEqual(['audit']);
  });

  it('knows that a new cluster is open to all unless told otherwise', () => {
    const judged = (vpc: object, isNew: boolean) =>
      weighEndpoint(clusterSettingsOf(asking({ resourcesVpcConfig: vpc })), isNew)?.judged.severity;
    expect(judged({}, true)).toBe('medium');
    expect(judged({ publicAccessCidrs: [] }, true)).toBe('medium');
    expect(judged({ endpointPublicAccess: false }, true)).toBeUndefined();
    expect(judged({}, false)).toBeUndefined();
    expect(judged({ publicAccessCidrs: ['64.0.0.0/2'] }, false)).toBe('high');
    expect(judged({ publicAccessCidrs: ['203.0.113.7/32'] }, false)).toBe('medium');
    expect(judged({ endpointPublicAccess: 'TRUE' }, false)).toBe('medium');
  });
});

describe('who stands behind a call', () => {
  const role = (arn: string, rest = {}) => ({
    userIdentity: { type: 'AssumedRole', sessionContext: { sessionIssuer: { arn } }, ...rest },
  });

  it('is AWS itself only where nobody could have told it to', () => {
    expect(isAwsItself(eventOf(role('arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/X')))).toBe(
      true,
    );
    expect(isAwsItself(eventOf(role('arn:aws:iam::111122223333:role/x/aws-service-role/eks')))).toBe(false);
    expect(isAwsItself(eventOf(role('arn:aws:iam::1:role/x', { invokedBy: 'eks.amazonaws.com' })))).toBe(true);
    for (const invokedBy of ['states.amazonaws.com', 'scheduler.amazonaws.com', 'cloudformation.amazonaws.com']) {
      expect(isAwsItself(eventOf(role('arn:aws:iam::1:role/x', { invokedBy })))).toBe(false);
    }
  });

  it('is a workload by its credentials', () => {
    const session = (name: string, sessionContext = {}) =>
      workloadOf(eventOf(role('arn:x', { arn: `arn:aws:sts::1:assumed-role/r/${name}`, sessionContext })));
    expect(session('i-0f3a1b2c4d5e6f708')).toBe('node');
    expect(session('x', { ec2RoleDelivery: '2.0' })).toBe('node');
    expect(session('eks-prod-api-6e2f0a41-93c7-4d18-a5be-0c7d2e1f4b93')).toBe('pod');
    const federated = (federatedProvider: string) => session('x', { webIdFederationData: { federatedProvider } });
    expect(federated('arn:aws:iam::1:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/5D')).toBe('pod');
    expect(federated('arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com')).toBeUndefined();
    expect(session('mia@example.com')).toBeUndefined();
  });

  it('calls nothing foreign whose owner is not known', () => {
    const home = eventOf({ recipientAccountId: '111122223333' });
    expect(isForeign('arn:aws:iam::444455556666:role/x', home)).toBe(true);
    expect(isForeign('arn:aws:iam::111122223333:role/x', home)).toBe(false);
    expect(isForeign('alias/logs', home)).toBe(false);
    expect(isForeign('arn:aws:iam::444455556666:role/x', eventOf({}))).toBe(false);
  });

  it('finds the target of a denied call in its message', () => {
    const denied = (errorMessage: string) => deniedResourceOf(eventOf({ errorMessage }));
    expect(denied('x is not authorized to perform: a:B on resource: arn:aws:a:::b with an explicit deny')).toBe(
      'arn:aws:a:::b',
    );
    expect(denied('no such thing')).toBeUndefined();
  });
});

describe('what a trail records', () => {
  const severity = (requestParameters: object) =>
    weighSelectors(
      eventOf({ eventSource: 'cloudtrail.amazonaws.com', eventName: 'PutEventSelectors', requestParameters }),
    )?.severity;
  const management = (...fieldSelectors: object[]) => ({
    fieldSelectors: [{ field: 'eventCategory', equals: ['Management'] }, ...fieldSelectors],
  });

  it('is the union of its selectors', () => {
    const excluded = { excludeManagementEventSources: ['kms.amazonaws.com'] };
    expect(
      severity({ eventSelectors: [{ readWriteType: 'ReadOnly' }, { readWriteType: 'WriteOnly' }] }),
    ).toBeUndefined();
    expect(severity({ eventSelectors: [excluded, {}] })).toBeUndefined();
    expect(severity({ eventSelectors: [excluded] })).toBe('medium');
    const notEks = management({ field: 'eventSource', notEquals: ['eks.amazonaws.com'] });
    expect(severity({ advancedEventSelectors: [notEks] })).toBe('high');
    expect(severity({ advancedEventSelectors: [notEks, management()] })).toBeUndefined();
  });

  it('is nothing where no selector is for management events', () => {
    expect(severity({ eventSelectors: [{ includeManagementEvents: 'false' }] })).toBe('critical');
    expect(severity({ advancedEventSelectors: [] })).toBe('critical');
    expect(severity({ advancedEventSelectors: [{ fieldSelectors: 'all' }, null] })).toBe('critical');
    expect(severity({ advancedEventSelectors: [management({ field: 'eventSource', notEndsWith: ['.com'] })] })).toBe(
      'critical',
    );
  });
});

describe('the kind of a log group', () => {
  it.each([
    ['/aws/eks/prod/cluster', 'audit'],
    ['aws-controltower/CloudTrailLogs', 'audit'],
    ['aws-cloudtrail-logs-111122223333-1f2e', 'audit'],
    ['org-trail', 'audit'],
    ['platform-audit-logs', 'audit'],
    ['/aws/lambda/cloudtrail-parser', 'other'],
    ['/aws/eks/prod/cluster-extra', 'other'],
    ['platform-records', 'unknown'],
    [undefined, 'unknown'],
  ])('of %s is %s', (name, kind) => {
    expect(logGroupKind(name)).toBe(kind);
  });
});

describe('detectors on CloudTrail', async () => {
  const folder = new URL('../../detectors/cloudtrail/', import.meta.url);
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const detectors: Detector<'cloudtrail'>[] = await Promise.all(
    names.map(async ({ name }) => (await import(new URL(`${name}/detector.ts`, folder).href)).default),
  );

  it.each(detectors)('$id judges whatever the parameters hold', async (detector) => {
    const keys = [
      ...['name', 'principalArn', 'policyArn', 'accessScope', 'kubernetesGroups', 'resourcesVpcConfig', 'logging'],
      ...['eventSelectors', 'advancedEventSelectors', 'policyDocument', 'policyType', 'userName', 'update', 'cluster'],
      ...['__proto__', 'constructor', 'accessEntry', 'params', 'status', 'omitted'],
    ];
    const block = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...keys), fc.jsonValue()), fc.json());
    const actions = detector.when.actions ?? ['signin:ConsoleLogin', 'iam:CreateUser'];
    await fc.assert(
      fc.property(fc.constantFrom(...actions), block, block, fc.string(), (action, asked, answer, message) => {
        const [service, eventName] = action.split(':');
        const event = eventOf({
          eventSource: `${service}.amazonaws.com`,
          eventName,
          userIdentity: { type: 'Root' },
          requestParameters: asked,
          responseElements: answer,
          additionalEventData: asked,
          errorMessage: message,
        });
        expect(actionOf(event)).toBe(action);
        const finding = detector.detect(event);
        if (finding) expect(typeof finding.title).toBe('string');
      }),
      { numRuns: 60 },
    );
  });
});
