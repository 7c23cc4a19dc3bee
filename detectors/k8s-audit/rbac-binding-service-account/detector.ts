import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { isSystemNamespace } from '../../../core/k8s-audit/object.ts';
import {
  BINDING_WRITTEN,
  bindingEvidence,
  bindingOf,
  isRbacUpkeep,
  rbacDedup,
  rbacObjectText,
  subjectText,
} from '../../../core/k8s-audit/rbac.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-binding-service-account',
  title: 'Role bound to a service account',
  description:
    'A service account with a new right is a credential that any pod of its namespace can be made to carry. Off by default: nearly every Helm chart does it.',
  severity: 'low',
  mode: 'off',
  mitre: ['TA0003:T1098.006'],
  source: 'k8s-audit',
  covers: ['serviceaccount-bound-to-role'],
  when: BINDING_WRITTEN,

  detect(event) {
    if (isRbacUpkeep(event)) return undefined;
    const binding = bindingOf(event);
    const accounts = binding?.subjects.filter(({ kind }) => kind === 'ServiceAccount') ?? [];
    if (!binding || accounts.length === 0) return undefined;
    const strangers = accounts.filter(({ namespace }) => namespace !== binding.namespace);
    const severityReason = isSystemNamespace(binding.namespace)
      ? `in ${binding.namespace}, a namespace of EKS and its add-ons`
      : binding.namespace !== undefined && strangers.length > 0
        ? `${strangers.map(subjectText).join(', ')} comes from another namespace`
        : undefined;
    return {
      title: `${actorName(event)} bound ${binding.role?.name ?? 'a role'} to ${accounts.map(subjectText).join(', ')} by ${rbacObjectText(event)}`,
      ...(severityReason ? { severity: 'medium', severityReason } : {}),
      dedup: rbacDedup(event),
      evidence: bindingEvidence(binding),
    };
  },
});
