import { defineDetector } from '../../../core/detector.ts';
import { callerOf, principalOf } from '../../../core/k8s-audit/caller.ts';
import {
  certificateDecisionOf,
  certificateRequestOf,
  isApiServerLogin,
  isNodesOwn,
  isOwnRequest,
  privilegedNamesIn,
} from '../../../core/k8s-audit/certificate.ts';
import { actorName, effectiveUser } from '../../../core/k8s-audit/identity.ts';
import { objectNameOf } from '../../../core/k8s-audit/object.ts';

export default defineDetector({
  id: 'k8s-audit/certificate-approval',
  title: 'Certificate approved or signed by hand',
  description:
    'Approval is the step that turns a request into a login. On EKS the control plane approves its nodes by itself; anybody else who approves hands out credentials that outlive their own.',
  severity: 'high',
  mitre: ['TA0006:T1649'],
  source: 'k8s-audit',
  covers: ['csr-approved'],
  when: {
    verbs: ['create', 'update', 'patch'],
    resources: ['certificatesigningrequests/approval', 'certificatesigningrequests/status'],
    outcomes: ['succeeded'],
  },

  detect(event) {
    const decision = certificateDecisionOf(event);
    if (decision === undefined || callerOf(event) === 'component') return undefined;
    const request = certificateRequestOf(event);
    const name = objectNameOf(event) ?? '-';
    const privileged = request?.subject ? privilegedNamesIn(request.subject) : [];
    const isOwn = request !== undefined && isOwnRequest(request, effectiveUser(event));
    const { commonNames, organizations } = request?.subject ?? {};
    const subject = [
      ...(commonNames ?? []).map((one) => `CN=${one}`),
      ...(organizations ?? []).map((one) => `O=${one}`),
    ].join(', ');
    return {
      title: `${actorName(event)} ${decision} the certificate request ${name}${isOwn ? ' of its own' : ''}${subject && ` for ${subject}`}`,
      dedup: [principalOf(event), name],
      ...(request && judged(request, isOwn, privileged)),
      evidence: {
        decision,
        requester: request?.requester,
        approvedOwnRequest: isOwn,
        commonNames,
        organizations,
        privilegedNames: privileged,
        signerName: request?.signerName,
        usages: request?.usages,
        bodyLogged: request !== undefined,
      },
    };
  },
});

function judged(request: NonNullable<ReturnType<typeof certificateRequestOf>>, isOwn: boolean, privileged: string[]) {
  const as = (severity: 'low' | 'medium' | 'critical', severityReason: string) => ({ severity, severityReason });
  const requester = { username: request.requester ?? '', groups: [], extra: undefined };
  if (isNodesOwn(request, requester))
    return as('low', 'a node’s certificate in its own name, as the control plane gives it');
  if (!isApiServerLogin(request)) {
    return privileged.length > 0
      ? as('medium', `names ${privileged.join(', ')}, but the API server takes no such certificate for a login`)
      : as('low', 'the API server takes no such certificate for a login');
  }
  if (isOwn) return as('critical', 'requested and approved by the same identity');
  return privileged.length > 0 ? as('critical', `a login as ${privileged.join(', ')}`) : {};
}
