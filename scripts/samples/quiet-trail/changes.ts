import {
  ACCOUNT,
  CI_IP,
  CLUSTER,
  NEW_NODES,
  NODE_A,
  NODE_C,
  NODES,
  OFFICE_IP,
  OTHER_ACCOUNT,
  podOf,
  REGION,
} from '../cluster.ts';
import { everyDay } from '../every-day.ts';
import type { Json } from '../k8s-event.ts';
import { awsIdOf, hexOf, uuidOf } from '../random.ts';
import { at, HOUR } from '../time.ts';
import {
  irsa,
  nodeRole,
  type Principal,
  podIdentity,
  service,
  session,
  type TrailEvent,
  through,
  trailEvent,
} from '../trail-event.ts';
import { functionDeployed, imagePushed } from './deliveries.ts';
import { loadBalancer } from './load-balancer.ts';

/** A vendor that watches the account's metrics comes in by a role made for it, with an external id. */
function vendor(when: number): TrailEvent[] {
  const by: Principal = {
    identity: { type: 'AWSAccount', principalId: `${awsIdOf('AROA', 'vendor')}:metrics`, accountId: OTHER_ACCOUNT },
    ip: '192.0.2.140',
    agent: 'Boto3/1.40.30 md/Botocore#1.40.30 lang/python#3.12.11',
  };
  const role = `arn:aws:iam::${ACCOUNT}:role/vendor-metrics-readonly`;
  return [
    trailEvent({
      at: when,
      by,
      action: 'sts:AssumeRole',
      request: { roleArn: role, roleSessionName: 'metrics', externalId: uuidOf('external-id'), durationSeconds: 3600 },
      response: { assumedRoleUser: { arn: `arn:aws:sts::${ACCOUNT}:assumed-role/vendor-metrics-readonly/metrics` } },
      resources: [{ accountId: ACCOUNT, type: 'AWS::IAM::Role', ARN: role }],
      extra: { sharedEventID: uuidOf(`vendor/${when}`) },
    }),
    trailEvent({
      at: when + 2000,
      by: session('vendor-metrics-readonly', 'metrics', { ip: '192.0.2.140', agent: by.agent }),
      action: 'cloudwatch:GetMetricData',
      request: null,
    }),
  ];
}

/** The one IAM user that is left signs in: a typing error, then the password and the second factor. */
function iamUserSignIn(when: number): TrailEvent[] {
  const identity: Json = {
    type: 'IAMUser',
    principalId: awsIdOf('AIDA', 'billing'),
    arn: `arn:aws:iam::${ACCOUNT}:user/billing`,
    accountId: ACCOUNT,
    accessKeyId: '',
    userName: 'billing',
  };
  const by: Principal = {
    identity,
    ip: OFFICE_IP,
    agent:
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  };
  const login = (ms: number, answer: 'Success' | 'Failure', MFAUsed: 'Yes' | 'No') =>
    trailEvent({
      at: ms,
      by,
      action: 'signin:ConsoleLogin',
      type: 'AwsConsoleSignIn',
      response: { ConsoleLogin: answer },
      extra: {
        readOnly: false,
        additionalEventData: {
          LoginTo: `https://console.aws.amazon.com/console/home?region=${REGION}`,
          MobileVersion: 'No',
          MFAUsed,
        },
        responseElements: { ConsoleLogin: answer },
        ...(answer === 'Failure' && { errorMessage: 'Failed authentication' }),
      },
    });
  return [login(when, 'Failure', 'No'), login(when + 21_000, 'Success', 'Yes')];
}

