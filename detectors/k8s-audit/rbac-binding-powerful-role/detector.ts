import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import {
  BINDING_WRITTEN,
  bindingEvidence,
  isInClusterWorkload,
  rbacDedup,
  rbacObjectText,
} from '../../../core/k8s-audit/rbac.ts';
import { bindingWriteOf, recipientsText } from '../../../core/k8s-audit/rbac-bindings.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-binding-powerful-role',
  title: 'Powerful role bound, or any role to the caller itself or to the default service account',
  description:
    'A binding to cluster-admin, to a control-plane role or to oneself is how access to a cluster is kept and widened: it outlives the credential that made it.',
  severity: 'high',
  mitre: ['TA0003:T1098.006', 'TA0004:T1098.006', 'TA0004:T1078.001'],
  source: 'k8s-audit',
  covers: [
    'cluster-admin-binding',
    'privileged-role-binding',
    'default-serviceaccount-privileged',
    'self-privilege-grant',
    'binding-in-sensitive-namespace',
    'system-role-modified',
  ],
  when: BINDING_WRITTEN,

  detect(event) {
    const write = bindingWriteOf(event);
    if (write?.topic !== 'powerful' || !write.power) return undefined;
    const { binding, power } = write;
    return {
      title: `${actorName(event)} bound ${binding.role?.name ?? 'a role'} to ${recipientsText(event, binding)} by ${rbacObjectText(event)}`,
      ...power,
      dedup: rbacDedup(event),
      evidence: { ...bindingEvidence(binding), byWorkload: isInClusterWorkload(event) },
    };
  },
});
