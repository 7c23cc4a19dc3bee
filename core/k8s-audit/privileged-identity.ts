import { isControlPlaneName } from './identity.ts';
import { isSystemNamespace } from './object.ts';
import type { AuditEvent, AuditUser } from './schema.ts';

const ADMIN_NAMES = new Set([
  'admin',
  'administrator',
  'cluster-admin',
  'kubernetes-admin',
  'kubernetes-super-admin',
  'minikube-user',
  'system:admin',
  'system:masters',
]);
/** `cluster-admin`, `kubeadm:cluster-admins`, `oidc/cluster-admins`: the words at the end of a name. */
const CLUSTER_ADMINS = /(?:^|[^a-z0-9])cluster-?admins?$/;

/**
 * Whether a user name stands for cluster administration, the control plane, a node or a system service account. Case is
 * ignored: the API server's names are lower case, and whoever asks for another spelling means the same.
 */
export function isPrivilegedUsername(username: string): boolean {
  const name = username.trim().toLowerCase();
  if (ADMIN_NAMES.has(name) || isControlPlaneName(name)) return true;
  if (/^(?:system:(?:node:|kube-)|eks:)/.test(name)) return true;
  return isSystemNamespace(/^system:serviceaccount:([^:]*):/.exec(name)?.[1]);
}

/** Whether a group stands for cluster administration, nodes or the service accounts of a system namespace. */
export function isPrivilegedGroup(group: string): boolean {
  const name = group.trim().toLowerCase();
  if (name === 'system:masters' || name === 'system:nodes') return true;
  if (/^(?:system:bootstrappers(?:$|:)|eks:)/.test(name) || CLUSTER_ADMINS.test(name)) return true;
  return isSystemNamespace(/^system:serviceaccounts:(.*)$/.exec(name)?.[1]);
}

/** The name and the groups of an identity that are privileged, in that order; empty for an ordinary one. */
export function privilegesOf({ username, groups }: Pick<AuditUser, 'username' | 'groups'>): string[] {
  return [
    ...(isPrivilegedUsername(username) ? [`user ${username}`] : []),
    ...groups.filter(isPrivilegedGroup).map((group) => `group ${group}`),
  ];
}

/**
 * The cluster-wide administrator grant on which the authorizer let the request through, as it named it: the role
 * cluster-admin, or the EKS access policy, which puts no group on the user. A grant in one namespace is not one.
 */
export function clusterAdminGrantOf(event: AuditEvent): string | undefined {
  const reason = event.annotations?.['authorization.k8s.io/reason'] ?? '';
  if (!reason.includes('ClusterRoleBinding')) return undefined;
  if (reason.includes('AmazonEKSClusterAdminPolicy')) return 'EKS access policy AmazonEKSClusterAdminPolicy';
  return /ClusterRole(?:Binding)? "cluster-admin"/.test(reason) ? 'ClusterRole cluster-admin' : undefined;
}

/** The group or user name by which an identity is a cluster administrator itself, whatever it was allowed by. */
export function adminNameOf({ username, groups }: Pick<AuditUser, 'username' | 'groups'>): string | undefined {
  if (groups.includes('system:masters')) return 'group system:masters';
  return ADMIN_NAMES.has(username) ? `user ${username}` : undefined;
}
