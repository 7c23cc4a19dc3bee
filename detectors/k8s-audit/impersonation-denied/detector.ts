import { defineDetector } from '../../../core/detector.ts';
import { principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { isEksService, refusedImpersonationOf } from '../../../core/k8s-audit/impersonation.ts';
import { privilegesOf } from '../../../core/k8s-audit/privileged-identity.ts';
import { pathOf, resourceOf } from '../../../core/k8s-audit/request.ts';

export default defineDetector({
  id: 'k8s-audit/impersonation-denied',
  title: 'Impersonation refused',
  description:
    'A caller tried to act as somebody else and was refused. Tools that impersonate hold the right for it, so whoever tries without is looking for a way up or mistyped a name.',
  severity: 'medium',
  mitre: ['TA0004:T1134'],
  source: 'k8s-audit',
  covers: ['impersonation-denied'],
  when: { outcomes: ['denied'] },

  detect(event) {
    const { user, impersonatedUser } = event;
    const refused = refusedImpersonationOf(event);
    if (refused) {
      const { kind, name, isPrivileged } = refused;
      return {
        title: `${user.username || 'An unauthenticated caller'} was refused to act as ${name ?? 'another identity'}`,
        dedup: [principalOf(event), name ?? '-'],
        evidence: { refused: 'impersonation', wantedKind: kind, wanted: name, privilegedTarget: isPrivileged },
      };
    }
    if (!impersonatedUser || isEksService(user)) return undefined;
    const privileges = privilegesOf(impersonatedUser);
    return {
      title: `${actorName(event)} was refused to ${event.verb} ${resourceOf(event) ?? pathOf(event)}`,
      dedup: [principalOf(event), 'request'],
      ...(privileges.length === 0 && {
        severity: 'low',
        severityReason: 'the caller may impersonate, and became an ordinary identity that lacks the right it tried',
      }),
      evidence: {
        refused: 'the request, after the impersonation was allowed',
        wanted: impersonatedUser.username || impersonatedUser.groups.join(', '),
        privileges,
        privilegedTarget: privileges.length > 0,
      },
    };
  },
});
