import * as callers from '../callers.ts';
import { NODES } from '../cluster.ts';
import { everyDay } from '../every-day.ts';
import { type Caller, type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { at, HOUR, MINUTE } from '../time.ts';
import { aggregatedRoles } from './aggregated-roles.ts';
import { watchFrom } from './informers.ts';
import { kubeletServingCsr } from './kubelet-certificates.ts';

const renew = (by: Caller, namespace: string, name: string) => (when: number) =>
  k8sEvent({ at: when, by, verb: 'update', ref: ref('leases', namespace, name) });

/** Leader election and heartbeats; a real cluster renews each lease every few seconds. */
const LEASES: [name: string, by: Caller, namespace: string, minutes: number][] = [
  ['kube-scheduler', callers.schedulerLease, 'kube-system', 4],
  ['kube-controller-manager', callers.controllerManager, 'kube-system', 4],
  ['cp-vpc-resource-controller', callers.nodeManager, 'kube-system', 30],
  ['cloud-controller-manager', callers.cloudControllerManager, 'kube-system', 12],
  ['eks-certificates-controller', callers.certificateController, 'kube-system', 15],
  ['apiserver-7kfh2qwxmzvr4pjcbn9dlgts6y', callers.apiserver, 'kube-system', 15],
  ['aws-load-balancer-controller-leader', callers.albController, 'kube-system', 12],
  ['karpenter-leader-election', callers.karpenter, 'kube-system', 12],
  ['ebs-csi-aws-com', callers.ebsController, 'kube-system', 15],
  ['cert-manager-controller', callers.certManager, 'kube-system', 15],
  ['cert-manager-cainjector-leader-election', callers.caInjector, 'kube-system', 20],
  ['kustomize-controller-leader-election', callers.fluxKustomize, 'flux-system', 20],
  ['external-secrets-controller', callers.externalSecrets, 'external-secrets', 20],
];

const webhookReview = (when: number, username: string) => {
  const body = { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', metadata: { creationTimestamp: null } };
  return k8sEvent({
    at: when,
    by: callers.metricsServer,
    verb: 'create',
    ref: ref('tokenreviews'),
    request: { ...body, spec: { token: username } },
  });
};

/** metrics-server asks whether its own caller may; the answer is a body with the authorizer's reason. */
function subjectAccessReview(when: number): K8sEvent[] {
  const spec = {
    nonResourceAttributes: { path: '/metrics', verb: 'get' },
    user: 'system:serviceaccount:monitoring:prometheus-server',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:monitoring', 'system:authenticated'],
  };
  const body = {
    kind: 'SubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec,
  };
  const status = { allowed: true, reason: callers.prometheus.reason };
  return k8sEvent({
    at: when,
    by: callers.metricsServer,
    verb: 'create',
    ref: ref('subjectaccessreviews'),
    request: { ...body, status: { allowed: false } },
    response: { ...body, status },
  });
}

const WATCHED = [
  'configmaps',
  'pods',
  'nodes',
  'services',
  'endpointslices',
  'namespaces',
  'replicasets',
  'persistentvolumeclaims',
];

const internalWatch = (when: number, by: Caller, type: string) =>
  k8sEvent({
    at: when,
    by,
    verb: 'watch',
    ref: ref(type),
    query: watchFrom(when, 432),
    lasts: 432_000,
  });

export function controlPlane(): K8sEvent[] {
  const garbage = callers.garbageCollector;
  const namespaceController = callers.controller('namespace-controller');
  const quota = callers.controller('resourcequota-controller');
  return [
    ...LEASES.flatMap(([name, by, namespace, minutes]) =>
      everyDay(`lease/${name}`, minutes * MINUTE, renew(by, namespace, name)),
    ),
    ...WATCHED.flatMap((type) =>
      everyDay(`watch/${type}`, 3 * HOUR, (when) =>
        internalWatch(when, type === 'pods' ? callers.scheduler : callers.controllerManager, type),
      ),
    ),
    ...everyDay('gc-secrets', 12 * HOUR, (when) => internalWatch(when, garbage, 'secrets')),
    ...everyDay('quota-secrets', 12 * HOUR, (when) => internalWatch(when, quota, 'secrets')),
    ...everyDay('gc-discovery', 30 * MINUTE, (when) =>
      k8sEvent({
        at: when,
        by: garbage,
        verb: 'get',
        path: '/apis',
        reason:
          'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to Group "system:authenticated"',
      }),
    ),
    ...everyDay('namespaces', 6 * HOUR, (when) =>
      k8sEvent({
        at: when,
        by: namespaceController,
        verb: 'list',
        ref: ref('namespaces'),
        query: 'limit=500&resourceVersion=0',
      }),
    ),
    ...everyDay('authenticator', HOUR, (when) =>
      k8sEvent({
        at: when,
        by: callers.authenticator,
        verb: 'watch',
        ref: ref('configmaps', 'kube-system', 'aws-auth'),
        query: 'fieldSelector=metadata.name%3Daws-auth&watch=true',
        lasts: 540_000,
      }),
    ),
    ...everyDay('apiserver-services', 20 * MINUTE, (when) =>
      k8sEvent({ at: when, by: callers.apiserver, verb: 'get', ref: ref('services', 'default', 'kubernetes') }),
    ),
    ...everyDay('apiserver-slices', 20 * MINUTE, (when) =>
      k8sEvent({ at: when, by: callers.apiserver, verb: 'get', ref: ref('endpointslices', 'default', 'kubernetes') }),
    ),
    ...everyDay('bootstrap-roles', 12 * HOUR, (when) =>
      k8sEvent({
        at: when,
        by: callers.apiserver,
        verb: 'get',
        ref: ref('clusterrolebindings', undefined, 'cluster-admin'),
      }),
    ),
    ...everyDay('reviews', 6 * MINUTE, (when) => [
      ...webhookReview(when, 'prometheus'),
      ...subjectAccessReview(when + 8),
    ]),
    ...everyDay('conflict', 20 * MINUTE, (when, random) =>
      k8sEvent({
        at: when,
        by: callers.controller('endpointslice-controller'),
        verb: 'update',
        ref: ref('endpointslices', 'shop', `web-${random.pick(['k2x9v', 'p7wq4'])}`),
        code: random.chance(0.3) ? 409 : 200,
      }),
    ),
    ...everyDay('events-api', 10 * MINUTE, (when, random) =>
      k8sEvent({
        at: when,
        by: random.pick([callers.scheduler, callers.karpenter]),
        verb: 'create',
        ref: ref('events.k8s.io/v1/events', random.pick(['shop', 'shop-dev', 'monitoring'])),
      }),
    ),
    ...aggregatedRoles(at('03:12:44')),
    ...NODES.flatMap((node, i) => kubeletServingCsr(at(`0${i + 1}:2${i}:17`), node)),
  ];
}
