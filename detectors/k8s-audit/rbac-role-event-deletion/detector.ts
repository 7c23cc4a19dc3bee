import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { ROLE_WRITTEN, rbacDedup, rbacObjectText } from '../../../core/k8s-audit/rbac.ts';
import { deletesEvents } from '../../../core/k8s-audit/rbac-powers.ts';
import { roleEvidence, roleWriteOf } from '../../../core/k8s-audit/rbac-role-write.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-role-event-deletion',
  title: 'Role that deletes events',
  description:
    'Events are what the cluster itself remembers of the last hour. EKS logs no deletion of them: the right to do it is the only sign there is.',
  severity: 'low',
  mitre: ['TA0005:T1070'],
  source: 'k8s-audit',
  covers: ['role-grants-event-deletion', 'role-write-privileges'],
  when: ROLE_WRITTEN,

  detect(event) {
    const role = roleWriteOf(event);
    if (!role || role.topic || !deletesEvents(role)) return undefined;
    return {
      title: `${actorName(event)} wrote ${rbacObjectText(event)}, which lets its holders delete events`,
      dedup: rbacDedup(event),
      evidence: roleEvidence(role),
    };
  },
});
