import * as callers from '../callers.ts';
import { NODE_A, NODE_B, podOf } from '../cluster.ts';
import { type Caller, type Json, type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { stored } from '../objects.ts';
import { controlledPod } from '../pod-life.ts';
import { hexOf, suffixOf } from '../random.ts';
import { at, SECOND } from '../time.ts';
import { deployment, ownerOf } from '../workloads.ts';
import { shopTemplate } from './rollout.ts';

const NAMESPACE = 'pr-482';
const by = callers.argocd;
const APPLY = 'fieldManager=argocd-controller&force=true';

const applied = (
  when: number,
  kind: string,
  apiVersion: string,
  type: string,
  name: string,
  body: Json,
  labels?: Json,
): K8sEvent[] => {
  const namespace = kind === 'Namespace' ? undefined : NAMESPACE;
  const meta = {
    kind,
    apiVersion,
    name,
    ...(namespace && { namespace }),
    at: when,
    manager: 'argocd-controller',
    operation: 'Apply' as const,
    ...(labels && { labels }),
  };
  const request = {
    kind,
    apiVersion,
    metadata: { name, ...(namespace && { namespace }), ...(labels && { labels }) },
    ...body,
  };
  return k8sEvent({
    at: when,
    by,
    verb: 'patch',
    ref: ref(type, NAMESPACE, name),
    query: APPLY,
    code: 201,
    request,
    response: stored(meta, body),
  });
};

/** A pull request gets a namespace of its own: GitOps makes it, the control plane furnishes it. */
function born(when: number): K8sEvent[] {
  const template = shopTemplate(NAMESPACE, 'web', 'pr-482');
  const { request, response } = deployment(template, 1, {
    at: when + 3000,
    created: when + 3000,
    manager: 'argocd-controller',
    operation: 'Apply',
    generation: 1,
  });
  const revision = `web-${hexOf('web/pr-482', 9)}`;
  const pod = podOf(NAMESPACE, 'web', NODE_B, 'web', `${revision.split('-').at(-1)}-${suffixOf('pr-482', 5)}`);
  const account = stored(
    {
      kind: 'ServiceAccount',
      apiVersion: 'v1',
      name: 'default',
      namespace: NAMESPACE,
      at: when + 60,
      manager: 'kube-controller-manager',
    },
    {},
  );
  const labels = {
    'kubernetes.io/metadata.name': NAMESPACE,
    'pod-security.kubernetes.io/enforce': 'baseline',
    'pod-security.kubernetes.io/warn': 'restricted',
  };
  const service = {
    type: 'ClusterIP',
    ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' }],
    selector: { 'app.kubernetes.io/name': 'web' },
  };
  return [
    ...applied(
      when,
      'Namespace',
      'v1',
      'namespaces',
      NAMESPACE,
      { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } },
      labels,
    ),
    ...k8sEvent({
      at: when + 60,
      by: callers.controller('service-account-controller'),
      verb: 'create',
      ref: ref('serviceaccounts', NAMESPACE, 'default'),
      request: account,
      response: account,
    }),
    ...k8sEvent({
      at: when + 80,
      by: callers.controller('root-ca-cert-publisher'),
      verb: 'create',
      ref: ref('configmaps', NAMESPACE, 'kube-root-ca.crt'),
    }),
    ...applied(when + 1000, 'ServiceAccount', 'v1', 'serviceaccounts', 'web', {}),
    ...applied(when + 1100, 'ResourceQuota', 'v1', 'resourcequotas', 'preview', {
      spec: { hard: { 'limits.memory': '4Gi', pods: '10' } },
    }),
    ...applied(when + 1200, 'NetworkPolicy', 'networking.k8s.io/v1', 'networkpolicies', 'default-deny', {
      spec: { podSelector: {}, policyTypes: ['Ingress'] },
    }),
    ...applied(when + 1300, 'Service', 'v1', 'services', 'web', { spec: service, status: { loadBalancer: {} } }),
    ...k8sEvent({
      at: when + 2000,
      by: callers.externalSecrets,
      verb: 'create',
      ref: ref('secrets', NAMESPACE, 'web-env'),
    }),
    ...k8sEvent({
      at: when + 3000,
      by,
      verb: 'patch',
      ref: ref('deployments', NAMESPACE, 'web'),
      query: APPLY,
      code: 201,
      request,
      response,
    }),
    ...controlledPod(when + 3400, template, pod, ownerOf('ReplicaSet', NAMESPACE, revision)),
  ];
}

