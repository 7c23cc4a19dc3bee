import * as callers from '../callers.ts';
import { EKS_VERSION, NEW_NODES, NODES, type Node, type Pod, podOf, REGION } from '../cluster.ts';
import { DAEMONSETS } from '../daemonsets.ts';
import { everyDay } from '../every-day.ts';
import { type Json, type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { sent, stored } from '../objects.ts';
import { boundToken, controlledPod, podStatus } from '../pod-life.ts';
import { suffixOf } from '../random.ts';
import { at, HOUR, MINUTE, SECOND, seconds } from '../time.ts';
import { ownerOf } from '../workloads.ts';
import { watchFrom } from './informers.ts';
import { kubeletServingCsr } from './kubelet-certificates.ts';

const CONDITIONS = {
  MemoryPressure: 'KubeletHasSufficientMemory',
  DiskPressure: 'KubeletHasNoDiskPressure',
  PIDPressure: 'KubeletHasSufficientPID',
  Ready: 'KubeletReady',
};

const conditions = (when: number): Json[] =>
  Object.entries(CONDITIONS).map(([type, reason]) => ({
    type,
    ...(type === 'Ready' && { status: 'True' }),
    lastHeartbeatTime: seconds(when),
    reason,
  }));

const nodeStatus = (when: number, node: Node) =>
  k8sEvent({
    at: when,
    by: callers.kubelet(node),
    verb: 'patch',
    ref: ref('nodes', undefined, node.name, 'status'),
    query: 'timeout=10s',
    request: {
      status: {
        '$setElementOrder/conditions': Object.keys(CONDITIONS).map((type) => ({ type })),
        conditions: conditions(when),
      },
    },
  });

/** Pods that live on a node all day; what they hold is what their kubelet may read. */
function residents(node: Node): Pod[] {
  const daemons = Object.entries(DAEMONSETS).map(([app, { namespace, spec }]) =>
    podOf(namespace, app, node, spec.serviceAccountName, suffixOf(`${app}/${node.name}`, 5)),
  );
  return [...daemons, podOf('shop', 'web', node), podOf('shop', 'checkout', node), podOf('shop-dev', 'web', node)];
}

const HELD = [
  ['secrets', 'shop', 'web-env'],
  ['secrets', 'shop', 'checkout-env'],
  ['secrets', 'shop', 'regcred'],
  ['secrets', 'datadog', 'datadog-api-key'],
  ['configmaps', 'logging', 'fluent-bit'],
  ['configmaps', 'kube-system', 'kube-proxy-config'],
  ['configmaps', 'kube-system', 'kube-root-ca.crt'],
] as const;

function nodeDay(node: Node, from = 0, to = Number.POSITIVE_INFINITY): K8sEvent[] {
  const by = callers.kubelet(node);
  const pods = residents(node) as [Pod, ...Pod[]];
  const all = [
    ...everyDay(`lease/${node.name}`, 12 * MINUTE, (when) =>
      k8sEvent({
        at: when,
        by,
        verb: 'update',
        ref: ref('leases', 'kube-node-lease', node.name),
        query: 'timeout=10s',
      }),
    ),
    ...everyDay(`status/${node.name}`, 20 * MINUTE, (when) => nodeStatus(when, node)),
    ...everyDay(`tokens/${node.name}`, 50 * MINUTE, (when, random) => {
      const pod = random.pick(pods);
      const irsa = pod.app === 'ebs-csi-node' || random.chance(0.15);
      return boundToken(when, pod, irsa ? 'sts.amazonaws.com' : undefined);
    }),
    ...everyDay(`holds/${node.name}`, 25 * MINUTE, (when, random) => {
      const [type, namespace, name] = random.pick(HELD);
      const watch = {
        verb: 'watch',
        query: watchFrom(when, 522, name),
        lasts: 522_000,
      };
      return k8sEvent({
        at: when,
        by,
        ref: ref(type, namespace, name),
        ...(random.chance(0.4) ? { verb: 'get' } : watch),
      });
    }),
    ...everyDay(`pods/${node.name}`, 55 * MINUTE, (when, random) => podStatus(when, random.pick(pods), true)),
    ...everyDay(`runtime/${node.name}`, 2 * HOUR, (when, random) =>
      k8sEvent({
        at: when,
        by,
        verb: 'watch',
        ref: ref(random.pick(['services', 'csidrivers', 'runtimeclasses'])),
        query: watchFrom(when, 480),
        lasts: 480_000,
      }),
    ),
    // A pod that was deleted between two looks: the authorizer or the store says no. Ordinary, a few times a day.
    ...everyDay(`gone/${node.name}`, 7 * HOUR, (when) =>
      k8sEvent({
        at: when,
        by,
        verb: 'get',
        ref: ref('pods', 'shop', `web-6f7d9c8b5-${suffixOf(String(when), 5)}`),
        code: 404,
      }),
    ),
    ...everyDay(`cni/${node.name}`, HOUR, (when) =>
      k8sEvent({
        at: when,
        by: callers.vpcCni(node),
        verb: 'get',
        ref: ref('crd.k8s.amazonaws.com/v1alpha1/eniconfigs'),
        path: '/default',
        code: 404,
      }),
    ),
  ];
  return all.filter(({ stageTimestamp }) => Date.parse(stageTimestamp) > from && Date.parse(stageTimestamp) < to);
}

/** What a kubelet sends to register its node. */
function nodeJoin(when: number, node: Node): K8sEvent[] {
  const by = callers.kubelet(node);
  const labels = {
    'beta.kubernetes.io/arch': 'amd64',
    'eks.amazonaws.com/nodegroup': 'general',
    'karpenter.sh/nodepool': 'default',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': node.name,
    'kubernetes.io/os': 'linux',
    'node.kubernetes.io/instance-type': 'm7i.large',
    'topology.kubernetes.io/region': REGION,
    'topology.kubernetes.io/zone': node.zone,
  };
  const capacity = { cpu: '2', 'ephemeral-storage': '83873772Ki', memory: '7945324Ki', pods: '29' };
  const info = {
    architecture: 'amd64',
    bootID: node.uid,
    containerRuntimeVersion: 'containerd://2.0.5',
    kernelVersion: '6.12.40-64.114.amzn2023.x86_64',
    kubeletVersion: EKS_VERSION,
    operatingSystem: 'linux',
    osImage: 'Amazon Linux 2023.8.20250908',
  };
  const body = {
    spec: {
      providerID: `aws:///${node.zone}/${node.instance}`,
      taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }],
    },
    status: { capacity, allocatable: capacity, addresses: [{ type: 'InternalIP', address: node.ip }], nodeInfo: info },
  };
  const meta = { kind: 'Node', apiVersion: 'v1', name: node.name, at: when, manager: 'kubelet', labels };
  return [
    ...k8sEvent({
      at: when,
      by,
      verb: 'create',
      ref: ref('nodes', undefined, node.name),
      request: sent(meta, body),
      response: stored(meta, body),
    }),
    ...k8sEvent({ at: when + 2 * SECOND, by, verb: 'create', ref: ref('leases', 'kube-node-lease', node.name) }),
    ...k8sEvent({
      at: when + 2100,
      by,
      verb: 'create',
      ref: ref('csinodes', undefined, node.name),
      request: {
        kind: 'CSINode',
        apiVersion: 'storage.k8s.io/v1',
        metadata: { name: node.name },
        spec: { drivers: [] },
      },
      response: stored({ ...meta, kind: 'CSINode', apiVersion: 'storage.k8s.io/v1' }, { spec: { drivers: [] } }),
    }),
    ...kubeletServingCsr(when + 3 * SECOND, node),
    // The controllers clear the taint and set labels: an update by identities that are not the node.
    ...k8sEvent({
      at: when + 4 * SECOND,
      by: callers.karpenter,
      verb: 'patch',
      ref: ref('nodes', undefined, node.name),
      request: { metadata: { labels: { 'karpenter.sh/registered': 'true' } }, spec: { taints: null } },
      response: stored({ ...meta, at: when + 4 * SECOND }, body),
    }),
    ...k8sEvent({
      at: when + 20 * SECOND,
      by: callers.controller('node-controller'),
      verb: 'patch',
      ref: ref('nodes', undefined, node.name),
      request: { spec: { taints: null } },
      response: stored({ ...meta, at: when + 20 * SECOND }, body),
    }),
    ...Object.entries(DAEMONSETS).flatMap(([app, { namespace, spec }], i) => {
      const pod = podOf(namespace, app, node, spec.serviceAccountName, suffixOf(`${app}/${node.name}`, 5));
      return controlledPod(
        when + 1500 + i * 130,
        { namespace, app, spec: pinned(spec, node) },
        pod,
        ownerOf('DaemonSet', namespace, app),
      );
    }),
  ];
}

