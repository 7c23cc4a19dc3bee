import {
  arnOf,
  boundPodOf,
  extraOf,
  hasPublicSource,
  isAnonymous,
  isControlPlane,
  isNode,
  serviceAccountOf,
} from './identity.ts';
import type { AuditEvent } from './schema.ts';

/**
 * Who is behind a request, by what the event proves and nothing that the client may choose.
 * - `component`: a part of the control plane, going about its work.
 * - `resident`: a service account by a token that is bound to a pod, from inside the network: an operator, or somebody
 *   in its pod.
 * - `unbound`: a service account by a token of no pod: made by hand, or kept in a secret.
 * - `displaced`: a service account from an address on the internet, where no pod is.
 * - `node`: a kubelet, or somebody with its credentials.
 * - `anonymous`: no credentials.
 * - `outsider`: everybody else: people and automation by IAM, OIDC or a client certificate.
 */
type Caller = 'component' | 'resident' | 'unbound' | 'displaced' | 'node' | 'anonymous' | 'outsider';

/** Whose credentials these are; an impersonator is judged by who it is, not by whom it acts as. */
export function callerOf(event: AuditEvent): Caller {
  const { user } = event;
  if (isAnonymous(user)) return 'anonymous';
  if (isControlPlane(event)) return 'component';
  const account = arnOf(user) === undefined ? serviceAccountOf(user) : undefined;
  if (!account) return isNode(user) ? 'node' : 'outsider';
  if (hasPublicSource(event)) return 'displaced';
  return boundPodOf(user) === undefined ? 'unbound' : 'resident';
}

/** A caller in words that an analyst reads, for evidence and for reasons. */
export function describeCaller(event: AuditEvent): string {
  switch (callerOf(event)) {
    case 'component':
      return 'a control-plane component';
    case 'resident':
      return 'a service account in its pod';
    case 'unbound':
      return 'a service account whose token is bound to no pod';
    case 'displaced':
      return 'a service account from an address on the internet';
    case 'node':
      return 'a node';
    case 'anonymous':
      return 'a caller without credentials';
    case 'outsider':
      return arnOf(event.user) === undefined
        ? 'a user from outside the cluster'
        : 'an IAM identity from outside the cluster';
  }
}

/** The namespace that the caller's own service account lives in; none for one that acts as somebody else. */
export function homeNamespaceOf(event: AuditEvent): string | undefined {
  return event.impersonatedUser ? undefined : serviceAccountOf(event.user)?.namespace;
}

/** The identity by which repeats are told apart from others: an IAM role rather than the session it named itself. */
export function principalOf(event: AuditEvent): string {
  const own = extraOf(event.user, 'canonicalArn') ?? event.user.username;
  return event.impersonatedUser ? `${own} as ${event.impersonatedUser.username}` : own;
}
