import { defineDetector } from '../../../core/detector.ts';
import { isAnonymous, sourceIpOf } from '../../../core/k8s-audit/identity.ts';
import { outcomeOf, resourceOf } from '../../../core/k8s-audit/request.ts';

const CONNECTS = new Set(['pods/exec', 'pods/attach']);
const SESSIONS = new Set([...CONNECTS, 'pods/ephemeralcontainers']);

export default defineDetector({
  id: 'k8s-audit/anonymous-attempt',
  title: 'Attempt to run a workload without credentials',
  description:
    'Somebody without accepted credentials asked the API server to create or change a workload or to open a shell. Scanners that plant miners do this against every public endpoint; what matters is how far they got.',
  severity: 'medium',
  mitre: ['TA0002:T1610', 'TA0001:T1190'],
  source: 'k8s-audit',
  covers: ['anonymous-workload-write-attempt'],
  when: {
    verbs: ['create', 'update', 'patch', 'get'],
    resources: [
      'pods',
      'podtemplates',
      'replicationcontrollers',
      'replicasets',
      'deployments',
      'daemonsets',
      'statefulsets',
      'jobs',
      'cronjobs',
      'pods/exec',
      'pods/attach',
      'pods/ephemeralcontainers',
    ],
    outcomes: ['denied', 'unauthenticated', 'rejected', 'failed', 'dry-run'],
    caller: 'nobody',
  },

  detect(event) {
    const resource = resourceOf(event) ?? '';
    // Exec and attach over WebSocket are logged as get; every other get is a read.
    if (event.verb === 'get' && !CONNECTS.has(resource)) return undefined;
    const outcome = outcomeOf(event);
    // A failed authentication is logged with no user at all.
    const isNameless = outcome === 'unauthenticated' && event.user.username === '';
    if (!isNameless && !isAnonymous(event.user)) return undefined;
    const { message = '' } = event.responseStatus ?? {};
    const showedCredentials = outcome === 'unauthenticated' && message.includes('attempted:');
    const from = sourceIpOf(event);
    return {
      title: `${from ?? 'An unknown address'} tried without credentials to ${event.verb} ${resource} in ${event.objectRef?.namespace ?? 'the cluster'}: ${outcome}`,
      dedup: [from ?? '-', SESSIONS.has(resource) ? 'session' : 'workload'],
      ...judged(outcome, showedCredentials),
      evidence: {
        outcome,
        code: event.responseStatus?.code,
        credentialsShown: showedCredentials,
        anonymousAccessEnabled: outcome !== 'unauthenticated',
      },
    };
  },
});

function judged(outcome: string, showedCredentials: boolean) {
  if (outcome === 'denied') return {};
  if (outcome !== 'unauthenticated') {
    const severityReason = 'the authorizer let an anonymous caller do this; only a later check stopped it';
    return { severity: 'high', severityReason } as const;
  }
  return showedCredentials
    ? ({
        severity: 'info',
        severityReason: 'refused at the door with credentials that are not accepted, as expired ones are',
      } as const)
    : ({ severity: 'low', severityReason: 'refused at the door: anonymous access is off' } as const);
}