/** Nodes go as they came; agents on them report; disks are encrypted for those who attach them. */
function machinery(): TrailEvent[] {
  const karpenter = podIdentity(
    podOf('kube-system', 'karpenter', NODE_C),
    'prod-blue-karpenter',
    'karpenter.sh-1.6.2 aws-sdk-go-v2/1.38.1',
  );
  const key = `arn:aws:kms:${REGION}:${ACCOUNT}:key/${uuidOf('kms/ebs')}`;
  const ebs = irsa(
    podOf('kube-system', 'ebs-csi-controller', NODES[1] ?? NODES[0], 'ebs-csi-controller-sa'),
    'prod-blue-ebs-csi',
    'aws-ebs-csi-driver/v1.48.0 aws-sdk-go-v2/1.38.1',
  );
  return [
    ...NODES.flatMap((node) =>
      everyDay(`trail/ssm/${node.name}`, 8 * HOUR, (when) => [
        trailEvent({
          at: when,
          by: nodeRole(node, 'aws-sdk-go/1.55.5 amazon-ssm-agent/3.3.2299.0'),
          action: 'ssm:UpdateInstanceInformation',
          request: {
            instanceId: node.instance,
            agentVersion: '3.3.2299.0',
            agentStatus: 'Active',
            platformType: 'Linux',
            iPAddress: node.ip,
          },
        }),
      ]),
    ),
    trailEvent({
      at: at('22:10:09'),
      by: karpenter,
      action: 'ec2:TerminateInstances',
      request: { instancesSet: { items: [{ instanceId: NEW_NODES[0].instance }] } },
      response: {
        instancesSet: {
          items: [
            {
              instanceId: NEW_NODES[0].instance,
              currentState: { code: 32, name: 'shutting-down' },
              previousState: { code: 16, name: 'running' },
            },
          ],
        },
      },
    }),
    trailEvent({
      at: at('10:33:06'),
      by: ebs,
      action: 'ec2:CreateVolume',
      request: { size: '20', zone: NODE_A.zone, volumeType: 'gp3', encrypted: true },
      response: { volumeId: 'vol-0c8e4a1f6d2b97350', status: 'creating' },
    }),
    trailEvent({
      at: at('10:33:09'),
      by: through(ebs, 'ec2.amazonaws.com'),
      action: 'kms:CreateGrant',
      request: {
        keyId: key,
        granteePrincipal: `arn:aws:sts::${ACCOUNT}:assumed-role/aws:ec2-infrastructure/${NODE_A.instance}`,
        operations: ['Decrypt'],
        constraints: { encryptionContextSubset: { 'aws:ebs:id': 'vol-0c8e4a1f6d2b97350' } },
      },
      response: { grantId: hexOf('grant', 64), keyId: key },
      resources: [{ accountId: ACCOUNT, type: 'AWS::KMS::Key', ARN: key }],
    }),
    trailEvent({
      at: at('05:05:12'),
      by: service('eks-nodegroup.amazonaws.com'),
      action: 'ec2:CreateLaunchTemplateVersion',
      request: {
        CreateLaunchTemplateVersionRequest: {
          LaunchTemplateId: 'lt-06d8c1f0b3a5e7924',
          LaunchTemplateData: {
            ImageId: 'ami-0c4e8f2a61d97b350',
            UserData: '<sensitiveDataRemoved>',
            MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
          },
        },
      },
    }),
  ];
}

const addonUpdate = (when: number): TrailEvent[] => [
  trailEvent({
    at: when,
    by: session('ci-terraform', 'terraform-apply', { ip: CI_IP, agent: 'APN/1.0 HashiCorp/1.0 Terraform/1.13.2' }),
    action: 'eks:UpdateAddon',
    request: {
      name: CLUSTER,
      addonName: 'coredns',
      addonVersion: 'v1.12.3-eksbuild.1',
      resolveConflicts: 'PRESERVE',
      clientRequestToken: uuidOf(`addon/${when}`),
    },
  }),
];

/** Changes of a day that weaken nothing, though some look like ones that do. */
export const changes = (): TrailEvent[] => [
  ...imagePushed(at('09:29:10'), 'shop/web', '2.41.0'),
  ...imagePushed(at('13:01:44'), 'shop/checkout', '1.19.3'),
  ...imagePushed(at('16:38:02'), 'shop/web', '2.41.1'),
  ...functionDeployed(at('14:22:30')),
  ...loadBalancer(at('11:55:03')),
  ...everyDay('trail/vendor', 3 * HOUR, vendor),
  ...iamUserSignIn(at('09:41:12')),
  ...machinery(),
  ...addonUpdate(at('07:21:50')),
];
