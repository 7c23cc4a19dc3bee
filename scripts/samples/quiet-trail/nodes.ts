import { ACCOUNT, CLUSTER, type NEW_NODES, NODE_C, NODES, podOf, REGION } from '../cluster.ts';
import { everyDay } from '../every-day.ts';
import { uuidOf } from '../random.ts';
import { HOUR, MINUTE } from '../time.ts';
import { clusterResource, nodeRole, podIdentity, type TrailEvent, through, trailEvent } from '../trail-event.ts';

const CNI =
  'amazon-vpc-cni-k8s/v1.20.1 aws-sdk-go-v2/1.38.1 os/linux lang/go#1.24.6 md/GOOS#linux md/GOARCH#amd64 api/ec2#1.245.0';
const CREDENTIAL_PROVIDER = 'ecr-credential-provider/v1.33.0 aws-sdk-go-v2/1.38.1 os/linux lang/go#1.24.6';
export const SDK_GO = 'aws-sdk-go-v2/1.38.1 os/linux lang/go#1.24.6 md/GOOS#linux md/GOARCH#amd64';

export function nodeCalls(): TrailEvent[] {
  return NODES.flatMap((node) => [
    ...everyDay(`trail/describe/${node.name}`, 100 * MINUTE, (when) => [
      trailEvent({
        at: when,
        by: nodeRole(node, CNI),
        action: 'ec2:DescribeNetworkInterfaces',
        request: {
          networkInterfaceIdSet: {},
          filterSet: { items: [{ name: 'attachment.instance-id', valueSet: { items: [{ value: node.instance }] } }] },
        },
      }),
    ]),
    ...everyDay(`trail/instances/${node.name}`, 2 * HOUR, (when) => [
      trailEvent({
        at: when,
        by: nodeRole(node, CNI),
        action: 'ec2:DescribeInstances',
        request: { instancesSet: { items: [{ instanceId: node.instance }] }, filterSet: {} },
      }),
    ]),
    ...everyDay(`trail/ecr-auth/${node.name}`, 2 * HOUR, (when) => [
      trailEvent({
        at: when,
        by: nodeRole(node, CREDENTIAL_PROVIDER),
        action: 'ecr:GetAuthorizationToken',
        request: { registryIds: [ACCOUNT] },
      }),
    ]),
    ...everyDay(`trail/ecr-image/${node.name}`, 3 * HOUR, (when, random) => {
      const repositoryName = `shop/${random.pick(['web', 'checkout', 'catalog'])}`;
      return [
        trailEvent({
          at: when,
          by: nodeRole(node, 'containerd/2.0.5'),
          action: 'ecr:BatchGetImage',
          request: {
            registryId: ACCOUNT,
            repositoryName,
            imageIds: [{ imageTag: '2.41.0' }],
            acceptedMediaTypes: ['application/vnd.oci.image.manifest.v1+json'],
          },
          resources: [{ accountId: ACCOUNT, ARN: `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/${repositoryName}` }],
        }),
      ];
    }),
  ]);
}

/** The machinery around a node that joins: scaling, launch, the kubelet's first questions. */
export function nodeLaunch(when: number, node: (typeof NEW_NODES)[number]): TrailEvent[] {
  const karpenter = podIdentity(
    podOf('kube-system', 'karpenter', NODE_C),
    'prod-blue-karpenter',
    'karpenter.sh-1.6.2 aws-sdk-go-v2/1.38.1',
  );
  const instance = node.instance;
  return [
    trailEvent({
      at: when,
      by: karpenter,
      action: 'ec2:DescribeLaunchTemplates',
      request: {
        DescribeLaunchTemplatesRequest: {
          Filter: { tag: 1, Name: 'tag:karpenter.k8s.aws/cluster', Value: { tag: 1, content: CLUSTER } },
        },
      },
    }),
    trailEvent({
      at: when + 2000,
      by: karpenter,
      action: 'ec2:CreateFleet',
      request: {
        CreateFleetRequest: {
          Type: 'instant',
          TargetCapacitySpecification: { DefaultTargetCapacityType: 'on-demand', TotalTargetCapacity: 1 },
          LaunchTemplateConfigs: {
            tag: 1,
            LaunchTemplateSpecification: { LaunchTemplateName: 'karpenter.k8s.aws/5938174620', Version: '$Latest' },
            Overrides: { tag: 1, InstanceType: 'm7i.large', AvailabilityZone: node.zone },
          },
        },
      },
      response: {
        CreateFleetResponse: {
          fleetId: `fleet-${uuidOf(instance)}`,
          fleetInstanceSet: {
            item: { instanceIds: { item: instance }, instanceType: 'm7i.large', lifecycle: 'on-demand' },
          },
        },
      },
    }),
    trailEvent({
      at: when + 2000,
      by: through(karpenter, 'ec2fleet.amazonaws.com'),
      action: 'ec2:RunInstances',
      request: {
        instancesSet: { items: [{ imageId: 'ami-0c4e8f2a61d97b350', minCount: 1, maxCount: 1 }] },
        instanceType: 'm7i.large',
        metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
        iamInstanceProfile: { name: 'prod-blue_4067990795380418201' },
        monitoring: { enabled: false },
      },
      response: {
        instancesSet: {
          items: [{ instanceId: instance, imageId: 'ami-0c4e8f2a61d97b350', privateIpAddress: node.ip }],
        },
      },
    }),
    trailEvent({
      at: when + 40_000,
      by: nodeRole(node, 'nodeadm aws-sdk-go-v2/1.38.1'),
      action: 'eks:DescribeCluster',
      request: { name: CLUSTER },
      resources: [clusterResource],
    }),
    trailEvent({
      at: when + 52_000,
      by: nodeRole(node, CNI),
      action: 'ec2:CreateNetworkInterface',
      request: {
        subnetId: 'subnet-0a3c5e7f912b4d680',
        description: `aws-K8S-${instance}`,
        groupSet: { items: [{ groupId: 'sg-0f1e2d3c4b5a69788' }] },
      },
    }),
    trailEvent({
      at: when + 53_000,
      by: nodeRole(node, CNI),
      action: 'ec2:AttachNetworkInterface',
      request: { networkInterfaceId: 'eni-04b8d6e2f0a91c375', instanceId: instance, deviceIndex: 1 },
    }),
    trailEvent({
      at: when + 55_000,
      by: nodeRole(node, CNI),
      action: 'ec2:AssignPrivateIpAddresses',
      request: { networkInterfaceId: 'eni-04b8d6e2f0a91c375', ipv4PrefixCount: 1 },
    }),
  ];
}