/** The DaemonSet controller ties each pod to its node by affinity. */
function pinned<T extends Json>(spec: T, node: Node): T {
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node.name] }] };
  return {
    ...spec,
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
  };
}

/** A pod is gone before its kubelet has noticed: the node authorizer knows of no pod that needs the object. */
function raced(when: number, node: Node, type: string, name: string): K8sEvent[] {
  const user = callers.kubelet(node).user.username;
  const message = `${type} "${name}" is forbidden: User "${user}" cannot watch resource "${type}" in API group "" in the namespace "shop": no relationship found between node '${node.name}' and this object`;
  return k8sEvent({
    at: when,
    by: callers.kubelet(node),
    verb: 'watch',
    ref: ref(type, 'shop', name),
    query: watchFrom(when, 522, name),
    code: 403,
    message,
    lasts: 5,
  });
}

export function nodes(): K8sEvent[] {
  const [first, second = first] = NEW_NODES;
  return [
    ...NODES.flatMap((node) => nodeDay(node)),
    ...nodeJoin(at('08:46:12'), first),
    ...nodeDay(first, at('08:47'), at('22:10')),
    ...nodeJoin(at('18:20:33'), second),
    ...nodeDay(second, at('18:21')),
    ...raced(at('09:33:25'), NODES[0], 'configmaps', 'kube-root-ca.crt'),
    ...raced(at('16:42:40'), first, 'secrets', 'web-env'),
  ];
}
