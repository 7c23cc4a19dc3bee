import { defineDetector } from '../../../core/detector.ts';
import { describeCaller } from '../../../core/k8s-audit/caller.ts';
import { actorName, boundPodOf } from '../../../core/k8s-audit/identity.ts';
import { isClusterWideList, judgeClusterWideList, reachOf, selectorsOf } from '../../../core/k8s-audit/secrets.ts';

const LISTED = {
  all: 'every secret of the cluster',
  helm: 'what Helm stored in every namespace',
  'helm-release': 'what Helm stored for a release in every namespace',
  changes: 'the changes to every secret of the cluster',
};

export default defineDetector({
  id: 'k8s-audit/secrets-list-all-namespaces',
  title: 'Secrets listed across all namespaces',
  description:
    'One list or watch without a namespace answers with every secret of the cluster, values included: passwords, ' +
    'registry logins, TLS keys, long-lived service-account tokens. The log cannot show whether values or names only were sent.',
  severity: 'critical',
  incidentHours: 24,
  mitre: ['TA0006:T1552.007'],
  source: 'k8s-audit',
  covers: ['secrets-list-cluster-wide', 'secret-read-scripting-client'],
  when: { verbs: ['list', 'watch'], resources: ['secrets'], apiGroups: [''], outcomes: ['succeeded'] },

  detect(event) {
    const judged = isClusterWideList(event) ? judgeClusterWideList(event) : undefined;
    if (!judged) return undefined;
    const reach = reachOf(event);
    const name = event.objectRef?.name;
    const listed = name && reach === 'all' ? `the secrets named ${name} in every namespace` : LISTED[reach];
    return {
      title: `${actorName(event)} ${event.verb === 'watch' ? 'watches' : 'listed'} ${listed}`,
      dedup: [actorName(event)],
      ...judged,
      evidence: { caller: describeCaller(event), reach, boundPod: boundPodOf(event.user), ...selectorsOf(event) },
    };
  },
});
