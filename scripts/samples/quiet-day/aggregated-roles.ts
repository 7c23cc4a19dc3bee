import * as callers from '../callers.ts';
import { type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { stored } from '../objects.ts';
import { CLUSTER_BORN } from '../time.ts';

/** The rules of `view` and `edit` follow the CRDs that come and go; the controller rewrites them whole. */
export function aggregatedRoles(when: number): K8sEvent[] {
  const by = callers.controller('clusterrole-aggregation-controller');
  const reads = ['get', 'list', 'watch'];
  const rules = [
    {
      verbs: reads,
      apiGroups: [''],
      resources: ['configmaps', 'endpoints', 'pods', 'services', 'serviceaccounts', 'pods/log'],
    },
    { verbs: reads, apiGroups: ['apps'], resources: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'] },
    {
      verbs: reads,
      apiGroups: ['external-secrets.io'],
      resources: ['externalsecrets', 'secretstores', 'clustersecretstores', 'pushsecrets'],
    },
  ];
  const edit = [
    ...rules,
    {
      verbs: ['create', 'delete', 'deletecollection', 'patch', 'update'],
      apiGroups: ['', 'apps', 'batch'],
      resources: [
        'pods',
        'pods/attach',
        'pods/exec',
        'pods/portforward',
        'pods/proxy',
        'secrets',
        'services/proxy',
        'deployments',
        'deployments/scale',
        'jobs',
        'cronjobs',
      ],
    },
    {
      verbs: ['get', 'list', 'watch'],
      apiGroups: [''],
      resources: ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy'],
    },
    { verbs: ['impersonate'], apiGroups: [''], resources: ['serviceaccounts'] },
    { verbs: ['create'], apiGroups: [''], resources: ['serviceaccounts/token'] },
  ];
  return Object.entries({ view: rules, edit }).flatMap(([name, list], i) => {
    const labels = {
      'kubernetes.io/bootstrapping': 'rbac-defaults',
      [`rbac.authorization.k8s.io/aggregate-to-${name === 'view' ? 'edit' : 'admin'}`]: 'true',
    };
    const meta = {
      kind: 'ClusterRole',
      apiVersion: 'rbac.authorization.k8s.io/v1',
      name,
      at: when + i * 40,
      created: CLUSTER_BORN,
      manager: 'clusterrole-aggregation-controller',
      operation: 'Apply' as const,
      labels,
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    };
    const aggregationRule = {
      clusterRoleSelectors: [{ matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${name}`]: 'true' } }],
    };
    return k8sEvent({
      at: when + i * 40,
      by,
      verb: 'patch',
      ref: ref('clusterroles', undefined, name),
      query: 'fieldManager=clusterrole-aggregation-controller&force=true',
      request: { kind: 'ClusterRole', apiVersion: meta.apiVersion, metadata: { name }, rules: list },
      response: stored(meta, { rules: list, aggregationRule }),
    });
  });
}
