import * as callers from '../callers.ts';
import { NEW_NODES, NODES, podOf } from '../cluster.ts';
import { type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { stored } from '../objects.ts';
import { CLUSTER_BORN, SECOND } from '../time.ts';

/** A managed node is drained before it is replaced. */
export function drained(when: number): K8sEvent[] {
  const by = callers.nodeManager;
  const node = NODES[4] ?? NODES[0];
  const pods = [
    podOf('shop', 'web', node),
    podOf('kube-system', 'coredns', node),
    podOf('monitoring', 'grafana', node),
  ];
  const meta = {
    kind: 'Node',
    apiVersion: 'v1',
    name: node.name,
    at: when,
    created: CLUSTER_BORN,
    manager: 'eks-node-manager',
  };
  return [
    ...k8sEvent({
      at: when,
      by,
      verb: 'patch',
      ref: ref('nodes', undefined, node.name),
      request: { spec: { unschedulable: true } },
      response: stored(meta, { spec: { unschedulable: true, providerID: `aws:///${node.zone}/${node.instance}` } }),
    }),
    ...k8sEvent({
      at: when + 400,
      by,
      verb: 'list',
      ref: ref('pods'),
      query: `fieldSelector=spec.nodeName%3D${node.name}`,
    }),
    ...pods.flatMap((pod, i) =>
      k8sEvent({
        at: when + 900 + i * 300,
        by,
        verb: 'create',
        ref: ref('pods', pod.namespace, pod.name, 'eviction'),
        request: {
          kind: 'Eviction',
          apiVersion: 'policy/v1',
          metadata: { name: pod.name, namespace: pod.namespace, creationTimestamp: null },
        },
        response: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
      }),
    ),
  ];
}

/** Karpenter takes a node away that is no longer needed. */
export function consolidated(when: number): K8sEvent[] {
  const node = NEW_NODES[0];
  const meta = { kind: 'Node', apiVersion: 'v1', name: node.name, at: when, manager: 'karpenter' };
  const taints = [{ key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }];
  const options = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: node.uid } };
  const object = stored(meta, { spec: { taints, providerID: `aws:///${node.zone}/${node.instance}` } });
  const claim = ref('karpenter.sh/v1/nodeclaims', undefined, 'default-x7v2k');
  return [
    ...k8sEvent({
      at: when,
      by: callers.karpenter,
      verb: 'patch',
      ref: ref('nodes', undefined, node.name),
      request: { spec: { taints } },
      response: object,
    }),
    ...k8sEvent({ at: when + 2 * SECOND, by: callers.karpenter, verb: 'delete', ref: claim }),
    ...k8sEvent({
      at: when + 40 * SECOND,
      by: callers.karpenter,
      verb: 'delete',
      ref: ref('nodes', undefined, node.name),
      request: options,
      response: object,
    }),
  ];
}
