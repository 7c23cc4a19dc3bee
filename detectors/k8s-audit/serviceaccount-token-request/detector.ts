import { defineDetector } from '../../../core/detector.ts';
import { callerOf, describeCaller, principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName, boundPodOf, isNode } from '../../../core/k8s-audit/identity.ts';
import { isSystemNamespace } from '../../../core/k8s-audit/object.ts';
import { powerOfServiceAccount } from '../../../core/k8s-audit/powerful-service-account.ts';
import type { AuditEvent } from '../../../core/k8s-audit/schema.ts';
import { type TokenRequest, tokenRequestOf } from '../../../core/k8s-audit/token-request.ts';
import type { Severity } from '../../../core/severity.ts';

const HOUR_SECONDS = 3600;

export default defineDetector({
  id: 'k8s-audit/serviceaccount-token-request',
  title: 'Service account token minted',
  description:
    'Kubelets fetch tokens for the pods they run, each bound to its pod. Anybody else who mints one holds a credential of that service account: it works from anywhere, survives its maker and cannot be revoked alone.',
  severity: 'medium',
  // Operators mint on a timer.
  incidentHours: 24,
  mitre: ['TA0006:T1528', 'TA0003:T1098', 'TA0004:T1078.001'],
  source: 'k8s-audit',
  covers: ['serviceaccount-token-minted', 'serviceaccount-token-privileged'],
  when: { verbs: ['create'], resources: ['serviceaccounts/token'], outcomes: ['succeeded'] },

  detect(event) {
    const request = tokenRequestOf(event);
    const isKubelet = isNode(event.user) && !event.impersonatedUser;
    if (isKubelet && request?.isBoundToPod) return undefined;
    const { namespace = '-', name = '-' } = event.objectRef ?? {};
    // kube-controller-manager fetches the tokens of its own controllers, which live there.
    if (callerOf(event) === 'component' && namespace === 'kube-system') return undefined;
    return {
      title: `${actorName(event)} minted a token of the service account ${namespace}/${name}`,
      dedup: [principalOf(event), namespace, name],
      ...judged(event, request, isKubelet),
      evidence: {
        serviceAccount: `${namespace}/${name}`,
        audiences: request?.audiences,
        worksAtApiServer: request?.isForApiServer,
        worksAtAws: request?.isForAws,
        lifetimeSeconds: request?.expirationSeconds,
        boundTo: request && (request.boundTo ?? 'nothing'),
        requesterPod: boundPodOf(event.user),
        bodyLogged: request !== undefined,
      },
    };
  },
});

function judged(event: AuditEvent, request: TokenRequest | undefined, isKubelet: boolean) {
  const as = (severity: Severity, severityReason: string) => ({ severity, severityReason });
  const { namespace = '', name = '' } = event.objectRef ?? {};
  const power = powerOfServiceAccount(namespace, name);
  if (power === 'built-in') return as('high', 'a controller of the control plane: its rights reach the whole cluster');
  if (isSystemNamespace(namespace))
    return as('high', `a service account of ${namespace}, where EKS and its add-ons run`);
  if (isKubelet) {
    return request
      ? as('high', 'a node that asks for a token bound to no pod: kubelets never do')
      : as('low', 'a node asked, and the log does not show whether for one of its pods');
  }
  if (request && request.expirationSeconds > HOUR_SECONDS) {
    return as('high', `asked for a life of ${request.expirationSeconds} s, longer than the hour that tools ask for`);
  }
  const caller = event.impersonatedUser ? 'outsider' : callerOf(event);
  if (caller === 'unbound' || caller === 'displaced') {
    return as('high', `minted by ${describeCaller(event)}, not by a pod at work`);
  }
  if (caller === 'resident' && request && !request.isForApiServer) {
    return as(
      'low',
      'fetched by a pod, short-lived, and no login to the API server: so operators call clouds and vaults',
    );
  }
  if (power === 'add-on') return as('high', 'a service account that commonly administers the cluster, by its name');
  if (request?.isForAws) return as('high', 'its audience is AWS: it is worth the IAM role of that service account');
  return {};
}
