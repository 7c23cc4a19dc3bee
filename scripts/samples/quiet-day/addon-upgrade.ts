import * as callers from '../callers.ts';
import { ADDON_REGISTRY, NODES, podOf } from '../cluster.ts';
import { DAEMONSETS } from '../daemonsets.ts';
import { type Json, type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { sent, stored } from '../objects.ts';
import { controlledPod, podDeleted } from '../pod-life.ts';
import { container, podSpec } from '../pod-specs.ts';
import { suffixOf } from '../random.ts';
import { CLUSTER_BORN, SECOND } from '../time.ts';
import { daemonSet, deployment, ownerOf, type Template } from '../workloads.ts';

const APPLY = 'fieldManager=eks&force=true';
export const SYSTEM = 'kube-system';

const corednsTemplate: Template = {
  namespace: SYSTEM,
  app: 'coredns',
  spec: podSpec({
    priorityClassName: 'system-cluster-critical',
    serviceAccountName: 'coredns',
    dnsPolicy: 'Default',
    volumes: [
      {
        name: 'config-volume',
        configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }], defaultMode: 420 },
      },
    ],
    containers: [
      container('coredns', `${ADDON_REGISTRY}/eks/coredns:v1.12.3-eksbuild.1`, {
        args: ['-conf', '/etc/coredns/Corefile'],
        ports: [
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
          { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
        ],
        volumeMounts: [{ name: 'config-volume', readOnly: true, mountPath: '/etc/coredns' }],
        securityContext: {
          capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
        },
      }),
    ],
  }),
};

const rbac = (
  when: number,
  kind: 'Role' | 'RoleBinding' | 'ClusterRole' | 'ClusterRoleBinding',
  name: string,
  body: Json,
  code = 200,
): K8sEvent[] => {
  const namespace = kind.startsWith('Cluster') ? undefined : SYSTEM;
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const meta = {
    kind,
    apiVersion,
    name,
    ...(namespace && { namespace }),
    at: when,
    created: code === 201 ? when : CLUSTER_BORN,
    manager: 'eks',
    operation: 'Apply' as const,
    labels: { 'k8s-app': 'metrics-server' },
  };
  return k8sEvent({
    at: when,
    by: callers.addonManager,
    verb: 'patch',
    ref: ref(`${kind.toLowerCase()}s`, namespace, name),
    query: APPLY,
    code,
    request: sent(meta, body),
    response: stored(meta, body),
  });
};

/** An add-on upgrade by EKS: server-side apply of the whole manifest, RBAC objects first. */
export function addonUpgrade(when: number): K8sEvent[] {
  const by = callers.addonManager;
  const roleRef = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });
  const metricsServer = [{ kind: 'ServiceAccount', name: 'metrics-server', namespace: SYSTEM }];
  const coredns = deployment(corednsTemplate, 2, {
    at: when + 3000,
    manager: 'eks',
    operation: 'Apply',
    generation: 9,
  });
  const proxy = DAEMONSETS['kube-proxy']?.spec ?? { containers: [] };
  const template: Template = { namespace: SYSTEM, app: 'kube-proxy', spec: proxy };
  const proxies = daemonSet(template, { at: when + 4000, manager: 'eks', operation: 'Apply', generation: 6 });
  return [
    ...['deployments', 'serviceaccounts', 'services', 'configmaps'].flatMap((type, i) =>
      k8sEvent({ at: when + i * 80, by, verb: 'get', ref: ref(type, SYSTEM, 'coredns'), query: 'timeout=10s' }),
    ),
    ...rbac(when + 1000, 'ClusterRole', 'system:coredns', {
      rules: [
        { verbs: ['list', 'watch'], apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'] },
        { verbs: ['list', 'watch'], apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
      ],
    }),
    ...rbac(when + 1100, 'ClusterRoleBinding', 'system:coredns', {
      roleRef: roleRef('ClusterRole', 'system:coredns'),
      subjects: [{ kind: 'ServiceAccount', name: 'coredns', namespace: SYSTEM }],
    }),
    ...rbac(
      when + 1200,
      'Role',
      'metrics-server-leader-election',
      {
        rules: [
          { verbs: ['get', 'create', 'update', 'patch'], apiGroups: ['coordination.k8s.io'], resources: ['leases'] },
        ],
      },
      201,
    ),
    ...rbac(
      when + 1300,
      'RoleBinding',
      'metrics-server-leader-election',
      { roleRef: roleRef('Role', 'metrics-server-leader-election'), subjects: metricsServer },
      201,
    ),
    ...rbac(when + 1400, 'RoleBinding', 'metrics-server-auth-reader', {
      roleRef: roleRef('Role', 'extension-apiserver-authentication-reader'),
      subjects: metricsServer,
    }),
    ...rbac(when + 1500, 'ClusterRoleBinding', 'metrics-server:system:auth-delegator', {
      roleRef: roleRef('ClusterRole', 'system:auth-delegator'),
      subjects: metricsServer,
    }),
    ...k8sEvent({ at: when + 1800, by, verb: 'patch', ref: ref('configmaps', SYSTEM, 'coredns'), query: APPLY }),
    ...k8sEvent({
      at: when + 3000,
      by,
      verb: 'patch',
      ref: ref('deployments', SYSTEM, 'coredns'),
      query: APPLY,
      ...coredns,
    }),
    ...k8sEvent({
      at: when + 4000,
      by,
      verb: 'patch',
      ref: ref('daemonsets', SYSTEM, 'kube-proxy'),
      query: APPLY,
      ...proxies,
    }),
    ...NODES.flatMap((node, i) => {
      const start = when + (6 + i * 14) * SECOND;
      const old = podOf(SYSTEM, 'kube-proxy', node, 'kube-proxy', suffixOf(`kube-proxy/${node.name}`, 5));
      const fresh = podOf(SYSTEM, 'kube-proxy', node, 'kube-proxy', suffixOf(`kube-proxy/${node.name}/new`, 5));
      return [
        ...podDeleted(start, callers.controller('daemon-set-controller'), old, template),
        ...controlledPod(start + 5 * SECOND, template, fresh, ownerOf('DaemonSet', SYSTEM, 'kube-proxy')),
      ];
    }),
    ...[0, 20, 40].flatMap((wait) =>
      k8sEvent({
        at: when + (8 + wait) * SECOND,
        by,
        verb: 'get',
        ref: ref('deployments', SYSTEM, 'coredns'),
        query: 'timeout=10s',
      }),
    ),
  ];
}
