import { defineDetector } from '../../../core/detector.ts';
import { reachOf } from '../../../core/k8s-audit/anonymous.ts';
import { callerOf, principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName, effectiveUser } from '../../../core/k8s-audit/identity.ts';
import { adminNameOf, clusterAdminGrantOf } from '../../../core/k8s-audit/privileged-identity.ts';
import { pathOf, resourceOf } from '../../../core/k8s-audit/request.ts';

export default defineDetector({
  id: 'k8s-audit/cluster-admin-identity-used',
  title: 'Cluster administrator at work (activity)',
  description:
    'A change, a session or a read of secrets was made with unlimited rights. Daily work should not need them; a break-glass identity should be seen each time it is used.',
  severity: 'medium',
  mode: 'off',
  mitre: ['TA0004:T1078.004'],
  source: 'k8s-audit',
  covers: ['cluster-admin-identity-used'],
  when: { outcomes: ['succeeded'] },

  detect(event) {
    if (callerOf(event) === 'component' || reachOf(event) === 'read') return undefined;
    const user = effectiveUser(event);
    const grant = adminNameOf(user) ?? clusterAdminGrantOf(event);
    if (grant === undefined) return undefined;
    const what = resourceOf(event) ?? pathOf(event);
    const { namespace, name } = event.objectRef ?? {};
    return {
      title: `${actorName(event)} used cluster administrator rights to ${event.verb} ${[what, name, namespace && `in ${namespace}`].filter(Boolean).join(' ')}`,
      dedup: [principalOf(event)],
      evidence: { administratorBy: grant, reach: reachOf(event) },
    };
  },
});
