import { effectiveUser, serviceAccountOf } from './identity.ts';
import { isSensitiveNamespace, isSystemNamespace } from './object.ts';
import {
  type Binding,
  bindingOf,
  builtInOf,
  calmedForWorkload,
  isRbacUpkeep,
  type Judged,
  type Subject,
  subjectText,
} from './rbac.ts';
import type { AuditEvent, AuditUser } from './schema.ts';

/** A binding as a write left it, and what that means. */
export interface BindingWrite {
  readonly binding: Binding;
  /** Which one of the detectors speaks of this write; `undefined` for none but the inventory. */
  readonly topic: 'everyone' | 'built-in' | 'powerful' | 'system-namespace' | undefined;
  /** The subjects that stand for more identities than anybody can name. */
  readonly everyone: readonly Subject[];
  /** How much the binding gives to the others, where that is worth an alert. */
  readonly power: Judged | undefined;
  /** Whether the role is privileged by its name; what a custom role may do is not in a binding. */
  readonly isStrong: boolean;
}

const ANONYMOUS = new Set(['system:anonymous', 'system:unauthenticated']);
const BROAD = new Set([
  'system:authenticated',
  'system:serviceaccounts',
  'system:serviceaccounts:kube-system',
  'system:nodes',
]);

/** Roles that Kubernetes itself gives to every authenticated identity, and that tell no more than that it runs. */
const HARMLESS = new Set([
  'system:basic-user',
  'system:discovery',
  'system:public-info-viewer',
  'system:service-account-issuer-discovery',
]);

/** Whether a subject stands for callers without credentials. A slip in `kind` shows the same intent. */
export function isAnonymousSubject({ kind, name }: Subject): boolean {
  return kind !== 'ServiceAccount' && ANONYMOUS.has(name);
}

/** Whether a subject is `system:masters`, which may do everything before any role is asked: a binding adds nothing. */
export function isMasters({ kind, name }: Subject): boolean {
  return kind === 'Group' && name === 'system:masters';
}

/** Whether a role is one of those that every authenticated identity has by default. */
export function isHarmlessRole({ role }: Binding): boolean {
  return role?.kind === 'ClusterRole' && HARMLESS.has(role.name);
}

/** The binding that a write left behind; `undefined` for upkeep, for no change, and where the event shows none. */
export function bindingWriteOf(event: AuditEvent): BindingWrite | undefined {
  if (isRbacUpkeep(event)) return undefined;
  const binding = bindingOf(event);
  if (!binding) return undefined;
  const { subjects, namespace } = binding;
  const everyone = subjects.filter(
    (subject) =>
      isAnonymousSubject(subject) ||
      (subject.kind === 'Group' && BROAD.has(subject.name) && !isHarmlessRole(binding)) ||
      subjects.every(isMasters),
  );
  const others = subjects.filter((subject) => !everyone.includes(subject));
  const power = others.length > 0 ? powerOf(event, { ...binding, subjects: others }) : undefined;

  const builtIn = builtInOf(event);
  const isNew = event.verb === 'create' || event.responseStatus?.code === 201;
  const topic =
    everyone.length > 0
      ? 'everyone'
      : builtIn === 'default' || builtIn === 'eks'
        ? 'built-in'
        : power
          ? 'powerful'
          : builtIn === 'system' && !isNew
            ? 'built-in'
            : isSensitiveNamespace(namespace) && subjects.length > 0
              ? 'system-namespace'
              : undefined;
  const isStrong = !['reader', 'custom', 'delegator'].includes(strengthOf(binding));
  return { binding, topic, everyone, power, isStrong };
}

/** The control plane's own roles: whoever holds one stands in for the component. */
const COMPONENT_ROLE =
  /^system:(?:kube-controller-manager|kube-scheduler|node|node-proxier|node-bootstrapper|kubelet-api-admin|aggregate-to-(?:admin|edit)|persistent-volume-provisioner|controller:.+|certificates\.k8s\.io:.+)$/;

type Strength = 'cluster-admin' | 'admin' | 'component' | 'eks' | 'delegator' | 'reader' | 'custom';

function strengthOf({ role }: Binding): Strength {
  if (role?.kind !== 'ClusterRole') return 'custom';
  const { name } = role;
  if (name === 'cluster-admin') return 'cluster-admin';
  if (name === 'admin' || name === 'edit') return 'admin';
  if (COMPONENT_ROLE.test(name)) return 'component';
  if (name.startsWith('eks:')) return 'eks';
  if (name === 'system:auth-delegator') return 'delegator';
  return name === 'view' || HARMLESS.has(name) ? 'reader' : 'custom';
}

