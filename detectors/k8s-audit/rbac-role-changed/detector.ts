import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { isRbacUpkeep, RBAC_GROUP, rbacObjectText, roleRulesOf, ruleText } from '../../../core/k8s-audit/rbac.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-role-changed',
  title: 'Role or ClusterRole created, changed or deleted',
  description:
    'The trail of what roles could do and when that changed. Off unless a site wants every change in its SIEM: Helm and GitOps make such changes daily.',
  severity: 'low',
  mode: 'off',
  mitre: ['TA0003:T1098.006'],
  source: 'k8s-audit',
  covers: ['rbac-role-changed'],
  when: {
    verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
    resources: ['clusterroles', 'roles'],
    apiGroups: [RBAC_GROUP],
    outcomes: ['succeeded'],
  },

  detect(event) {
    if (isRbacUpkeep(event)) return undefined;
    const rules = event.verb.startsWith('delete') ? undefined : roleRulesOf(event);
    return {
      title: `${actorName(event)}: ${event.verb} ${rbacObjectText(event)}`,
      dedup: [event.user.username, event.verb, rbacObjectText(event)],
      evidence: { rules: rules?.map(ruleText) },
    };
  },
});
