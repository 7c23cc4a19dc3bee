import { listOf, orAbsent, text, texts } from '../fields.ts';
import type { EvidenceValue } from '../finding.ts';
import { SEVERITIES, type Severity, severityRank } from '../severity.ts';
import * as z from '../zod.ts';
import { hasPublicSource, isControlPlane, serviceAccountOf } from './identity.ts';
import { objectOfJsonPatch } from './json-patch.ts';
import { asObject, metadataOf, objectNameOf, objectOf } from './object.ts';
import type { AuditEvent } from './schema.ts';
import type { AuditWhen } from './source.ts';

/** The API group of roles and bindings. */
export const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** The verbs that store a role or a binding: a PUT of one that does not exist creates it. */
export const RBAC_WRITES = ['create', 'update', 'patch'] as const;

/** A role was stored. */
export const ROLE_WRITTEN: AuditWhen = {
  verbs: RBAC_WRITES,
  resources: ['clusterroles', 'roles'],
  apiGroups: [RBAC_GROUP],
  outcomes: ['succeeded'],
};

/** A binding was stored. */
export const BINDING_WRITTEN: AuditWhen = { ...ROLE_WRITTEN, resources: ['clusterrolebindings', 'rolebindings'] };

const rule = z.object({
  apiGroups: texts,
  resources: texts,
  verbs: texts,
  resourceNames: texts,
  nonResourceURLs: texts,
});

/** One rule of a role. */
export type RoleRule = z.infer<typeof rule>;

const roleBody = z.object({ rules: listOf(rule) });

const bindingBody = z.object({
  roleRef: orAbsent(z.object({ kind: text, name: text })),
  subjects: listOf(z.object({ kind: text, name: z.string(), namespace: text })),
});

/**
 * What may be asked of a rule. A verb `*` asks for every verb, a resource or group `*` for all there are, a resource that
 * ends in `/*` for any one of its subresources.
 */
export type Right =
  | {
      readonly group: string;
      readonly resource: string;
      readonly verb: string;
      /** One object; absent asks for any of them, which a rule limited by `resourceNames` does not grant. */
      readonly name?: string;
    }
  | { readonly url: string; readonly verb: string };

const EVERY_VERB = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'] as const;

/**
 * Whether one rule grants a right. Understands `*`, a star on either side of a subresource's slash and lists that spell
 * out every verb. The authorizer takes a star after the slash literally; its author means what it looks like, and so it
 * is read here.
 */
export function grants(rule: RoleRule, right: Right): boolean {
  const { verbs } = rule;
  const verbFits =
    verbs.includes('*') ||
    (right.verb === '*' ? EVERY_VERB.every((verb) => verbs.includes(verb)) : verbs.includes(right.verb));
  if (!verbFits) return false;
  if ('url' in right) return rule.nonResourceURLs.some((pattern) => urlFits(pattern, right.url));
  return (
    (rule.apiGroups.includes('*') || rule.apiGroups.includes(right.group)) &&
    rule.resources.some((pattern) => resourceFits(pattern, right.resource)) &&
    (rule.resourceNames.length === 0 || (right.name !== undefined && rule.resourceNames.includes(right.name)))
  );
}

/** Whether the rules of a role together grant a right; the verbs of a right to every verb may stand in several rules. */
export function grantTogether(rules: readonly RoleRule[], right: Right): boolean {
  if (rules.some((rule) => grants(rule, right))) return true;
  return right.verb === '*' && EVERY_VERB.every((verb) => rules.some((rule) => grants(rule, { ...right, verb })));
}

function resourceFits(pattern: string, resource: string): boolean {
  if (pattern === '*' || pattern === resource) return true;
  if (!resource.includes('/')) return false;
  if (resource.endsWith('/*') && pattern.startsWith(resource.slice(0, -1))) return true;
  if (pattern.startsWith('*/')) return pattern === '*/*' || resource.endsWith(pattern.slice(1));
  return pattern.endsWith('/*') && resource.startsWith(pattern.slice(0, -1));
}

function urlFits(pattern: string, url: string): boolean {
  if (pattern === '*' || pattern === url) return true;
  return pattern.endsWith('*') && url.startsWith(pattern.slice(0, -1));
}

