import type { AuditUser, ObjectRef } from './k8s-event.ts';

/** Groups that the EKS audit policy names; everything else is logged at Metadata. */
const KNOWN_GROUPS = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'extensions',
  'metrics.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
  'settings.k8s.io',
  'storage.k8s.io',
]);

export type Level = 'None' | 'Metadata' | 'Request' | 'RequestResponse';

/** The level at which EKS logs a request, by the policy that AWS publishes: the first matching rule decides. */
export function auditLevel(user: AuditUser, verb: string, ref: ObjectRef | undefined, path: string): Level {
  if (!ref) return /^\/(healthz|swagger)|^\/version$/.test(path) ? 'None' : 'Metadata';
  const group = ref.apiGroup ?? '';
  const what = group === '' ? [ref.resource, ref.subresource].filter(Boolean).join('/') : '';
  const writes = verb === 'update' || verb === 'patch';
  const byNode = user.groups?.includes('system:nodes') ?? false;

  if (
    what === 'configmaps' &&
    ref.name === 'aws-auth' &&
    ref.namespace === 'kube-system' &&
    (writes || verb === 'delete')
  )
    return 'RequestResponse';
  if (byNode && verb === 'get' && /^nodes(\/status)?$/.test(what)) return 'None';
  if (user.username === 'system:apiserver' && verb === 'get' && /^namespaces/.test(what)) return 'None';
  if (user.username === 'system:kube-controller-manager' && group === 'metrics.k8s.io') return 'None';
  if (what === 'events') return 'None';
  if (byNode && writes && /^(nodes|pods)\/status$/.test(what)) return 'Request';
  if (what === 'secrets' || what === 'configmaps' || ref.resource === 'tokenreviews') return 'Metadata';
  if (what === 'serviceaccounts/token') return 'Request';
  if (!KNOWN_GROUPS.has(group)) return 'Metadata';
  return ['get', 'list', 'watch'].includes(verb) ? 'Request' : 'RequestResponse';
}
