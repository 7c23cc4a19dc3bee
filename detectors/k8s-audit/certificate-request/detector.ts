import { defineDetector } from '../../../core/detector.ts';
import { callerOf, principalOf } from '../../../core/k8s-audit/caller.ts';
import {
  certificateRequestOf,
  isApiServerLogin,
  isClientCertificate,
  isNodesOwn,
  privilegedNamesIn,
} from '../../../core/k8s-audit/certificate.ts';
import { actorName, isNode } from '../../../core/k8s-audit/identity.ts';
import { objectNameOf } from '../../../core/k8s-audit/object.ts';

export default defineDetector({
  id: 'k8s-audit/certificate-request',
  title: 'Client certificate requested',
  description:
    'A client certificate signed by the cluster is a login that cannot be revoked before it expires. Whose login it is stands in the subject of the request, which the requester chooses.',
  severity: 'medium',
  mitre: ['TA0006:T1649', 'TA0003:T1098'],
  source: 'k8s-audit',
  covers: ['csr-client-cert-requested', 'csr-privileged-subject'],
  when: {
    verbs: ['create', 'update', 'patch'],
    resources: ['certificatesigningrequests'],
    outcomes: ['succeeded'],
  },

  detect(event) {
    if (callerOf(event) === 'component') return undefined;
    const actor = actorName(event);
    const request = certificateRequestOf(event);
    if (!request) {
      const isKubelet = isNode(event.user) && !event.impersonatedUser;
      return {
        title: `${actor} requested a certificate whose contents were not logged`,
        dedup: [principalOf(event), 'not logged'],
        ...(isKubelet && { severity: 'low', severityReason: 'nodes request certificates of their own as they start' }),
        evidence: { request: objectNameOf(event), bodyLogged: false },
      };
    }
    const { subject, signerName, usages, expirationSeconds } = request;
    const privileged = subject ? privilegedNamesIn(subject) : [];
    const isClient = isClientCertificate(request);
    if (!isClient && privileged.length === 0 && !request.isUnreadable) return undefined;
    if (!event.impersonatedUser && isNodesOwn(request, event.user)) return undefined;
    const names = [...(subject?.commonNames ?? []), ...(subject?.organizations ?? [])];
    return {
      title: `${actor} requested a ${isClient ? 'client' : 'server'} certificate for ${privileged.join(', ') || names.join(', ') || 'an unreadable subject'}`,
      dedup: [principalOf(event), names.join(', '), isClient ? 'client' : 'server'],
      ...judged(isClient, isApiServerLogin(request) || request.isUnreadable, privileged),
      evidence: {
        request: objectNameOf(event),
        subjectRead: subject !== undefined,
        commonNames: subject?.commonNames,
        organizations: subject?.organizations,
        privilegedNames: privileged,
        signerName,
        usages,
        expirationSeconds,
      },
    };
  },
});

function judged(isClient: boolean, isLogin: boolean, privileged: readonly string[]) {
  if (privileged.length > 0) {
    if (!isClient) return { severityReason: 'a privileged name, but on a certificate that cannot log in' } as const;
    const names = privileged.join(', ');
    return isLogin
      ? ({ severity: 'critical', severityReason: `as a login it would be ${names}` } as const)
      : ({ severity: 'high', severityReason: `whoever trusts its signer takes the holder for ${names}` } as const);
  }
  return isLogin
    ? {}
    : ({
        severity: 'low',
        severityReason: 'its signer is not the cluster’s: the API server does not take it',
      } as const);
}
