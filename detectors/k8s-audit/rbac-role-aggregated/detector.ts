import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { RBAC_GROUP, RBAC_WRITES, rbacDedup, rbacObjectText } from '../../../core/k8s-audit/rbac.ts';
import { aggregationJudged, roleEvidence, roleWriteOf } from '../../../core/k8s-audit/rbac-role-write.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-role-aggregated',
  title: 'ClusterRole that pours rights into admin, edit or view, or gathers the rights of others',
  description:
    'By a label or an aggregationRule the control plane itself copies rules from role to role: every holder of the wider role gains them, and no write by the attacker touches it.',
  severity: 'high',
  mitre: ['TA0003:T1098.006', 'TA0004:T1098.006'],
  source: 'k8s-audit',
  covers: [
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
  when: { verbs: RBAC_WRITES, resources: ['clusterroles'], apiGroups: [RBAC_GROUP], outcomes: ['succeeded'] },

  detect(event) {
    const role = roleWriteOf(event);
    if (role?.topic !== 'aggregated') return undefined;
    const { feeds, gathers } = role;
    const act = gathers.length > 0 ? `which gathers the rules of ${gathers.join('; ')}` : `into ${feeds.join(', ')}`;
    return {
      title: `${actorName(event)} wrote ${rbacObjectText(event)}, ${gathers.length > 0 ? act : `whose rules flow ${act}`}`,
      ...aggregationJudged(event, role),
      dedup: rbacDedup(event),
      evidence: { ...roleEvidence(role), gathers },
    };
  },
});
