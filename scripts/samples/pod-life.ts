import { controller, kubelet, scheduler } from './callers.ts';
import type { Pod } from './cluster.ts';
import { type Caller, type Json, type K8sEvent, k8sEvent, ref } from './k8s-event.ts';
import { sent, stored } from './objects.ts';
import type { PodSpec } from './pod-specs.ts';
import { hexOf, suffixOf, uuidOf } from './random.ts';
import { CLUSTER_BORN, SECOND, seconds } from './time.ts';
import { labelsOf, type Owner, type Template } from './workloads.ts';

const notReady = ['not-ready', 'unreachable'].map((key) => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

/** What admission adds to a pod: the token volume, tolerations, priority. */
function admitted(spec: PodSpec, key: string): PodSpec {
  const volume = `kube-api-access-${suffixOf(key, 5)}`;
  const token = { name: volume, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
  const mounted = (item: Json) => ({
    ...item,
    volumeMounts: [...((item.volumeMounts as Json[] | undefined) ?? []), token],
  });
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] },
    },
  ];
  const tokens =
    spec.automountServiceAccountToken === false
      ? {}
      : {
          volumes: [...(spec.volumes ?? []), { name: volume, projected: { sources, defaultMode: 420 } }],
          containers: spec.containers.map(mounted),
          ...(spec.initContainers ? { initContainers: (spec.initContainers as Json[]).map(mounted) } : {}),
        };
  return {
    serviceAccountName: 'default',
    serviceAccount: 'default',
    ...spec,
    ...tokens,
    tolerations: [...((spec.tolerations as Json[] | undefined) ?? []), ...notReady],
    priority: spec.priorityClassName === 'system-node-critical' ? 2000001000 : 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
  };
}

type Creation = {
  at: number;
  by: Caller;
  manager: string;
  template: Template;
  pod: Pod;
  owner?: Owner;
  query?: string;
  code?: number;
  message?: string;
};

/** The creation of one pod. A controller sends `generateName`, so its event does not know the name. */
function podCreated({ at, by, manager, template, pod, owner, query, code, message }: Creation): K8sEvent[] {
  const { namespace, name } = pod;
  const spec = { ...template.spec, enableServiceLinks: true };
  const prefix = owner && { generateName: `${owner.name}-` };
  const labels = {
    ...labelsOf(template),
    ...(owner?.kind === 'ReplicaSet' && { 'pod-template-hash': owner.name.split('-').at(-1) }),
  };
  const meta = {
    kind: 'Pod',
    apiVersion: 'v1',
    name,
    namespace,
    at,
    manager,
    labels,
    ...prefix,
    ...(owner && { owner }),
    ...(template.annotations && { annotations: template.annotations }),
  };
  const response = stored(meta, { spec: admitted(spec, pod.uid), status: { phase: 'Pending', qosClass: 'Burstable' } });
  (response.metadata as Json).uid = pod.uid;
  return k8sEvent({
    at,
    by,
    verb: 'create',
    ref: ref('pods', namespace, owner ? undefined : name),
    ...(query && { query }),
    ...(code && { code }),
    ...(message && { message }),
    request: sent(meta, { spec, status: {} }),
    response,
    annotations: {
      'mutation.webhook.admission.k8s.io/round_0_index_0':
        '{"configuration":"pod-identity-webhook","webhook":"pod-identity-webhook.amazonaws.com","mutated":false}',
      'pod-security.kubernetes.io/enforce-policy': 'privileged:latest',
    },
  });
}

/** The kubelet asks for a token bound to one of its pods. */
export function boundToken(at: number, pod: Pod, audience?: string): K8sEvent[] {
  const key = `token/${at}/${pod.name}/${audience}`;
  return k8sEvent({
    at,
    by: kubelet(pod.node),
    verb: 'create',
    ref: ref('serviceaccounts', pod.namespace, pod.serviceAccount, 'token'),
    request: {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { creationTimestamp: null },
      spec: {
        audiences: [audience ?? 'https://kubernetes.default.svc'],
        expirationSeconds: audience ? 86400 : 3607,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: pod.name, uid: pod.uid },
      },
      status: { token: '', expirationTimestamp: null },
    },
    annotations: { 'authentication.kubernetes.io/issued-credential-id': `JTI=${uuidOf(key)}` },
  });
}

const condition = (type: string, at: number): Json => ({
  type,
  status: 'True',
  lastProbeTime: null,
  lastTransitionTime: seconds(at),
  observedGeneration: 1,
});