/** The pull request is merged: the namespace controller empties the namespace, kind by kind. */
function gone(when: number): K8sEvent[] {
  const cleaner = callers.controller('namespace-controller');
  const kinds = [
    'pods',
    'secrets',
    'configmaps',
    'services',
    'serviceaccounts',
    'persistentvolumeclaims',
    'resourcequotas',
    'deployments',
    'replicasets',
    'jobs',
    'networkpolicies',
    'rolebindings',
    'roles',
    'endpointslices',
    'events.k8s.io/v1/events',
  ];
  const namespace = stored(
    { kind: 'Namespace', apiVersion: 'v1', name: NAMESPACE, at: when, manager: 'kube-controller-manager' },
    { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Terminating' } },
  );
  const options = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground' };
  return [
    ...k8sEvent({
      at: when,
      by,
      verb: 'delete',
      ref: ref('namespaces', NAMESPACE, NAMESPACE),
      request: options,
      response: namespace,
    }),
    ...kinds.flatMap((type, i) =>
      k8sEvent({
        at: when + 300 + i * 120,
        by: cleaner,
        verb: 'deletecollection',
        ref: ref(type, NAMESPACE),
        request: { ...options, propagationPolicy: 'Background' },
      }),
    ),
    ...k8sEvent({
      at: when + 4 * SECOND,
      by: cleaner,
      verb: 'update',
      ref: ref('namespaces', NAMESPACE, NAMESPACE, 'finalize'),
      request: namespace,
      response: namespace,
    }),
  ];
}

/** Flux reconciles each tenant as that tenant's own service account. */
function tenant(when: number): K8sEvent[] {
  const impersonated = {
    username: 'system:serviceaccount:shop:flux-reconciler',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
  };
  const reason =
    'RBAC: allowed by RoleBinding "flux-reconciler/shop" of ClusterRole "edit" to ServiceAccount "flux-reconciler/shop"';
  return ['web-config', 'checkout-config'].flatMap((name, i) =>
    k8sEvent({
      at: when + i * 90,
      by: callers.fluxKustomize,
      verb: 'patch',
      ref: ref('configmaps', 'shop', name),
      query: 'fieldManager=kustomize-controller&force=true',
      impersonated,
      reason,
    }),
  );
}

/** A StatefulSet's volume: claim, volume of the EBS driver, attachment. */
function volume(when: number): K8sEvent[] {
  const controllerManager = callers.controller('attachdetach-controller');
  const handle = 'vol-0c8e4a1f6d2b97350';
  const name = `pvc-${hexOf('pvc', 8)}-${hexOf('pvc', 4)}-4aaa-8bbb-${hexOf('pvc', 12)}`;
  const pv = {
    capacity: { storage: '20Gi' },
    csi: { driver: 'ebs.csi.aws.com', volumeHandle: handle, fsType: 'ext4' },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Delete',
    storageClassName: 'gp3',
    volumeMode: 'Filesystem',
  };
  const meta = { kind: 'PersistentVolume', apiVersion: 'v1', name, at: when, manager: 'csi-provisioner' };
  const attachment = {
    kind: 'VolumeAttachment',
    apiVersion: 'storage.k8s.io/v1',
    name: `csi-${hexOf(handle, 64)}`,
    at: when + 900,
    manager: 'kube-controller-manager',
  };
  const spec = { attacher: 'ebs.csi.aws.com', source: { persistentVolumeName: name }, nodeName: NODE_A.name };
  const created = (object: typeof meta, who: Caller, type: string, body: Json) =>
    k8sEvent({
      at: object.at,
      by: who,
      verb: 'create',
      ref: ref(type, undefined, object.name),
      request: { kind: object.kind, apiVersion: object.apiVersion, metadata: { name: object.name }, spec: body },
      response: stored(object, { spec: body }),
    });
  return [
    ...created(meta, callers.ebsController, 'persistentvolumes', pv),
    ...created(attachment, controllerManager, 'volumeattachments', spec),
  ];
}

export const previewNamespace = (): K8sEvent[] => [
  ...born(at('10:31:15')),
  ...tenant(at('11:02:40')),
  ...tenant(at('17:02:41')),
  ...volume(at('10:33:07')),
  ...gone(at('17:48:30')),
];
