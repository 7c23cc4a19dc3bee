import { defineDetector } from '../../../core/detector.ts';
import { describeCaller, principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName, boundPodOf } from '../../../core/k8s-audit/identity.ts';
import { judgeNamespaceList, judgeScriptedRead, reachOf, selectorsOf } from '../../../core/k8s-audit/secrets.ts';

const LISTED = {
  all: 'every secret',
  helm: 'what Helm stored for every release',
  'helm-release': 'what Helm stored for a release',
  changes: 'the changes to every secret',
};

export default defineDetector({
  id: 'k8s-audit/secrets-list-namespace',
  title: 'Secrets listed in one namespace',
  description:
    'A list or watch answers with every secret of the namespace, values included, in a single event that names none of ' +
    'them: limits per secret do not see it, and a loop over namespaces is a dump of the cluster.',
  severity: 'medium',
  incidentHours: 24,
  mitre: ['TA0006:T1552.007'],
  source: 'k8s-audit',
  covers: ['secrets-list-namespace'],
  when: { verbs: ['list', 'watch'], resources: ['secrets'], apiGroups: [''], outcomes: ['succeeded'] },

  detect(event) {
    const { namespace, name } = event.objectRef ?? {};
    // A list that names its secret reads one, as a get does; the API server fills in the name from the field selector.
    if (!namespace || name || judgeScriptedRead(event)) return undefined;
    const judged = judgeNamespaceList(event);
    if (!judged) return undefined;
    const reach = reachOf(event);
    return {
      title: `${actorName(event)} ${event.verb === 'watch' ? 'watches' : 'listed'} ${LISTED[reach]} in ${namespace}`,
      // A loop over namespaces is one problem, told again where it gets worse. Helm lists on every upgrade, and automation
      // names each of its sessions anew.
      dedup: [reach === 'all' ? actorName(event) : principalOf(event), reach],
      ...judged,
      evidence: { caller: describeCaller(event), reach, boundPod: boundPodOf(event.user), ...selectorsOf(event) },
    };
  },
});
