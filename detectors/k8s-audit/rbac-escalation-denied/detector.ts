import { defineDetector } from '../../../core/detector.ts';
import { actorName, isControlPlane } from '../../../core/k8s-audit/identity.ts';
import {
  bindingEvidence,
  bindingOf,
  isInClusterWorkload,
  RBAC_GROUP,
  RBAC_WRITES,
  rbacDedup,
  rbacObjectText,
  refusalOf,
  roleRulesOf,
  ruleText,
} from '../../../core/k8s-audit/rbac.ts';

/** Of the missing rights as the API server spells them: what an operator rarely lacks by mistake. */
const SHARP = /"(?:\*|escalate|bind|impersonate|secrets|pods\/exec|nodes\/proxy|serviceaccounts\/token)"/;

export default defineDetector({
  id: 'k8s-audit/rbac-escalation-denied',
  title: 'Attempt to grant rights that the caller does not hold, refused by the API server',
  description:
    'The caller may write roles or bindings and tried to write one stronger than itself. RBAC let the request in and the escalation check stopped it: a plain denial would not say so.',
  severity: 'high',
  mitre: ['TA0004:T1098.006'],
  source: 'k8s-audit',
  covers: ['rbac-escalation-denied'],
  when: {
    verbs: RBAC_WRITES,
    resources: ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'],
    apiGroups: [RBAC_GROUP],
    // A record without annotations shows no authorizer's decision; then only the message tells the check from a denial.
    outcomes: ['rejected', 'denied'],
  },

  detect(event) {
    const missing = isControlPlane(event) ? undefined : refusalOf(event);
    if (!missing) return undefined;
    const isRole = event.objectRef?.resource?.endsWith('roles');
    const binding = isRole ? undefined : bindingOf(event);
    const isPlain = missing.length > 0 && !missing.some((right) => SHARP.test(right));
    return {
      title: `${actorName(event)} tried to ${isRole ? 'write' : 'bind by'} ${rbacObjectText(event)} with rights that it does not hold`,
      ...(isPlain && isInClusterWorkload(event)
        ? {
            severity: 'medium',
            severityReason:
              'a service account inside the cluster, and no wildcard or sharp right among what it lacks: an operator whose own role is too small looks the same',
          }
        : {}),
      dedup: rbacDedup(event),
      evidence: {
        missing,
        ...(binding ? bindingEvidence(binding) : { rules: roleRulesOf(event)?.map(ruleText) }),
      },
    };
  },
});