/** A rule in one line: `get,list on secrets`, `* on deployments.apps named web`. */
export function ruleText({ apiGroups, resources, verbs, resourceNames, nonResourceURLs }: RoleRule): string {
  const groups = apiGroups.filter((group) => group !== '').map((group) => (group === '*' ? 'any group' : group));
  return [
    `${verbs.join(',')} on ${[...resources, ...nonResourceURLs].join(',')}`,
    ...(groups.length > 0 ? [`(${groups.join(', ')})`] : []),
    ...(resourceNames.length > 0 ? [`named ${resourceNames.join(',')}`] : []),
  ].join(' ');
}

/** The object that a write leaves behind, as far as the event shows it: a JSON Patch without an answer shows a part. */
export function rbacObjectOf(event: AuditEvent): Record<string, unknown> | undefined {
  return objectOf(event) ?? objectOfJsonPatch(event.requestObject);
}

/** The rules of the role that was written, or `undefined` where the event shows no role. */
export function roleRulesOf(event: AuditEvent): RoleRule[] | undefined {
  const parsed = roleBody.safeParse(rbacObjectOf(event));
  return parsed.success ? parsed.data.rules : undefined;
}

/** Whom a binding names. A `User` spelt like a service account is that service account. */
export interface Subject {
  readonly kind: 'User' | 'Group' | 'ServiceAccount';
  readonly name: string;
  /** Of a service account. */
  readonly namespace?: string | undefined;
}

/** Who gets which role where. */
export interface Binding {
  /** `undefined` where the event shows only a part of the binding. */
  readonly role: { readonly kind: string; readonly name: string } | undefined;
  readonly subjects: readonly Subject[];
  /** Absent for a ClusterRoleBinding. */
  readonly namespace: string | undefined;
}

/** The binding that was written, or `undefined` where the event shows none. */
export function bindingOf(event: AuditEvent): Binding | undefined {
  const parsed = bindingBody.safeParse(rbacObjectOf(event));
  if (!parsed.success) return undefined;
  const { roleRef, subjects } = parsed.data;
  const namespace = event.objectRef?.namespace;
  return {
    role: roleRef?.name === undefined ? undefined : { kind: roleRef.kind ?? 'ClusterRole', name: roleRef.name },
    subjects: subjects.map(({ kind, name, namespace: own }): Subject => {
      const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
      if (kind === 'User' && account?.[2]) {
        return { kind: 'ServiceAccount', name: account[2], namespace: account[1] };
      }
      if (kind === 'ServiceAccount') return { kind, name, namespace: own ?? namespace };
      return { kind: kind === 'Group' ? 'Group' : 'User', name };
    }),
    namespace,
  };
}

/** A subject as an alert names it: `ServiceAccount shop/default`. */
export function subjectText({ kind, name, namespace }: Subject): string {
  return kind === 'ServiceAccount' ? `ServiceAccount ${namespace ?? '-'}/${name}` : `${kind} ${name}`;
}

const written = z.object({
  resourceVersion: text,
  managedFields: orAbsent(z.array(z.object({ time: z.string() }))),
});

/** Managed fields carry whole seconds of the API server's clock, which also stamps the request. */
const CLOCK_SLACK_MS = 5_000;

/**
 * Whether the answer proves that a write changed nothing, as a GitOps controller's restatement does: the version is the
 * one that the request named, or every owner of a field last changed it before the request. Both are the server's word;
 * the client cannot keep the server from stamping a change.
 */
export function isUnchanged(event: AuditEvent): boolean {
  if (event.verb !== 'update' && event.verb !== 'patch') return false;
  if (event.responseStatus?.code !== 200) return false;
  const answer = written.safeParse(asObject(event.responseObject)?.metadata);
  if (!answer.success) return false;
  const { resourceVersion, managedFields = [] } = answer.data;
  const asked = metadataOf(asObject(event.requestObject)).resourceVersion;
  if (asked) return asked === resourceVersion;
  const received = Date.parse(event.requestReceivedTimestamp);
  return managedFields.length > 0 && managedFields.every(({ time }) => Date.parse(time) < received - CLOCK_SLACK_MS);
}

/** Whether a write of RBAC is the control plane's own upkeep, or provably changed nothing. */
export function isRbacUpkeep(event: AuditEvent): boolean {
  return isControlPlane(event) || isUnchanged(event);
}

const DEFAULT_NAMES = new Set([
  ...['cluster-admin', 'admin', 'edit', 'view'].map((name) => `clusterroles  ${name}`),
  'clusterrolebindings  cluster-admin',
  'roles kube-system extension-apiserver-authentication-reader',
]);

