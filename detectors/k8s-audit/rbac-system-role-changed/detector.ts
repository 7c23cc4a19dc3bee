import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { isSystemNamespace, metadataOf } from '../../../core/k8s-audit/object.ts';
import {
  bindingEvidence,
  builtInOf,
  grantTogether,
  isRbacUpkeep,
  type Judged,
  RBAC_GROUP,
  rbacDedup,
  rbacObjectOf,
  rbacObjectText,
} from '../../../core/k8s-audit/rbac.ts';
import { bindingWriteOf } from '../../../core/k8s-audit/rbac-bindings.ts';
import { judgedByPowers, type RoleWrite, roleEvidence, roleWriteOf } from '../../../core/k8s-audit/rbac-role-write.ts';
import { queryOf } from '../../../core/k8s-audit/request.ts';
import type { AuditEvent } from '../../../core/k8s-audit/schema.ts';
import { isWorkloadCreated } from '../../../core/k8s-audit/workload-write.ts';
import type { Severity } from '../../../core/severity.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-system-role-changed',
  title: 'Built-in role or binding changed or deleted',
  description:
    'The roles and bindings that Kubernetes and EKS bring along are trusted unread and repaired by the control plane alone. A change there hides a backdoor where nobody looks, or breaks the cluster.',
  severity: 'high',
  mitre: ['TA0003:T1098.006', 'TA0005:T1222'],
  source: 'k8s-audit',
  covers: [
    'system-role-modified',
    'cluster-admin-binding',
    'privileged-role-binding',
    'self-privilege-grant',
    'default-serviceaccount-privileged',
    'binding-in-sensitive-namespace',
    'role-aggregation-tamper',
    'role-wildcard',
    'role-escalation-verbs',
    'role-token-csr-webhook-write',
    'role-nodes-proxy',
    'role-pod-exec',
    'role-secrets-read',
    'role-write-privileges',
    'role-grants-event-deletion',
  ],
  when: {
    verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
    resources: ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'],
    apiGroups: [RBAC_GROUP],
    outcomes: ['succeeded'],
  },

  detect(event) {
    if (isRbacUpkeep(event)) return undefined;
    const builtIn = builtInOf(event);
    const finding =
      event.verb === 'deletecollection'
        ? collectionDeleted(event)
        : builtIn && (event.verb === 'delete' ? deleted(event, builtIn) : changed(event, builtIn));
    return finding && { ...finding, dedup: rbacDedup(event) };
  },
});

const AUTO_REPAIR = 'rbac.authorization.kubernetes.io/autoupdate';

type BuiltIn = NonNullable<ReturnType<typeof builtInOf>>;

const OWNERS = { default: 'Kubernetes itself', eks: 'EKS', system: 'an add-on, by its name' };
const OF_ADD_ON = 'belongs to an add-on, as far as its name tells';

function judged(severity: Severity, severityReason: string): Judged {
  return { severity, severityReason };
}

function deleted(event: AuditEvent, builtIn: BuiltIn) {
  return {
    title: `${actorName(event)} deleted the built-in ${rbacObjectText(event)}`,
    ...(builtIn === 'system' ? judged('low', OF_ADD_ON) : {}),
    evidence: { belongsTo: OWNERS[builtIn] },
  };
}

/** Deletes without a name: the built-in ones are among them unless a label says otherwise. */
function collectionDeleted(event: AuditEvent) {
  const { resource = '', namespace } = event.objectRef ?? {};
  if (namespace !== undefined && !isSystemNamespace(namespace)) return undefined;
  const selector = queryOf(event).get('labelSelector') ?? '';
  const isNarrow = /^[^!=]+=[^=]+$/.test(selector) && !selector.includes('kubernetes.io/bootstrapping');
  const which = `${namespace ? ` of ${namespace}` : ''}${selector ? ` labelled ${selector}` : ''}`;
  return {
    title: `${actorName(event)} deleted all ${resource}${which} at once`,
    ...(isNarrow ? judged('medium', 'limited to one label, which built-in objects do not carry') : {}),
    evidence: { selector: selector || undefined, belongsTo: 'nobody in particular: the request names no object' },
  };
}

function changed(event: AuditEvent, builtIn: BuiltIn) {
  const role = event.objectRef?.resource?.endsWith('roles') ? roleWriteOf(event) : undefined;
  const write = role ? undefined : bindingWriteOf(event);
  const known = role ?? write;
  if (known ? known.topic !== 'built-in' : builtIn === 'system' && isWorkloadCreated(event)) return undefined;
  const object = rbacObjectOf(event);
  const autoRepairOff = object && metadataOf(object).annotations?.[AUTO_REPAIR] === 'false';
  const ofAddOn = () => {
    if (role) return addOnRole(event, role);
    return write
      ? judged('low', `${OF_ADD_ON}, and its role is not a powerful one`)
      : judged('medium', 'the event does not show who is given what');
  };
  const worse = () =>
    autoRepairOff
      ? judged('critical', 'the API server’s own repair of it is switched off (autoupdate=false)')
      : (role && widened(event, role)) || (write?.power?.severity === 'critical' ? write.power : {});
  return {
    title: `${actorName(event)} changed the built-in ${rbacObjectText(event)}`,
    ...(builtIn === 'system' ? ofAddOn() : worse()),
    evidence: {
      belongsTo: OWNERS[builtIn],
      autoRepairOff,
      ...(role ? roleEvidence(role) : {}),
      ...(write ? bindingEvidence(write.binding) : {}),
    },
  };
}

function widened(event: AuditEvent, { rules }: RoleWrite): Judged | undefined {
  const everything = grantTogether(rules, { group: '*', resource: '*', verb: '*' });
  if (!everything || event.objectRef?.name === 'cluster-admin') return undefined;
  return judged('critical', 'every holder of this built-in role may now do everything');
}

function addOnRole(event: AuditEvent, role: RoleWrite): Judged {
  if (role.isShown) return judgedByPowers(event, role);
  return judged('medium', 'the event does not show what the role lets its holders do now');
}
