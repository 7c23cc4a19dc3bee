import { isPublicAddress } from '../address.ts';
import { isHandTool } from './client.ts';
import type { AuditEvent, AuditUser, Requester } from './schema.ts';

/** Names that only the control plane's own components carry, one by one: prefixes are shared with attackers. */
const CONTROL_PLANE = new Set([
  'system:apiserver',
  'system:kube-controller-manager',
  'system:kube-scheduler',
  ...[
    'attachdetach-controller',
    'certificate-controller',
    'clusterrole-aggregation-controller',
    'cronjob-controller',
    'daemon-set-controller',
    'deployment-controller',
    'disruption-controller',
    'endpoint-controller',
    'endpointslice-controller',
    'endpointslicemirroring-controller',
    'ephemeral-volume-controller',
    'expand-controller',
    'generic-garbage-collector',
    'horizontal-pod-autoscaler',
    'job-controller',
    'legacy-service-account-token-cleaner',
    'namespace-controller',
    'node-controller',
    'persistent-volume-binder',
    'pod-garbage-collector',
    'pv-protection-controller',
    'pvc-protection-controller',
    'replicaset-controller',
    'replication-controller',
    'resource-claim-controller',
    'resourcequota-controller',
    'root-ca-cert-publisher',
    'selinux-warning-controller',
    'service-account-controller',
    'service-cidrs-controller',
    'service-controller',
    'statefulset-controller',
    'storage-version-migrator-controller',
    'taint-eviction-controller',
    'tokens-controller',
    'ttl-after-finished-controller',
    'ttl-controller',
    'validatingadmissionpolicy-status-controller',
    'volumeattributesclass-protection-controller',
  ].map((name) => `system:serviceaccount:kube-system:${name}`),
]);

const EKS = new Set(
  [
    'addon-manager authenticator az-poller certificate-controller cloud-controller-manager cluster-bootstrap',
    'cluster-event-watcher coredns-autoscaler fargate-manager fargate-scheduler k8s-metrics kms-storage-migrator',
    'node-manager nodewatcher network-policy-controller pod-identity-mutating-webhook service-operations tagging-controller',
    'vpc-resource-controller',
  ]
    .flatMap((names) => names.split(' '))
    .map((name) => `eks:${name}`),
);

/** Roles that AWS itself assumes to run a cluster. The second is a service-linked name that IAM refuses to customers. */
const AWS_OWNED_ARN =
  /^arn:aws[\w-]*:(?:sts|iam)::\d{12}:(?:assumed-role|role)\/(?:AWSWesleyClusterManagerLambda-|(?:aws-service-role\/eks[\w-]*\.amazonaws\.com\/)?AWSServiceRoleForAmazonEKS)/;

/**
 * Whether the control plane itself made the request: an exact component name that comes with no IAM role, for an
 * aws-auth mapping may choose any name, from no pod, and from no tool that people type into, for its tokens can be minted; or an
 * `eks:` name that comes with an AWS-owned role, or at least not from the internet. Never true for a request that
 * impersonates.
 */
export function isControlPlane({ callers }: AuditEvent): boolean {
  return callers.includes('control-plane');
}

function isByControlPlane(requester: Requester): boolean {
  const { user, impersonatedUser } = requester;
  if (impersonatedUser) return false;
  const arn = arnOf(user);
  if (CONTROL_PLANE.has(user.username))
    return arn === undefined && boundPodOf(user) === undefined && !hasPublicSource(requester) && !isHandTool(requester);
  if (!EKS.has(user.username)) return false;
  return arn === undefined ? !hasPublicSource(requester) : AWS_OWNED_ARN.test(arn);
}

/** Whether an exact control-plane component name is meant, by name alone: for targets and subjects, never for trust. */
export function isControlPlaneName(username: string): boolean {
  return CONTROL_PLANE.has(username) || EKS.has(username);
}

/**
 * What a caller may be that a detector asks for before it looks at anybody. `anonymous`: no credentials and let in all
 * the same. `nobody`: that, or so far from being let in that no name was logged. `impersonator`: acted as somebody else.
 * `control-plane`: as {@link isControlPlane} has it.
 */
export type CallerKind = 'anonymous' | 'nobody' | 'impersonator' | 'control-plane';

export function callersOf(requester: Requester): readonly CallerKind[] {
  const { user, impersonatedUser } = requester;
  if (isByControlPlane(requester)) return ['control-plane'];
  const who: readonly CallerKind[] = isAnonymous(user)
    ? ['anonymous', 'nobody']
    : user.username === ''
      ? ['nobody']
      : [];
  return impersonatedUser ? [...who, 'impersonator'] : who;
}

/** The identity whose rights the request used: the impersonated one where there is one. */
export function effectiveUser(event: AuditEvent): AuditUser {
  return event.impersonatedUser ?? event.user;
}

export function isAnonymous(user: AuditUser): boolean {
  return user.username === 'system:anonymous' || user.groups.includes('system:unauthenticated');
}

export function isNode(user: AuditUser): boolean {
  return user.username.startsWith('system:node:') && (user.groups.length === 0 || user.groups.includes('system:nodes'));
}

/** The service account that a user is, or `undefined`. */
export function serviceAccountOf(user: AuditUser): { namespace: string; name: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user.username);
  return match?.[1] && match[2] ? { namespace: match[1], name: match[2] } : undefined;
}

/** Whether the identity came through AWS IAM and is not a node: a person, or automation outside the cluster. */
export function isIamIdentity(user: AuditUser): boolean {
  return arnOf(user) !== undefined && !isNode(user);
}

/** The IAM ARN, session included, that the EKS authenticator recorded. */
export function arnOf(user: AuditUser): string | undefined {
  return extraOf(user, 'arn');
}

/** One value of `user.extra`, whose keys an API server writes in lower case when a client sent them as headers. */
export function extraOf(user: AuditUser, key: string): string | undefined {
  return user.extra?.[key]?.[0] || user.extra?.[key.toLowerCase()]?.[0] || undefined;
}

/** The pod that a service account's token is bound to, where the token is bound to one. */
export function boundPodOf(user: AuditUser): string | undefined {
  return extraOf(user, 'authentication.kubernetes.io/pod-name');
}

/** The address that connected to the API server: the last element; the client may put any others before it. */
export function sourceIpOf({ sourceIPs }: Pick<Requester, 'sourceIPs'>): string | undefined {
  return sourceIPs.at(-1);
}

export function hasPublicSource(from: Pick<Requester, 'sourceIPs'>): boolean {
  return isPublicAddress(sourceIpOf(from) ?? '');
}

/** How to name who did it in a title: the IAM session where the Kubernetes name hides it, and whom they acted as. */
export function actorName(event: AuditEvent): string {
  const { user, impersonatedUser } = event;
  const name = user.username || 'an unauthenticated caller';
  return impersonatedUser
    ? `${name} acting as ${impersonatedUser.username || impersonatedUser.groups.join(', ')}`
    : name;
}
