import { defineDetector } from '../../../core/detector.ts';
import { isReview, reachOf } from '../../../core/k8s-audit/anonymous.ts';
import { principalOf } from '../../../core/k8s-audit/caller.ts';
import { forgedAttributesOf, isEksService } from '../../../core/k8s-audit/impersonation.ts';
import {
  clusterAdminGrantOf,
  isPrivilegedUsername,
  privilegesOf,
} from '../../../core/k8s-audit/privileged-identity.ts';
import { outcomeOf, pathOf, resourceOf } from '../../../core/k8s-audit/request.ts';

export default defineDetector({
  id: 'k8s-audit/impersonation',
  title: 'Request made as a privileged identity by impersonation',
  description:
    'The caller used its impersonate right to act as an administrator, a node or the control plane. Whoever holds that right holds whatever it can become, and most tools show the impersonated name alone.',
  severity: 'high',
  mitre: ['TA0004:T1134', 'TA0004:T1078'],
  source: 'k8s-audit',
  covers: ['impersonation-privileged'],
  when: { outcomes: ['succeeded', 'dry-run', 'rejected', 'failed'], caller: 'impersonator' },

  detect(event) {
    const { user, impersonatedUser } = event;
    if (!impersonatedUser || isEksService(user)) return undefined;
    const grant = clusterAdminGrantOf(event);
    const privileges = [...privilegesOf(impersonatedUser), ...(grant === undefined ? [] : [grant])];
    const forged = forgedAttributesOf(impersonatedUser);
    if (privileges.length === 0 && forged.length === 0) return undefined;
    const by = privileges.find((privilege) => !privilege.startsWith('user ')) ?? forged[0];
    const as =
      isPrivilegedUsername(impersonatedUser.username) || by === undefined
        ? impersonatedUser.username
        : `${impersonatedUser.username || 'nobody'} (${by})`;
    return {
      title: `${user.username} impersonated ${as} to ${event.verb} ${resourceOf(event) ?? pathOf(event)}`,
      dedup: [principalOf(event), privileges.join(', ')],
      ...milder(privileges, user.groups.includes('system:masters') && reachOf(event) === 'read', isReview(event)),
      evidence: {
        privileges,
        forgedAttributes: forged,
        impersonatedUser: impersonatedUser.username,
        impersonatedGroups: impersonatedUser.groups,
        impersonatedUid: impersonatedUser.uid || undefined,
        outcome: outcomeOf(event),
      },
    };
  },
});

function milder(privileges: readonly string[], isAdminReading: boolean, isReview: boolean) {
  const reason =
    privileges.length === 0
      ? 'the name is an ordinary one; the attributes beside it are the authenticator’s to set'
      : isAdminReading
        ? 'an ordinary read, by a caller who is in system:masters itself and gains nothing but another name in the log'
        : isReview
          ? 'it only asked what that identity is or may do'
          : undefined;
  return reason === undefined ? {} : ({ severity: 'medium', severityReason: reason } as const);
}
