import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forgedAttributesOf, isEksService, refusedImpersonationOf } from '../../core/k8s-audit/impersonation.ts';
import { clusterAdminGrantOf, privilegesOf } from '../../core/k8s-audit/privileged-identity.ts';
import { auditEventSchema } from '../../core/k8s-audit/schema.ts';

const refused = (message: string) =>
  refusedImpersonationOf(auditEventSchema.parse({ responseStatus: { code: 403, message } }));
const user = (arn: string) => ({ username: 'x', uid: undefined, groups: [], extra: { arn: [arn] } });

describe('a refused impersonation', () => {
  it('is read from the message alone', () => {
    expect(
      refused(
        'groups "system:masters" is forbidden: User "eve" cannot impersonate resource "groups" in API group "" at the cluster scope',
      ),
    ).toEqual({ kind: 'groups', name: 'system:masters', isPrivileged: true });
    expect(
      refused(
        'serviceaccounts "coredns" is forbidden: User "eve" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "kube-system": RBAC: role not found',
      ),
    ).toEqual({ kind: 'serviceaccounts', name: 'system:serviceaccount:kube-system:coredns', isPrivileged: true });
    expect(
      refused(
        'users "jo" is forbidden: User "eve" cannot impersonate resource "users" in API group "" at the cluster scope',
      ),
    ).toEqual({ kind: 'users', name: 'jo', isPrivileged: false });
    expect(
      refused(
        'users.authentication.k8s.io "jo" is forbidden: User "eve" cannot impersonate:user-info resource "users" in API group "authentication.k8s.io" at the cluster scope',
      )?.name,
    ).toBe('jo');
  });

  it('is none for other refusals, and any text is read without throwing', () => {
    expect(refused('pods is forbidden: User "impersonate" cannot list resource "pods"')).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => void refused(`${text}cannot impersonate${text}`)));
  });
});

describe('an identity', () => {
  it('is EKS itself only by its service-linked role', () => {
    expect(isEksService(user('arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEKS/EksConsole'))).toBe(
      true,
    );
    expect(isEksService(user('arn:aws:sts::111122223333:assumed-role/x/AWSServiceRoleForAmazonEKS/y'))).toBe(false);
    expect(isEksService(user('arn:aws:iam::111122223333:user/AWSServiceRoleForAmazonEKS/y'))).toBe(false);
  });

  it('forges by the attributes of an authenticator, and not by a proxy’s own', () => {
    const forged = (extra: Record<string, string[]>, uid?: string) =>
      forgedAttributesOf({ username: 'x', groups: [], uid, extra });
    expect(
      forged({ canonicalarn: ['a'], 'authentication.kubernetes.io/pod-name': ['p'] }, 'aws-iam-authenticator:1'),
    ).toEqual(['uid', 'canonicalarn', 'authentication.kubernetes.io/pod-name']);
    expect(forged({ principalid: ['local://u-1'], username: ['jo'], scopes: ['s'] }, 'u-1')).toEqual([]);
  });

  it('is privileged by name or by group, and not for being a service account of a tenant', () => {
    const of = (username: string, ...groups: string[]) => privilegesOf({ username, groups });
    for (const name of [
      'system:kube-scheduler',
      'system:node:a',
      'EKS:x',
      'kubernetes-admin',
      'system:serviceaccount:kube-system:x',
    ]) {
      expect(of(name), name).toHaveLength(1);
    }
    for (const group of [
      'system:masters',
      'System:Nodes',
      'system:serviceaccounts:kube-system',
      'oidc:cluster-admins',
      'eks:x',
    ]) {
      expect(of('jo', group), group).toEqual([`group ${group}`]);
    }
    expect(
      of(
        'system:serviceaccount:shop:cart',
        'system:serviceaccounts',
        'system:serviceaccounts:shop',
        'system:authenticated',
      ),
    ).toEqual([]);
    expect(of('administrators-of-nothing', 'cluster-admins-readonly')).toEqual([]);
  });

  it('holds the cluster by what the authorizer says, and not by a grant in one namespace', () => {
    const grant = (reason: string) =>
      clusterAdminGrantOf(auditEventSchema.parse({ annotations: { 'authorization.k8s.io/reason': reason } }));
    const policy = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';
    expect(
      grant(`EKS Access Policy: allowed by ClusterRoleBinding "x+${policy}" of ClusterRole "${policy}" to User "u"`),
    ).toContain('AmazonEKSClusterAdminPolicy');
    expect(grant('RBAC: allowed by ClusterRoleBinding "ops" of ClusterRole "cluster-admin" to Group "ops"')).toBe(
      'ClusterRole cluster-admin',
    );
    expect(
      grant('RBAC: allowed by RoleBinding "ops/shop" of ClusterRole "cluster-admin" to Group "ops"'),
    ).toBeUndefined();
    expect(
      grant('RBAC: allowed by ClusterRoleBinding "ops" of ClusterRole "cluster-admin-lite" to Group "ops"'),
    ).toBeUndefined();
  });
});
