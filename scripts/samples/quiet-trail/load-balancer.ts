import { ACCOUNT, NODE_A, podOf } from '../cluster.ts';
import { irsa, type TrailEvent, trailEvent } from '../trail-event.ts';

/** A public load balancer is for the public: its own security group lets the world in on 443 and nothing else. */
export function loadBalancer(when: number): TrailEvent[] {
  const by = irsa(
    podOf('kube-system', 'aws-load-balancer-controller', NODE_A),
    'prod-blue-alb-controller',
    'elbv2.k8s.aws/v2.13.4',
  );
  const groupId = 'sg-0b7d5f3e1c9a28640';
  const items = [
    {
      ipProtocol: 'tcp',
      fromPort: 443,
      toPort: 443,
      groups: {},
      ipRanges: { items: [{ cidrIp: '0.0.0.0/0', description: '' }] },
      ipv6Ranges: {},
      prefixListIds: {},
    },
  ];
  return [
    trailEvent({
      at: when,
      by,
      action: 'ec2:CreateSecurityGroup',
      request: {
        groupName: 'k8s-shop-web-6f1e2d3c4b',
        groupDescription: '[k8s] Managed SecurityGroup for LoadBalancer',
        vpcId: 'vpc-0e9d8c7b6a5f43210',
      },
      response: { _return: true, groupId },
    }),
    trailEvent({
      at: when + 1000,
      by,
      action: 'ec2:AuthorizeSecurityGroupIngress',
      request: { groupId, ipPermissions: { items } },
      response: {
        _return: true,
        securityGroupRuleSet: {
          items: [
            {
              groupOwnerId: ACCOUNT,
              groupId,
              securityGroupRuleId: 'sgr-05a4b3c2d1e0f9876',
              isEgress: false,
              ipProtocol: 'tcp',
              fromPort: 443,
              toPort: 443,
              cidrIpv4: '0.0.0.0/0',
            },
          ],
        },
      },
    }),
    trailEvent({
      at: when + 4000,
      by,
      action: 'elb:CreateLoadBalancer',
      request: {
        name: 'k8s-shop-web-3a7d1e9f40',
        type: 'application',
        scheme: 'internet-facing',
        securityGroups: [groupId],
        subnets: ['subnet-0a3c5e7f912b4d680', 'subnet-0d1e2f3a4b5c60789'],
      },
    }),
  ];
}
