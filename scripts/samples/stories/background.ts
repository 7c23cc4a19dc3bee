import * as callers from '../callers.ts';
import { NODES, podOf } from '../cluster.ts';
import { type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { boundToken, podStatus } from '../pod-life.ts';
import { createRandom } from '../random.ts';
import { MINUTE } from '../time.ts';
import { nodeRole, type TrailEvent, trailEvent } from '../trail-event.ts';

/** Ordinary audit traffic of the minutes around an attack. */
export function background(name: string, from: number, minutes: number, count: number): K8sEvent[] {
  const random = createRandom(`story/${name}`);
  const ana = callers.developer('ana@example.com');
  const acts = [
    (at: number) =>
      k8sEvent({ at, by: callers.schedulerLease, verb: 'update', ref: ref('leases', 'kube-system', 'kube-scheduler') }),
    (at: number) => {
      const node = random.pick(NODES);
      return k8sEvent({
        at,
        by: callers.kubelet(node),
        verb: 'update',
        ref: ref('leases', 'kube-node-lease', node.name),
        query: 'timeout=10s',
      });
    },
    (at: number) => podStatus(at, podOf('shop', 'web', random.pick(NODES)), true),
    (at: number) => boundToken(at, podOf('shop', 'checkout', random.pick(NODES))),
    (at: number) => k8sEvent({ at, by: callers.externalSecrets, verb: 'get', ref: ref('secrets', 'shop', 'web-db') }),
    (at: number) => k8sEvent({ at, by: ana, verb: 'list', ref: ref('pods', 'shop-dev'), query: 'limit=500' }),
    (at: number) => k8sEvent({ at, by: callers.prometheus, verb: 'get', path: '/metrics' }),
    (at: number) =>
      k8sEvent({
        at,
        by: callers.argocd,
        verb: 'patch',
        ref: ref('argoproj.io/v1alpha1/applications', 'argocd', 'platform'),
      }),
    (at: number) =>
      k8sEvent({
        at,
        by: callers.controller('endpointslice-controller'),
        verb: 'update',
        ref: ref('endpointslices', 'shop', 'web-k2x9v'),
      }),
  ] as const;
  return Array.from({ length: count }, () => from + random.int(0, minutes * MINUTE)).flatMap((at) =>
    random.pick(acts)(at),
  );
}

/** Ordinary AWS calls of the minutes around an attack. */
export function trailBackground(name: string, from: number, minutes: number, count: number): TrailEvent[] {
  const random = createRandom(`story/${name}/trail`);
  return Array.from({ length: count }, () => from + random.int(0, minutes * MINUTE)).map((at) => {
    const by = nodeRole(
      random.pick(NODES),
      random.pick(['amazon-vpc-cni-k8s', 'kubelet/v1.33.4-eks-3abbec1 ecr-credential-provider']),
    );
    return random.chance(0.5)
      ? trailEvent({
          at,
          by,
          action: 'ec2:DescribeNetworkInterfaces',
          request: { networkInterfaceIdSet: {}, filterSet: {} },
        })
      : trailEvent({ at, by, action: 'ecr:GetAuthorizationToken', request: { registryIds: ['111122223333'] } });
  });
}
