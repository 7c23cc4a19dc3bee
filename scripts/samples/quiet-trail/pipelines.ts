import { ACCOUNT, CI_IP, CLUSTER, CLUSTER_ARN, REGION } from '../cluster.ts';
import type { Json } from '../k8s-event.ts';
import { uuidOf } from '../random.ts';
import { MINUTE } from '../time.ts';
import {
  clusterResource,
  eksUpdate,
  type Principal,
  session,
  type TrailEvent,
  through,
  trailEvent,
} from '../trail-event.ts';

const TERRAFORM =
  'APN/1.0 HashiCorp/1.0 Terraform/1.13.2 (+https://www.terraform.io) terraform-provider-aws/6.13.0 aws-sdk-go-v2/1.38.1 os/linux';
const NODEGROUP = 'general';
const nodegroupResource: Json = {
  accountId: ACCOUNT,
  type: 'AWS::EKS::Nodegroup',
  ARN: `arn:aws:eks:${REGION}:${ACCOUNT}:nodegroup/${CLUSTER}/${NODEGROUP}/${uuidOf('nodegroup')}`,
};

const PLAN: [action: string, request: Json | null][] = [
  ['sts:GetCallerIdentity', null],
  ['eks:DescribeCluster', { name: CLUSTER }],
  ['eks:DescribeNodegroup', { name: CLUSTER, nodegroupName: NODEGROUP }],
  ['eks:DescribeAddon', { name: CLUSTER, addonName: 'vpc-cni' }],
  ['eks:ListAccessEntries', { name: CLUSTER }],
  ['eks:DescribeAccessEntry', { name: CLUSTER, principalArn: `arn%3Aaws%3Aiam%3A%3A${ACCOUNT}%3Arole%2Fci-deployer` }],
  ['ec2:DescribeVpcs', { vpcSet: {}, filterSet: {} }],
  ['ec2:DescribeSubnets', { subnetSet: {}, filterSet: {} }],
  ['ec2:DescribeLaunchTemplates', { DescribeLaunchTemplatesRequest: {} }],
  [
    'ec2:DescribeLaunchTemplateVersions',
    { DescribeLaunchTemplateVersionsRequest: { LaunchTemplateId: 'lt-06d8c1f0b3a5e7924' } },
  ],
  ['iam:GetRole', { roleName: 'prod-blue-node' }],
  ['iam:ListAttachedRolePolicies', { roleName: 'prod-blue-node' }],
  ['iam:GetPolicy', { policyArn: `arn:aws:iam::${ACCOUNT}:policy/prod-blue-alb-controller` }],
  ['logs:DescribeLogGroups', { logGroupNamePrefix: `/aws/eks/${CLUSTER}` }],
  ['logs:DescribeSubscriptionFilters', { logGroupName: `/aws/eks/${CLUSTER}/cluster` }],
  ['sns:GetTopicAttributes', { topicArn: `arn:aws:sns:${REGION}:${ACCOUNT}:auditwire-alerts` }],
  [
    'sqs:GetQueueAttributes',
    { queueUrl: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/auditwire-findings.fifo`, attributeNames: ['All'] },
  ],
  ['lambda:GetFunction20150331v2', { functionName: 'auditwire-eks-audit' }],
  ['cloudtrail:DescribeTrails', { trailNameList: [] }],
  ['cloudtrail:GetEventSelectors', { trailName: 'organization' }],
];

const terraform = session('ci-terraform', 'terraform-apply', { ip: CI_IP, agent: TERRAFORM });

const plan = (when: number): TrailEvent[] =>
  PLAN.map(([action, request], i) =>
    trailEvent({
      at: when + i * 6000,
      by: terraform,
      action,
      request,
      region: action.startsWith('iam:') ? 'us-east-1' : REGION,
    }),
  );

/** The pipeline's role, from GitHub's token; then a plan and a change that weakens nothing. */
export function terraformRun(when: number, changes: (when: number) => TrailEvent[]): TrailEvent[] {
  const subject = 'repo:example/platform:ref:refs/heads/main';
  const provider = `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`;
  const github: Principal = {
    ...terraform,
    identity: {
      type: 'WebIdentityUser',
      principalId: `${provider}:sts.amazonaws.com:${subject}`,
      userName: subject,
      identityProvider: provider,
    },
  };
  return [
    trailEvent({
      at: when,
      by: github,
      action: 'sts:AssumeRoleWithWebIdentity',
      request: {
        roleArn: `arn:aws:iam::${ACCOUNT}:role/ci-terraform`,
        roleSessionName: 'terraform-apply',
        durationSeconds: 3600,
      },
      response: {
        subjectFromWebIdentityToken: subject,
        assumedRoleUser: { arn: terraform.identity.arn },
        provider,
        audience: 'sts.amazonaws.com',
        credentials: { accessKeyId: terraform.identity.accessKeyId },
      },
    }),
    ...plan(when + 20_000),
    ...changes(when + 4 * MINUTE),
  ];
}

export const tags = (when: number) => [
  trailEvent({
    at: when,
    by: terraform,
    action: 'eks:TagResource',
    request: {
      resourceArn: encodeURIComponent(CLUSTER_ARN),
      tags: { 'cost-center': 'platform', 'managed-by': 'terraform' },
    },
    resources: [clusterResource],
  }),
  trailEvent({
    at: when + 3000,
    by: terraform,
    action: 'ec2:CreateTags',
    request: {
      resourcesSet: { items: [{ resourceId: 'subnet-0a3c5e7f912b4d680' }] },
      tagSet: { items: [{ key: 'cost-center', value: 'platform' }] },
    },
    response: { requestId: uuidOf(`tags/${when}`), _return: true },
  }),
];

export const scale = (when: number) => [
  trailEvent({
    at: when,
    by: terraform,
    action: 'eks:UpdateNodegroupConfig',
    request: {
      name: CLUSTER,
      nodegroupName: NODEGROUP,
      scalingConfig: { minSize: 3, maxSize: 12, desiredSize: 6 },
      clientRequestToken: uuidOf(`scale/${when}`),
    },
    response: eksUpdate(when, 'ConfigUpdate', { MinSize: '3', MaxSize: '12', DesiredSize: '6' }),
    resources: [nodegroupResource],
  }),
  ...[20_000, 50_000, 80_000].map((wait) =>
    trailEvent({
      at: when + wait,
      by: terraform,
      action: 'eks:DescribeUpdate',
      request: { name: CLUSTER, nodegroupName: NODEGROUP, updateId: uuidOf(`update/${when}/ConfigUpdate`) },
    }),
  ),
];

export const upgrade = (when: number) => [
  trailEvent({
    at: when,
    by: terraform,
    action: 'eks:UpdateClusterVersion',
    request: { name: 'staging', version: '1.33', clientRequestToken: uuidOf(`version/${when}`) },
    response: eksUpdate(when, 'VersionUpdate', { Version: '1.33', PlatformVersion: 'eks.14' }),
    resources: [{ ...clusterResource, ARN: `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/staging` }],
  }),
  ...Array.from({ length: 8 }, (_, i) =>
    trailEvent({
      at: when + (i + 1) * 60_000,
      by: terraform,
      action: 'eks:DescribeUpdate',
      request: { name: 'staging', updateId: uuidOf(`update/${when}/VersionUpdate`) },
    }),
  ),
];

/** A stack's own calls are CloudFormation's, on behalf of whoever asked. */
export function stack(when: number): TrailEvent[] {
  const by = session('ci-terraform', 'cdk-deploy', {
    ip: CI_IP,
    agent: 'aws-sdk-js/3.880.0 ua/2.1 os/linux lang/js md/nodejs#22.19.0',
  });
  const behind = through(by, 'cloudformation.amazonaws.com');
  const stackName = 'shop-dashboards';
  return [
    trailEvent({
      at: when,
      by,
      action: 'cloudformation:CreateChangeSet',
      request: {
        stackName,
        changeSetName: 'cdk-deploy-change-set',
        changeSetType: 'UPDATE',
        capabilities: ['CAPABILITY_IAM'],
      },
      response: {
        id: `arn:aws:cloudformation:${REGION}:${ACCOUNT}:changeSet/cdk-deploy-change-set/${uuidOf('change-set')}`,
      },
    }),
    ...[0, 1, 2].map((i) =>
      trailEvent({
        at: when + (i + 1) * 5000,
        by,
        action: 'cloudformation:DescribeChangeSet',
        request: { stackName, changeSetName: 'cdk-deploy-change-set' },
      }),
    ),
    trailEvent({
      at: when + 25_000,
      by: behind,
      action: 'cloudwatch:PutDashboard',
      request: { dashboardName: 'shop' },
    }),
    trailEvent({
      at: when + 27_000,
      by: behind,
      action: 'ssm:GetParameters',
      request: { names: ['/cdk-bootstrap/hnb659fds/version'] },
    }),
    ...[0, 1, 2, 3].map((i) =>
      trailEvent({
        at: when + 40_000 + i * 5000,
        by,
        action: 'cloudformation:DescribeStackEvents',
        request: { stackName },
      }),
    ),
  ];
}
