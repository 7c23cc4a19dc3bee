import { ACCOUNT, CLUSTER, CLUSTER_ARN, NODE_A, NODE_B, NODES, podOf, REGION } from '../cluster.ts';
import { everyDay } from '../every-day.ts';
import { HOUR, MINUTE } from '../time.ts';
import { irsa, nodeRole, podIdentity, service, type TrailEvent, trailEvent, webIdentity } from '../trail-event.ts';
import { SDK_GO } from './nodes.ts';

/** Pods that call AWS: a token exchanged for a role, then the calls the role is for. */
export function podCalls(): TrailEvent[] {
  const alb = podOf('kube-system', 'aws-load-balancer-controller', NODE_A);
  const ebs = podOf('kube-system', 'ebs-csi-controller', NODE_B, 'ebs-csi-controller-sa');
  const eso = podOf('external-secrets', 'external-secrets', NODE_B);
  const velero = podOf('velero', 'velero', NODE_A);
  const exchange = (when: number, pod: typeof alb, role: string) => {
    const roleSessionName = String(1_757_980_000_000 + Number.parseInt(pod.uid.slice(0, 6), 16));
    const by = webIdentity(pod, SDK_GO);
    return trailEvent({
      at: when,
      by,
      action: 'sts:AssumeRoleWithWebIdentity',
      request: { roleArn: `arn:aws:iam::${ACCOUNT}:role/${role}`, roleSessionName, durationSeconds: 3600 },
      response: {
        credentials: {
          accessKeyId: irsa(pod, role, SDK_GO).identity.accessKeyId as string,
          expiration: 'Sep 16, 2025, 11:59:59 PM',
          sessionToken: 'SESSION-TOKEN-EXAMPLE',
        },
        subjectFromWebIdentityToken: by.identity.userName,
        assumedRoleUser: {
          assumedRoleId: irsa(pod, role, SDK_GO).identity.principalId,
          arn: irsa(pod, role, SDK_GO).identity.arn,
        },
        provider: by.identity.identityProvider,
        audience: 'sts.amazonaws.com',
      },
      resources: [{ accountId: ACCOUNT, type: 'AWS::IAM::Role', ARN: `arn:aws:iam::${ACCOUNT}:role/${role}` }],
    });
  };
  return [
    ...everyDay('trail/irsa-alb', 50 * MINUTE, (when) => [
      exchange(when, alb, 'prod-blue-alb-controller'),
      ...['elb:DescribeLoadBalancers', 'elb:DescribeTargetHealth', 'elb:DescribeListeners'].map((action, i) =>
        trailEvent({
          at: when + 2000 + i * 1000,
          by: irsa(alb, 'prod-blue-alb-controller', 'elbv2.k8s.aws/v2.13.4'),
          action,
          request: {},
        }),
      ),
    ]),
    ...everyDay('trail/alb-targets', 3 * HOUR, (when) => [
      trailEvent({
        at: when,
        by: irsa(alb, 'prod-blue-alb-controller', 'elbv2.k8s.aws/v2.13.4'),
        action: 'elb:RegisterTargets',
        request: {
          targetGroupArn: `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:targetgroup/k8s-shop-web-4f1c9d2a7b/0d9b8a7c6e5f4321`,
          targets: [{ id: '10.0.12.140', port: 8080 }],
        },
      }),
    ]),
    ...everyDay('trail/irsa-ebs', HOUR, (when) => [
      exchange(when, ebs, 'prod-blue-ebs-csi'),
      trailEvent({
        at: when + 3000,
        by: irsa(ebs, 'prod-blue-ebs-csi', SDK_GO),
        action: 'ec2:DescribeVolumes',
        request: { volumeSet: {}, filterSet: {} },
      }),
    ]),
    ...everyDay('trail/secrets', HOUR, (when, random) => [
      exchange(when, eso, 'prod-blue-external-secrets'),
      trailEvent({
        at: when + 2000,
        by: irsa(eso, 'prod-blue-external-secrets', SDK_GO),
        action: 'secretsmanager:GetSecretValue',
        request: { secretId: random.pick(['shop/web-db', 'shop/checkout-db', 'datadog/api-key']) },
      }),
    ]),
    ...everyDay('trail/pod-identity', 90 * MINUTE, (when, random) => {
      const node = random.pick(NODES);
      const pod = podOf('shop', 'checkout', node);
      const kubernetes = {
        'kubernetes-namespace': 'shop',
        'kubernetes-service-account': 'checkout',
        'kubernetes-pod-name': pod.name,
        'kubernetes-pod-uid': pod.uid,
      };
      const tags = Object.entries({ 'eks-cluster-arn': CLUSTER_ARN, 'eks-cluster-name': CLUSTER, ...kubernetes }).map(
        ([key, value]) => ({ key, value }),
      );
      const role = `arn:aws:iam::${ACCOUNT}:role/shop-checkout`;
      return [
        trailEvent({
          at: when,
          by: nodeRole(node, 'eks-pod-identity-agent/0.1.33'),
          action: 'eks-auth:AssumeRoleForPodIdentity',
          request: { clusterName: CLUSTER, token: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
          response: null,
        }),
        trailEvent({
          at: when,
          by: service('pods.eks.amazonaws.com'),
          action: 'sts:AssumeRole',
          request: {
            roleArn: role,
            roleSessionName: String(podIdentity(pod, 'shop-checkout', '').identity.arn)
              .split('/')
              .pop(),
            durationSeconds: 21600,
            tags,
          },
          response: {
            credentials: {
              accessKeyId: podIdentity(pod, 'shop-checkout', '').identity.accessKeyId,
              expiration: 'Sep 16, 2025, 11:59:59 PM',
            },
          },
          resources: [{ accountId: ACCOUNT, type: 'AWS::IAM::Role', ARN: role }],
        }),
        trailEvent({
          at: when + 4000,
          by: podIdentity(pod, 'shop-checkout', 'aws-sdk-java/2.33.4 Linux/6.12.40 OpenJDK_64-Bit_Server_VM/21'),
          action: 'sqs:GetQueueUrl',
          request: { queueName: 'orders' },
        }),
      ];
    }),
    ...everyDay('trail/velero', 8 * HOUR, (when) => [
      trailEvent({
        at: when,
        by: irsa(velero, 'prod-blue-velero', SDK_GO),
        action: 'ec2:CreateSnapshot',
        request: { volumeId: 'vol-0b7f3d9e1a5c28460', description: 'velero nightly' },
        response: { snapshotId: 'snap-0d4c6b8a2f1e37590', status: 'pending' },
      }),
      trailEvent({
        at: when + 9000,
        by: irsa(velero, 'prod-blue-velero', SDK_GO),
        action: 's3:ListBuckets',
        error: ['AccessDenied', 'Access Denied'],
      }),
    ]),
  ];
}