/** The kubelet tells how a pod of its node is: a strategic merge patch that holds the uid and the status. */
export function podStatus(at: number, pod: Pod, ready: boolean): K8sEvent[] {
  const conditions = (ready ? ['Ready', 'ContainersReady'] : ['PodReadyToStartContainers', 'Initialized']).map((type) =>
    condition(type, at),
  );
  const running = ready ? { phase: 'Running', podIP: pod.ip, podIPs: [{ ip: pod.ip }] } : {};
  const request = {
    metadata: { uid: pod.uid },
    status: {
      '$setElementOrder/conditions': [
        'PodReadyToStartContainers',
        'Initialized',
        'Ready',
        'ContainersReady',
        'PodScheduled',
      ].map((type) => ({ type })),
      conditions,
      containerStatuses: [
        {
          containerID: ready ? `containerd://${hexOf(`${pod.uid}/${at}`, 64)}` : '',
          image: '',
          imageID: '',
          lastState: {},
          name: pod.app,
          ready,
          restartCount: 0,
          started: ready,
        },
      ],
      ...running,
    },
  };
  return k8sEvent({
    at,
    by: kubelet(pod.node),
    verb: 'patch',
    ref: ref('pods', pod.namespace, pod.name, 'status'),
    request,
  });
}

const refs = (spec: PodSpec) =>
  (spec.containers ?? []).flatMap((item) => [
    ...((item.envFrom as Json[]) ?? []).map((from) => (from.secretRef as Json)?.name as string),
  ]);

/** A pod from its creation until it is ready: scheduler, kubelet, token, its own secrets. */
export function podStarts(creation: Creation): K8sEvent[] {
  const { at, pod, template } = creation;
  const node = kubelet(pod.node);
  const binding = {
    kind: 'Binding',
    apiVersion: 'v1',
    metadata: { name: pod.name, namespace: pod.namespace, uid: pod.uid, creationTimestamp: null },
    target: { kind: 'Node', name: pod.node.name },
  };
  return [
    ...podCreated(creation),
    ...k8sEvent({
      at: at + 60,
      by: scheduler,
      verb: 'create',
      ref: ref('pods', pod.namespace, pod.name, 'binding'),
      request: binding,
      response: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
    }),
    ...k8sEvent({ at: at + 110, by: node, verb: 'get', ref: ref('pods', pod.namespace, pod.name) }),
    ...boundToken(at + 170, pod),
    ...k8sEvent({
      at: at + 180,
      by: node,
      verb: 'list',
      ref: ref('configmaps', pod.namespace, 'kube-root-ca.crt'),
      query: 'fieldSelector=metadata.name%3Dkube-root-ca.crt&limit=500&resourceVersion=0',
    }),
    ...refs(template.spec).flatMap((name, i) =>
      k8sEvent({
        at: at + 190 + i,
        by: node,
        verb: 'list',
        ref: ref('secrets', pod.namespace, name),
        query: `fieldSelector=metadata.name%3D${name}&limit=500&resourceVersion=0`,
      }),
    ),
    ...podStatus(at + 260, pod, false),
    ...podStatus(at + 9 * SECOND, pod, true),
  ];
}

/** The pod that a ReplicaSet or DaemonSet controller makes. */
export function controlledPod(at: number, template: Template, pod: Pod, owner: Owner): K8sEvent[] {
  const name =
    owner.kind === 'DaemonSet'
      ? 'daemon-set-controller'
      : owner.kind === 'Job'
        ? 'job-controller'
        : 'replicaset-controller';
  return podStarts({ at, by: controller(name), manager: 'kube-controller-manager', template, pod, owner });
}

/** A graceful deletion of a pod by a controller, and the kubelet's confirmation. */
export function podDeleted(at: number, by: Caller, pod: Pod, template: Template): K8sEvent[] {
  const { namespace, name } = pod;
  const meta = {
    kind: 'Pod',
    apiVersion: 'v1',
    name,
    namespace,
    at,
    created: CLUSTER_BORN,
    manager: 'kubelet',
    labels: labelsOf(template),
  };
  const response = stored(meta, {
    spec: { ...admitted(template.spec, pod.uid), nodeName: pod.node.name },
    status: { phase: 'Running', podIP: pod.ip },
  });
  (response.metadata as Json).uid = pod.uid;
  const options = (grace: number) => ({
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(grace === 0 && { gracePeriodSeconds: 0 }),
    preconditions: { uid: pod.uid },
  });
  return [
    ...k8sEvent({ at, by, verb: 'delete', ref: ref('pods', namespace, name), request: options(30), response }),
    ...k8sEvent({
      at: at + 4 * SECOND,
      by: kubelet(pod.node),
      verb: 'delete',
      ref: ref('pods', namespace, name),
      request: options(0),
      response,
    }),
  ];
}
