import { ACCOUNT, CLUSTER, NODE_A, REGION } from '../cluster.ts';
import { everyDay } from '../every-day.ts';
import { uuidOf } from '../random.ts';
import { HOUR, MINUTE, seconds } from '../time.ts';
import { EKS_SERVICE_ROLE, service, session, type TrailEvent, through, trailEvent } from '../trail-event.ts';

/** AWS's services among themselves: EKS and autoscaling roles, keys used for someone, events nobody asked for. */
export function services(): TrailEvent[] {
  const key = `arn:aws:kms:${REGION}:${ACCOUNT}:key/${uuidOf('kms/eks')}`;
  const assume = (host: string, role: string, name: string) => (when: number) => [
    trailEvent({
      at: when,
      by: service(host),
      action: 'sts:AssumeRole',
      request: { roleArn: `arn:aws:iam::${ACCOUNT}:role/${role}`, roleSessionName: name, durationSeconds: 3600 },
      response: {
        credentials: {
          accessKeyId: session(role.split('/').at(-1) ?? role, name).identity.accessKeyId,
          expiration: 'Sep 16, 2025, 11:59:59 PM',
        },
      },
      resources: [{ accountId: ACCOUNT, type: 'AWS::IAM::Role', ARN: `arn:aws:iam::${ACCOUNT}:role/${role}` }],
    }),
  ];
  const logsWriter = session('auditwire-eks-audit', 'auditwire-eks-audit', {
    ip: 'lambda.amazonaws.com',
    agent: 'lambda.amazonaws.com',
  });
  return [
    ...everyDay('trail/eks-assume', 45 * MINUTE, assume('eks.amazonaws.com', 'prod-blue-cluster', 'AmazonEKS')),
    ...everyDay(
      'nodegroup-assume',
      80 * MINUTE,
      assume(
        'eks-nodegroup.amazonaws.com',
        'aws-service-role/eks-nodegroup.amazonaws.com/AWSServiceRoleForAmazonEKSNodegroup',
        'AmazonEKSNodegroup',
      ),
    ),
    ...everyDay(
      'autoscaling-assume',
      60 * MINUTE,
      assume(
        'autoscaling.amazonaws.com',
        'aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling',
        'AutoScaling',
      ),
    ),
    ...everyDay('trail/ec2-assume', 40 * MINUTE, assume('ec2.amazonaws.com', 'prod-blue-node', NODE_A.instance)),
    ...everyDay('trail/kms', 30 * MINUTE, (when) => [
      trailEvent({
        at: when,
        by: service('eks.amazonaws.com'),
        action: 'kms:Decrypt',
        request: { encryptionContext: { 'aws:eks:cluster': CLUSTER }, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
        resources: [{ accountId: ACCOUNT, type: 'AWS::KMS::Key', ARN: key }],
      }),
    ]),
    ...everyDay('trail/kms-sqs', 50 * MINUTE, (when) => [
      trailEvent({
        at: when,
        by: through(session('auditwire-publish-alerts', 'auditwire-publish-alerts'), 'sqs.amazonaws.com'),
        action: 'kms:GenerateDataKey',
        request: { keyId: key, keySpec: 'AES_256' },
        resources: [{ accountId: ACCOUNT, type: 'AWS::KMS::Key', ARN: key }],
        extra: { readOnly: true },
      }),
    ]),
    ...everyDay('trail/eks-ec2', 40 * MINUTE, (when, random) => [
      trailEvent({
        at: when,
        by: EKS_SERVICE_ROLE,
        action: random.pick([
          'ec2:DescribeSubnets',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeVpcs',
          'ec2:DescribeInstances',
          'ec2:DescribeNetworkInterfaces',
        ]),
        request: {},
      }),
    ]),
    ...everyDay('trail/log-streams', 70 * MINUTE, (when) => [
      trailEvent({
        at: when,
        by: logsWriter,
        action: 'logs:CreateLogStream',
        request: {
          logGroupName: '/aws/lambda/auditwire-eks-audit',
          logStreamName: `2025/09/16/[$LATEST]${uuidOf(`stream/${when}`).replaceAll('-', '')}`,
        },
      }),
    ]),
    ...everyDay('trail/service-events', 6 * HOUR, (when) => [
      trailEvent({
        at: when,
        by: {
          identity: { accountId: ACCOUNT, invokedBy: 'kms.amazonaws.com' },
          ip: 'kms.amazonaws.com',
          agent: 'kms.amazonaws.com',
        },
        action: 'kms:RotateKey',
        type: 'AwsServiceEvent',
        extra: {
          serviceEventDetails: {
            rotationType: 'AUTOMATIC',
            keyOrigin: 'AWS_KMS',
            keyId: key,
            backingKeyId: uuidOf(`backing/${when}`),
          },
        },
      }),
    ]),
    ...everyDay('trail/healthchecks', 4 * HOUR, (when) => [
      trailEvent({
        at: when,
        by: service('config.amazonaws.com'),
        action: 'sts:AssumeRole',
        request: {
          roleArn: `arn:aws:iam::${ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig`,
          roleSessionName: 'AWSConfig-Describe',
        },
      }),
      trailEvent({
        at: when + 2000,
        by: session('AWSServiceRoleForConfig', 'AWSConfig-Describe', {
          ip: 'config.amazonaws.com',
          agent: 'config.amazonaws.com',
          extra: { invokedBy: 'config.amazonaws.com' },
        }),
        action: 'iam:ListRoles',
        request: null,
        region: 'us-east-1',
      }),
    ]),
  ];
}

export function scaling(when: number, desired: number): TrailEvent[] {
  const by = session('AWSServiceRoleForAutoScaling', 'AutoScaling', {
    path: '/aws-service-role/autoscaling.amazonaws.com/',
    ip: 'autoscaling.amazonaws.com',
    agent: 'autoscaling.amazonaws.com',
    extra: { invokedBy: 'autoscaling.amazonaws.com' },
  });
  return [
    trailEvent({
      at: when,
      by,
      action: 'ec2:RunInstances',
      request: {
        instancesSet: { items: [{ minCount: 1, maxCount: 1 }] },
        launchTemplate: { launchTemplateId: 'lt-06d8c1f0b3a5e7924', version: '12' },
        clientToken: `fleet-${when}-${desired}`,
      },
      response: { instancesSet: { items: [{ instanceId: 'i-0f9e8d7c6b5a43210' }] }, requesterId: seconds(when) },
    }),
  ];
}
