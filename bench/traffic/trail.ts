import { gzipSync } from 'node:zlib';
import { ACCOUNT, CLUSTER, REGION } from '../../scripts/samples/cluster.ts';
import type { Json } from '../../scripts/samples/k8s-event.ts';
import { nodeLaunch } from '../../scripts/samples/quiet-trail/nodes.ts';
import { createRandom, type Random, uuidOf } from '../../scripts/samples/random.ts';
import { DAY, HOUR } from '../../scripts/samples/time.ts';
import {
  clusterResource,
  EKS_SERVICE_ROLE,
  iamDenied,
  irsa,
  nodeRole,
  type Principal,
  podIdentity,
  service,
  session,
  ssoUser,
  type TrailEvent,
  trailEvent,
} from '../../scripts/samples/trail-event.ts';
import { type Act, drawFrom } from './act.ts';
import { anyPod, nodes } from './fleet.ts';

type Call = Parameters<typeof trailEvent>[0];

const SDK = 'aws-sdk-go-v2/1.38.1 os/linux lang/go#1.24.6 md/GOOS#linux md/GOARCH#amd64';
const DEVELOPER = 'AWSReservedSSO_Developer_1f0c6d2a9b3e4758';

const one = (
  weight: number,
  by: (random: Random) => Principal,
  call: (random: Random) => Omit<Call, 'at' | 'by'>,
): Act<TrailEvent> => ({ weight, make: (at, random) => [trailEvent({ at, by: by(random), ...call(random) })] });

const node = (random: Random) => nodeRole(random.pick(nodes), SDK);
const person = (random: Random) => ssoUser(DEVELOPER, `dev${random.int(1, 30)}@example.com`);
const roleOf = (name: string): Json => ({ roleArn: `arn:aws:iam::${ACCOUNT}:role/${name}`, roleSessionName: name });

/** An account's management events: machines reading, roles assumed, keys used; people now and then. */
const draw = drawFrom<TrailEvent>([
  one(20, node, () => ({ action: 'ec2:DescribeNetworkInterfaces', request: { networkInterfaceIdSet: {} } })),
  one(10, node, () => ({ action: 'ec2:DescribeInstances', request: { instancesSet: {}, filterSet: {} } })),
  one(8, node, () => ({ action: 'ecr:GetAuthorizationToken', request: { registryIds: [ACCOUNT] } })),
  one(8, node, (random) => ({
    action: 'ecr:BatchGetImage',
    request: { registryId: ACCOUNT, repositoryName: `shop/${anyPod(random).app}`, imageIds: [{ imageTag: '2.41.0' }] },
  })),
  one(
    14,
    (random) => irsa(anyPod(random), 'prod-blue-alb-controller', 'elbv2.k8s.aws/v2.13.4'),
    (random) => ({
      action: random.pick(['elb:DescribeLoadBalancers', 'elb:DescribeTargetHealth', 'ec2:DescribeSubnets']),
      request: {},
    }),
  ),
  one(
    10,
    () => service('ec2.amazonaws.com'),
    (random) => ({
      action: 'sts:AssumeRole',
      request: { ...roleOf('prod-blue-node'), roleSessionName: random.pick(nodes).instance },
      response: { credentials: { accessKeyId: 'ASIAQEXAMPLE', expiration: 'Sep 16, 2025, 11:59:59 PM' } },
      resources: [{ accountId: ACCOUNT, type: 'AWS::IAM::Role', ARN: `arn:aws:iam::${ACCOUNT}:role/prod-blue-node` }],
    }),
  ),
  one(
    10,
    () => service('eks.amazonaws.com'),
    () => ({
      action: 'kms:Decrypt',
      request: { encryptionContext: { 'aws:eks:cluster': CLUSTER }, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
      resources: [
        { accountId: ACCOUNT, type: 'AWS::KMS::Key', ARN: `arn:aws:kms:${REGION}:${ACCOUNT}:key/${uuidOf('eks')}` },
      ],
    }),
  ),
  one(
    8,
    (random) => podIdentity(anyPod(random), 'shop-orders', SDK),
    (random) => ({
      action: random.pick(['sqs:GetQueueUrl', 'secretsmanager:GetSecretValue', 's3:ListBuckets']),
      request: { secretId: `shop/${anyPod(random).app}` },
    }),
  ),
  one(5, node, () => ({ action: 'eks:DescribeCluster', request: { name: CLUSTER }, resources: [clusterResource] })),
  one(
    4,
    () => EKS_SERVICE_ROLE,
    (random) => ({ action: random.pick(['ec2:DescribeVpcs', 'ec2:DescribeSecurityGroups']), request: {} }),
  ),
  one(3, person, (random) => ({ action: random.pick(['eks:ListClusters', 's3:ListBuckets', 'iam:ListRoles']) })),
  {
    weight: 2,
    make(at, random) {
      const by = person(random);
      const action = random.pick(['iam:ListUsers', 'ec2:DescribeInstances', 'kms:ListKeys']);
      return [trailEvent({ at, by, action, error: iamDenied(by, action, '*') })];
    },
  },
  { weight: 0.3, make: (at, random) => nodeLaunch(at, random.pick(nodes)) },
  one(0.05, person, () => ({
    action: 'eks:CreateAccessEntry',
    request: { name: CLUSTER, principalArn: `arn:aws:iam::${ACCOUNT}:role/contractor`, kubernetesGroups: [] },
    response: { accessEntry: { clusterName: CLUSTER, type: 'STANDARD' } },
  })),
  one(
    0.05,
    () => session('ci-deployer', 'GitHubActions'),
    () => ({
      action: 'cloudtrail:StopLogging',
      request: { name: `arn:aws:cloudtrail:${REGION}:${ACCOUNT}:trail/organization` },
    }),
  ),
]);

/** Objects as CloudTrail puts them into S3, gzip, with `count` records in all; by seed. */
export function* trailObjects(seed: string, count: number): Generator<Buffer> {
  const random = createRandom(`trail/${seed}`);
  let now = DAY + 9 * HOUR;
  let left = count;
  while (left > 0) {
    const size = Math.min(left, random.int(100, 3000));
    const records: TrailEvent[] = [];
    while (records.length < size) {
      records.push(...draw(random).make(now, random));
      now += random.int(0, 200);
    }
    left -= size;
    yield gzipSync(JSON.stringify({ Records: records.slice(0, size) }));
  }
}
