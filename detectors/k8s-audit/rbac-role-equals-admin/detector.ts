import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { RBAC_GROUP, RBAC_WRITES, rbacDedup, rbacObjectText } from '../../../core/k8s-audit/rbac.ts';
import { judgedByPowers, roleEvidence, roleWriteOf } from '../../../core/k8s-audit/rbac-powers.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-role-equals-admin',
  title: 'Role that amounts to cluster administrator',
  description:
    'Wildcards, escalate, bind, impersonate, token minting, certificate approval and webhook writes each lead to full control in one or two steps. The role stays when the credential that made it is gone.',
  severity: 'high',
  mitre: ['TA0003:T1098.006', 'TA0004:T1098.006', 'TA0004:T1078'],
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
    if (role?.topic !== 'admin') return undefined;
    return {
      title: `${actorName(event)} wrote ${rbacObjectText(event)}, which lets its holders ${role.powers[0]?.words}`,
      ...judgedByPowers(event, role),
      dedup: rbacDedup(event),
      evidence: roleEvidence(role),
    };
  },
});