/** How much a role of known strength is where it is bound, whoever gets it. */
function roleJudged(strength: Strength, { role, namespace }: Binding): Judged | undefined {
  const name = role?.name ?? 'a role';
  const where = namespace === undefined ? 'in the whole cluster' : `in ${namespace}`;
  const isSystem = isSystemNamespace(namespace);
  switch (strength) {
    case 'cluster-admin':
    case 'admin': {
      if (isSystem) {
        const severityReason = `${name} in ${namespace}, whose service accounts hold rights over the cluster`;
        return { severity: 'high', severityReason };
      }
      if (namespace === undefined && strength === 'cluster-admin') {
        return { severity: 'high', severityReason: 'full control of the cluster' };
      }
      const isOrdinary = strength === 'admin' && namespace !== undefined && !isSensitiveNamespace(namespace);
      return { severity: isOrdinary ? 'low' : 'medium', severityReason: `${name} ${where}` };
    }
    case 'component':
      return {
        severity: namespace === undefined ? 'high' : 'medium',
        severityReason: `${name}, a role of the control plane, ${where}`,
      };
    case 'eks':
      return {
        severity: namespace === undefined ? 'medium' : 'low',
        severityReason: `${name}, a role of EKS itself, ${where}`,
      };
    case 'delegator':
      return { severity: 'low', severityReason: 'lets its holders only ask the API server to check other callers' };
    default:
      return undefined;
  }
}

function powerOf(event: AuditEvent, binding: Binding): Judged | undefined {
  const { subjects, namespace } = binding;
  const strength = strengthOf(binding);
  const byRole = roleJudged(strength, binding);
  const isStrong = byRole !== undefined && strength !== 'delegator';
  const reachesCluster = namespace === undefined || isSystemNamespace(namespace);

  const own = subjects.filter((subject) => isOwn(event, subject));
  if (own.length > 0) {
    const isByName = own.some(({ kind }) => kind !== 'Group');
    const groups = own.filter(({ kind }) => kind === 'Group').map(({ name }) => name);
    const because = isByName ? 'the caller gives it to itself' : `the caller gives it to its own ${groups.join(', ')}`;
    if (strength === 'reader' || strength === 'delegator') {
      return { severity: 'medium', severityReason: `${because}, but a role that changes nothing` };
    }
    if (reachesCluster && (isStrong || isByName)) {
      return { severity: 'critical', severityReason: `${because}, with reach over the cluster` };
    }
    if (isStrong) return { severity: 'high', severityReason: `${because}: ${byRole.severityReason}` };
    const severityReason = `${because}, in a role whose strength the event does not show`;
    return calmedForWorkload(event, { severity: reachesCluster || isByName ? 'high' : 'medium', severityReason });
  }

  const everyPod = subjects.filter(isEveryPod);
  if (everyPod.length > 0) {
    const because = `${everyPod.map(subjectText).join(', ')} is what pods of a namespace run as unless told otherwise`;
    if (strength === 'cluster-admin' && namespace === undefined) {
      return { severity: 'critical', severityReason: `full control of the cluster, and ${because}` };
    }
    if (isStrong) return { severity: 'high', severityReason: `${byRole.severityReason}, and ${because}` };
    if (strength === 'custom') return calmedForWorkload(event, { severity: 'medium', severityReason: because });
    return { severity: 'low', severityReason: `${because}, but the role changes nothing` };
  }

  if (!byRole || (strength === 'cluster-admin' && namespace === undefined)) return byRole;
  return calmedForWorkload(event, byRole);
}

/** The account that pods run as unless told otherwise, or all accounts of one namespace. */
function isEveryPod({ kind, name }: Subject): boolean {
  return kind === 'ServiceAccount'
    ? name === 'default'
    : kind === 'Group' && name.startsWith('system:serviceaccounts:');
}

/** To whom a binding gives its role, as a title says it: the caller is `itself`, and of many only three are named. */
export function recipientsText(event: AuditEvent, { subjects }: Binding): string {
  const shown = subjects
    .slice(0, 3)
    .map((subject) => (subject.kind !== 'Group' && isOwn(event, subject) ? 'itself' : subjectText(subject)));
  return [...shown, ...(subjects.length > 3 ? [`${subjects.length - 3} more`] : [])].join(', ');
}

/** Whether a subject is the caller: by name, as the service account it is, or by a group that not everybody is in. */
function isOwn(event: AuditEvent, subject: Subject): boolean {
  return [event.user, effectiveUser(event)].some((user) => isSubject(user, subject));
}

const NOBODYS_OWN = new Set([
  'system:authenticated',
  'system:unauthenticated',
  'system:masters',
  'system:serviceaccounts',
]);

function isSubject(user: AuditUser, { kind, name, namespace }: Subject): boolean {
  if (kind === 'Group') return user.groups.includes(name) && !NOBODYS_OWN.has(name);
  if (kind === 'User') return name !== '' && user.username === name;
  const account = serviceAccountOf(user);
  return account !== undefined && account.name === name && account.namespace === namespace;
}
