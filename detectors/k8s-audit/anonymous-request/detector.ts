import { defineDetector } from '../../../core/detector.ts';
import { isHealthCheck, isPublicDocument, reachOf } from '../../../core/k8s-audit/anonymous.ts';
import { sourceIpOf } from '../../../core/k8s-audit/identity.ts';
import { objectNameOf } from '../../../core/k8s-audit/object.ts';
import { pathOf, resourceOf } from '../../../core/k8s-audit/request.ts';

const DID = {
  write: 'changed',
  credentials: 'reached credentials through',
  session: 'opened a session through',
  read: 'read',
};

export default defineDetector({
  id: 'k8s-audit/anonymous-request',
  title: 'Request without credentials answered',
  description:
    'The API server let in a caller that showed no credentials, so anybody who reaches the endpoint can do the same. EKS 1.32 and later refuse this for everything but health checks: there it means the cluster was opened again.',
  severity: 'high',
  mitre: ['TA0001:T1190', 'TA0001:T1078.001', 'TA0006:T1552.007'],
  source: 'k8s-audit',
  // The detectors of secret reads leave callers without credentials to this one.
  covers: [
    'anonymous-request-allowed',
    'anonymous-sensitive-operation',
    'secrets-list-cluster-wide',
    'secrets-list-namespace',
    'sensitive-secret-read',
    'secret-read-scripting-client',
  ],
  when: { outcomes: ['succeeded'], caller: 'anonymous' },

  detect(event) {
    const resource = resourceOf(event);
    const path = pathOf(event);
    if (isHealthCheck(event) || (resource === undefined && path === '')) return undefined;
    const reach = reachOf(event);
    const isPublic = isPublicDocument(event);
    const from = sourceIpOf(event);
    const { namespace } = event.objectRef ?? {};
    const what = [resource ?? path, objectNameOf(event), namespace && `in ${namespace}`].filter(Boolean).join(' ');
    return {
      title: `An anonymous caller from ${from ?? 'an unknown address'} ${DID[reach]} ${what}`,
      dedup: [from ?? '-', reach, resource ?? path],
      ...(reach !== 'read' && {
        severity: 'critical',
        severityReason: `nobody without a name may ever do this, and it worked (${event.verb} ${what})`,
      }),
      ...(isPublic && {
        severity: 'low',
        severityReason: 'only a document that Kubernetes publishes to anybody by default',
      }),
      evidence: {
        reach: isPublic ? 'public document' : reach,
        path,
        grantedBy: event.annotations?.['authorization.k8s.io/reason'] || undefined,
      },
    };
  },
});
