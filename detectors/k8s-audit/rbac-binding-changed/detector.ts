import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { bindingEvidence, bindingOf, isRbacUpkeep, RBAC_GROUP, rbacObjectText } from '../../../core/k8s-audit/rbac.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-binding-changed',
  title: 'Role binding created, changed or deleted',
  description:
    'The trail of who was given rights and who lost them. Off unless a site wants every change in its SIEM: Helm and GitOps make such changes daily.',
  severity: 'low',
  mode: 'off',
  mitre: ['TA0003:T1098.006'],
  source: 'k8s-audit',
  covers: ['rbac-binding-changed'],
  when: {
    verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
    resources: ['clusterrolebindings', 'rolebindings'],
    apiGroups: [RBAC_GROUP],
    outcomes: ['succeeded'],
  },

  detect(event) {
    if (isRbacUpkeep(event)) return undefined;
    const binding = event.verb.startsWith('delete') ? undefined : bindingOf(event);
    return {
      title: `${actorName(event)}: ${event.verb} ${rbacObjectText(event)}`,
      dedup: [event.user.username, event.verb, rbacObjectText(event)],
      evidence: binding ? bindingEvidence(binding) : {},
    };
  },
});