const DEFAULT_SYSTEM_NAMES = new Set(
  [
    'aggregate-to-admin aggregate-to-edit aggregate-to-view auth-delegator basic-user discovery heapster kube-aggregator',
    'kube-controller-manager kube-dns kube-scheduler kubelet-api-admin monitoring node node-bootstrapper',
    'node-problem-detector node-proxier persistent-volume-provisioner public-info-viewer service-account-issuer-discovery',
    'volume-scheduler',
  ]
    .flatMap((names) => names.split(' '))
    .map((name) => `system:${name}`),
);

/**
 * Whose object a role or binding is by its name: Kubernetes' own `default`, one of `eks`, or any other that goes by
 * `system:`, as add-ons that customers install do. `undefined` for everybody else's.
 */
export function builtInOf(event: AuditEvent): 'default' | 'eks' | 'system' | undefined {
  const { resource = '', namespace = '' } = event.objectRef ?? {};
  const name = objectNameOf(event) ?? '';
  if (DEFAULT_NAMES.has(`${resource} ${namespace} ${name}`) || DEFAULT_SYSTEM_NAMES.has(name)) return 'default';
  if (/^system:(?:controller:|certificates\.k8s\.io:|:)/.test(name)) return 'default';
  if (name.startsWith('eks:')) return 'eks';
  return name.startsWith('system:') ? 'system' : undefined;
}

/**
 * Whether a service account inside the cluster made the request as itself, as GitOps controllers and operators do. The
 * API server lets it grant only what it may do already.
 */
export function isInClusterWorkload(event: AuditEvent): boolean {
  return serviceAccountOf(event.user) !== undefined && !event.impersonatedUser && !hasPublicSource(event);
}

/** A severity with the reason that an alert must give for it. */
export interface Judged {
  readonly severity: Severity;
  readonly severityReason: string;
}

/** One level milder for a workload of the cluster, never below low. */
export function calmedForWorkload(event: AuditEvent, { severity, severityReason }: Judged): Judged {
  const milder = SEVERITIES[severityRank(severity) - 1];
  if (!isInClusterWorkload(event) || !milder || milder === 'info') return { severity, severityReason };
  return {
    severity: milder,
    severityReason: `${severityReason}; one level milder for a service account inside the cluster, which can grant only what it holds`,
  };
}

/** How an alert names the role or binding that was acted on: `ClusterRole ops`, `RoleBinding kube-system/ops`. */
export function rbacObjectText(event: AuditEvent): string {
  const { resource = '', namespace } = event.objectRef ?? {};
  const name = objectNameOf(event) ?? '(no name)';
  return `${KINDS.get(resource) ?? resource} ${namespace ? `${namespace}/` : ''}${name}`;
}

const KINDS = new Map([
  ['clusterroles', 'ClusterRole'],
  ['clusterrolebindings', 'ClusterRoleBinding'],
  ['roles', 'Role'],
  ['rolebindings', 'RoleBinding'],
]);

/** What makes two findings on RBAC the same problem: who acted on which object. */
export function rbacDedup(event: AuditEvent): string[] {
  const { resource = '', namespace = '' } = event.objectRef ?? {};
  return [event.user.username, resource, namespace, objectNameOf(event) ?? ''];
}

/** A binding as evidence. */
export function bindingEvidence({ role, subjects, namespace }: Binding): Record<string, EvidenceValue> {
  return {
    role: role ? `${role.kind}/${role.name}` : undefined,
    subjects: subjects.map(subjectText),
    scope: namespace === undefined ? 'the whole cluster' : `namespace ${namespace}`,
  };
}

const REFUSALS = [
  'attempting to grant RBAC permissions not currently held',
  'must have cluster-admin privileges to use an aggregationRule',
];

/**
 * The rights that the API server's escalation check found missing, one rule each, or `undefined` where it was not that
 * check which refused. Empty where the message names none, as for an aggregationRule.
 */
export function refusalOf(event: AuditEvent): string[] | undefined {
  const { message = '' } = event.responseStatus ?? {};
  const shown = message || (z.object({ message: z.string() }).safeParse(event.responseObject).data?.message ?? '');
  if (!REFUSALS.some((refusal) => shown.includes(refusal))) return undefined;
  return shown.match(/\{[^{}\n]{1,2000}\}/g) ?? [];
}
