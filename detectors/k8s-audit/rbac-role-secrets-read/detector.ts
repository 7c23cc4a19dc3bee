import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { RBAC_GROUP, RBAC_WRITES, rbacDedup, rbacObjectText } from '../../../core/k8s-audit/rbac.ts';
import { judgedByPowers, roleEvidence, roleWriteOf } from '../../../core/k8s-audit/rbac-powers.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-role-secrets-read',
  title: 'Role that reads secrets',
  description:
    'Secrets hold the tokens and passwords that lead on. A right to list or watch them shows their contents as much as a right to get.',
  severity: 'medium',
  mitre: ['TA0004:T1098.006', 'TA0006:T1552.007'],
  source: 'k8s-audit',
  covers: [
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
    verbs: RBAC_WRITES,
    resources: ['clusterroles', 'roles'],
    apiGroups: [RBAC_GROUP],
    outcomes: ['succeeded'],
  },

  detect(event) {
    const role = roleWriteOf(event);
    if (role?.topic !== 'secrets') return undefined;
    return {
      title: `${actorName(event)} wrote ${rbacObjectText(event)}, which lets its holders ${role.powers[0]?.words}`,
      ...judgedByPowers(event, role),
      dedup: rbacDedup(event),
      evidence: roleEvidence(role),
    };
  },
});
