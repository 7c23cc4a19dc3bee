import * as callers from '../callers.ts';
import { DAEMONSETS } from '../daemonsets.ts';
import { everyDay } from '../every-day.ts';
import { type Json, type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { stored } from '../objects.ts';
import { at, CLUSTER_BORN, HOUR, MINUTE, SECOND } from '../time.ts';
import { daemonSet, deployment } from '../workloads.ts';
import { informers, watchFrom } from './informers.ts';
import { rollout, shopTemplate } from './rollout.ts';

const by = callers.argocd;
const APPLY = 'fieldManager=argocd-controller&force=true';

/** A server-side apply sends the manifest as it stands in git; the server answers with the merged object. */
function apply(
  when: number,
  type: string,
  namespace: string | undefined,
  name: string,
  request: Json,
  response: Json,
): K8sEvent[] {
  return k8sEvent({ at: when, by, verb: 'patch', ref: ref(type, namespace, name), query: APPLY, request, response });
}

/** What Argo CD follows: every kind of every group that it may manage, cluster-wide. */
const FOLLOWED = [
  'secrets',
  'configmaps',
  'pods',
  'services',
  'serviceaccounts',
  'deployments',
  'daemonsets',
  'statefulsets',
  'replicasets',
  'jobs',
  'cronjobs',
  'ingresses',
  'networkpolicies',
  'roles',
  'rolebindings',
  'clusterroles',
  'clusterrolebindings',
  'namespaces',
  'horizontalpodautoscalers',
  'poddisruptionbudgets',
  'customresourcedefinitions',
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'apiservices',
  'argoproj.io/v1alpha1/applications',
];

function restart(when: number): K8sEvent[] {
  return [
    ...k8sEvent({ at: when, by, verb: 'get', path: '/version' }),
    ...['/api', '/apis', '/openapi/v3'].flatMap((path, i) =>
      k8sEvent({ at: when + 50 + i * 20, by, verb: 'get', path }),
    ),
    ...informers(when + 2 * SECOND, by, FOLLOWED),
  ];
}

/** Manifests of the monitoring application: a Service, a ConfigMap, a ServiceAccount and the node-exporter DaemonSet. */
function syncMonitoring(when: number): K8sEvent[] {
  const namespace = 'monitoring';
  const template = { namespace, app: 'node-exporter', spec: DAEMONSETS['node-exporter']?.spec ?? { containers: [] } };
  const tracking = { 'argocd.argoproj.io/tracking-id': 'monitoring:apps/DaemonSet:monitoring/node-exporter' };
  const applied = daemonSet(template, {
    at: when,
    manager: 'argocd-controller',
    operation: 'Apply',
    generation: 7,
    annotations: tracking,
  });
  const meta = {
    kind: 'Service',
    apiVersion: 'v1',
    name: 'node-exporter',
    namespace,
    at: when,
    created: CLUSTER_BORN,
    manager: 'argocd-controller',
    operation: 'Apply' as const,
  };
  const spec = {
    type: 'ClusterIP',
    clusterIP: 'None',
    ports: [{ name: 'metrics', port: 9100, protocol: 'TCP', targetPort: 'metrics' }],
    selector: { 'app.kubernetes.io/name': 'node-exporter' },
  };
  const service = stored(meta, { spec, status: { loadBalancer: {} } });
  const account = stored({ ...meta, kind: 'ServiceAccount' }, {});
  return [
    ...apply(
      when,
      'services',
      namespace,
      'node-exporter',
      { kind: 'Service', apiVersion: 'v1', metadata: { name: 'node-exporter', namespace }, spec },
      service,
    ),
    ...apply(
      when + 90,
      'serviceaccounts',
      namespace,
      'node-exporter',
      { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: 'node-exporter', namespace } },
      account,
    ),
    ...apply(when + 160, 'configmaps', namespace, 'prometheus-rules', {}, {}),
    ...apply(when + 240, 'daemonsets', namespace, 'node-exporter', applied.request, applied.response),
    ...ownRole(when + 330),
  ];
}

/** The chart of kube-state-metrics brings its ClusterRole and binding; a sync restates both unchanged. */
function ownRole(when: number): K8sEvent[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const base = {
    apiVersion,
    name: 'kube-state-metrics',
    at: when,
    created: CLUSTER_BORN,
    manager: 'argocd-controller',
    operation: 'Apply' as const,
  };
  const reads = (apiGroups: string[], resources: string[]) => ({ verbs: ['list', 'watch'], apiGroups, resources });
  const rules = [
    reads([''], ['configmaps', 'secrets', 'nodes', 'pods', 'services', 'namespaces', 'endpoints']),
    reads(['apps'], ['statefulsets', 'daemonsets', 'deployments', 'replicasets']),
    reads(['batch'], ['cronjobs', 'jobs']),
  ];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'kube-state-metrics' };
  const subjects = [{ kind: 'ServiceAccount', name: 'kube-state-metrics', namespace: 'monitoring' }];
  const manifest = (kind: string, body: Json) => ({
    kind,
    apiVersion,
    metadata: { name: 'kube-state-metrics' },
    ...body,
  });
  return [
    ...apply(
      when,
      'clusterroles',
      undefined,
      'kube-state-metrics',
      manifest('ClusterRole', { rules }),
      stored({ ...base, kind: 'ClusterRole' }, { rules }),
    ),
    ...apply(
      when + 70,
      'clusterrolebindings',
      undefined,
      'kube-state-metrics',
      manifest('ClusterRoleBinding', { roleRef, subjects }),
      stored({ ...base, kind: 'ClusterRoleBinding' }, { roleRef, subjects }),
    ),
  ];
}

function syncShop(when: number): K8sEvent[] {
  const template = {
    ...shopTemplate('shop-dev', 'web', '2.42.0-rc.1'),
    annotations: { 'kubectl.kubernetes.io/restartedAt': '2025-09-16T11:20:00Z' },
  };
  const { request, response } = deployment(template, 2, {
    at: when,
    manager: 'argocd-controller',
    operation: 'Apply',
    generation: 118,
  });
  return [
    ...apply(when, 'deployments', 'shop-dev', 'web', request, response),
    ...rollout(when + 120, 'shop-dev', 'web', '2.42.0-rc.1', 2),
  ];
}

export const gitops = (): K8sEvent[] => [
  ...restart(at('06:10:02')),
  ...syncMonitoring(at('10:15:27')),
  ...syncShop(at('11:20:05')),
  ...everyDay('argocd-status', 10 * MINUTE, (when, random) =>
    k8sEvent({
      at: when,
      by,
      verb: 'patch',
      ref: ref('argoproj.io/v1alpha1/applications', 'argocd', random.pick(['shop-dev', 'monitoring', 'platform'])),
    }),
  ),
  ...everyDay('argocd-watch', HOUR, (when, random) =>
    k8sEvent({
      at: when,
      by,
      verb: 'watch',
      ref: ref(random.pick(FOLLOWED as [string, ...string[]])),
      query: watchFrom(when, 600),
      lasts: 600_000,
    }),
  ),
  // A refresh compares live objects with git: reads by name, one after the other.
  ...everyDay('argocd-refresh', 3 * HOUR, (when) =>
    ['clusterroles', 'clusterrolebindings', 'deployments', 'services'].flatMap((type, i) =>
      k8sEvent({
        at: when + i * 45,
        by,
        verb: 'get',
        ref: ref(type, type.startsWith('cluster') ? undefined : 'monitoring', 'kube-state-metrics'),
      }),
    ),
  ),
];
