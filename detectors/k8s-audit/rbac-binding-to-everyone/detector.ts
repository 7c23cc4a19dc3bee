import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { isSystemNamespace } from '../../../core/k8s-audit/object.ts';
import {
  BINDING_WRITTEN,
  bindingEvidence,
  type Judged,
  rbacDedup,
  rbacObjectText,
  subjectText,
} from '../../../core/k8s-audit/rbac.ts';
import {
  type BindingWrite,
  bindingWriteOf,
  isAnonymousSubject,
  isHarmlessRole,
  isMasters,
} from '../../../core/k8s-audit/rbac-bindings.ts';
import { severityRank } from '../../../core/severity.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-binding-to-everyone',
  title: 'Role given to everybody: anonymous callers, all users, all service accounts or all nodes',
  description:
    'A binding to such a group gives its role to identities that nobody listed and nobody will think of: for system:anonymous and system:unauthenticated to whoever reaches the API endpoint, for system:authenticated to every mapped IAM principal and every pod with a token.',
  severity: 'high',
  mitre: ['TA0003:T1098.006', 'TA0004:T1078.001'],
  source: 'k8s-audit',
  covers: [
    'anonymous-access-granted',
    'broad-group-bound',
    'cluster-admin-binding',
    'privileged-role-binding',
    'binding-in-sensitive-namespace',
    'self-privilege-grant',
    'default-serviceaccount-privileged',
    'system-role-modified',
  ],
  when: BINDING_WRITTEN,

  detect(event) {
    const write = bindingWriteOf(event);
    if (write?.topic !== 'everyone') return undefined;
    const { binding, everyone, power } = write;
    const judged = reachOf(write);
    return {
      title: `${actorName(event)} gave ${binding.role?.name ?? 'a role'} to ${everyone.map(({ name }) => name).join(', ')} through ${rbacObjectText(event)}`,
      ...(power && severityRank(power.severity) > severityRank(judged.severity) ? power : judged),
      dedup: rbacDedup(event),
      evidence: { ...bindingEvidence(binding), everyone: everyone.map(subjectText) },
    };
  },
});

function reachOf({ binding, everyone, isStrong }: BindingWrite): Judged {
  const { namespace } = binding;
  if (everyone.some(isAnonymousSubject)) {
    return isHarmlessRole(binding)
      ? {
          severity: 'medium',
          severityReason: 'callers without credentials get a role that tells what the cluster runs',
        }
      : { severity: 'critical', severityReason: 'callers without any credentials get the role' };
  }
  if (everyone.every(isMasters)) {
    return {
      severity: 'low',
      severityReason: 'system:masters may do everything already: the binding adds nothing to it',
    };
  }
  const where = namespace === undefined ? 'in the whole cluster' : `in ${namespace}`;
  const what = isStrong ? 'a privileged role' : 'a role';
  const severityReason = `${what} ${where} for identities that nobody listed`;
  if (namespace === undefined || isSystemNamespace(namespace)) {
    return { severity: isStrong ? 'critical' : 'high', severityReason };
  }
  return { severity: isStrong ? 'high' : 'medium', severityReason };
}
