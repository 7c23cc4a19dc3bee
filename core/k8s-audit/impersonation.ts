import { arnOf } from './identity.ts';
import { isPrivilegedGroup, isPrivilegedUsername } from './privileged-identity.ts';
import type { AuditEvent, AuditUser } from './schema.ts';

/** The service-linked role through which EKS acts for its console; IAM lets no customer make a role of such a name. */
const EKS_SERVICE_ROLE = /^arn:aws[\w-]*:sts::\d{12}:assumed-role\/AWSServiceRoleForAmazonEKS\w*\//;

/** Whether the caller is EKS itself, by the role that the authenticator recorded and not by a name it was given. */
export function isEksService(user: AuditUser): boolean {
  return EKS_SERVICE_ROLE.test(arnOf(user) ?? '');
}

/** Written by authenticators alone. Bare `principalId` is not here: Rancher sends its own under that name. */
const AUTHENTICATORS_OWN =
  /^(?:arn|canonicalarn|accesskeyid|sessionname|(?:authentication\.kubernetes\.io|sigs\.k8s\.io\/aws-iam-authenticator)\/.+)$/;

/** Names of the attributes by which an impersonated identity claims to be an AWS principal or a pod. */
export function forgedAttributesOf({ uid = '', extra = {} }: AuditUser): string[] {
  return [
    ...(uid.startsWith('aws-iam-authenticator:') ? ['uid'] : []),
    ...Object.keys(extra).filter((key) => AUTHENTICATORS_OWN.test(key.toLowerCase())),
  ];
}

/** What a caller asked to become and may not: the API server names one thing that it refused. */
export interface RefusedImpersonation {
  /** `users`, `groups`, `serviceaccounts`, `uids`, `userextras`; undefined where the message does not say. */
  readonly kind: string | undefined;
  readonly name: string | undefined;
  readonly isPrivileged: boolean;
}

/**
 * The refusal of an impersonation, which carries no `impersonatedUser` and no decision, only the message
 * `groups "system:masters" is forbidden: User "eve" cannot impersonate resource "groups" in API group "" at the cluster scope`.
 */
export function refusedImpersonationOf(event: AuditEvent): RefusedImpersonation | undefined {
  if (event.annotations?.['authorization.k8s.io/decision'] !== undefined) return undefined;
  const message = event.responseStatus?.message ?? '';
  const at = message.lastIndexOf('cannot impersonate');
  if (at < 0) return undefined;
  const [, kind, name] = /^([a-z]+)[\w./-]* "([^"]*)" is forbidden:/.exec(message) ?? [];
  const namespace = / in the namespace "([^"]*)"/.exec(message.slice(at))?.[1] ?? '';
  const wanted = kind === 'serviceaccounts' ? `system:serviceaccount:${namespace}:${name}` : name;
  return {
    kind,
    name: wanted,
    isPrivileged:
      wanted !== undefined && (kind === 'groups' ? isPrivilegedGroup(wanted) : isPrivilegedUsername(wanted)),
  };
}
