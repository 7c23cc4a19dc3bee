import { defineDetector } from '../../../core/detector.ts';
import { describeCaller } from '../../../core/k8s-audit/caller.ts';
import { clientKindOf } from '../../../core/k8s-audit/client.ts';
import { actorName, boundPodOf } from '../../../core/k8s-audit/identity.ts';
import { outcomeOf } from '../../../core/k8s-audit/request.ts';
import { isClusterWideList, judgeHighValueRead, judgeScriptedRead } from '../../../core/k8s-audit/secrets.ts';

export default defineDetector({
  id: 'k8s-audit/secret-read-scripting-client',
  title: 'Secret read by a scripting or plain HTTP client',
  description:
    'Programs that belong in a cluster use a Kubernetes client that says its name. curl, python-requests and a bare HTTP ' +
    'library are what a stolen token is tried with.',
  severity: 'high',
  mitre: ['TA0006:T1552.007', 'TA0002:T1059'],
  source: 'k8s-audit',
  covers: ['secret-read-scripting-client', 'secrets-list-namespace'],
  when: { verbs: ['get', 'list', 'watch'], resources: ['secrets'], apiGroups: [''], outcomes: ['succeeded', 'denied'] },

  detect(event) {
    const judged = judgeScriptedRead(event);
    const denied = outcomeOf(event) === 'denied';
    // Where the read itself weighs more than its client, secrets-list-all-namespaces or secret-read-high-value tells it.
    if (!judged || (!denied && (isClusterWideList(event) || judgeHighValueRead(event)))) return undefined;
    const { namespace, name } = event.objectRef ?? {};
    const what = name ? `${namespace ?? '*'}/${name}` : namespace ? `every secret in ${namespace}` : 'every secret';
    return {
      title: `${actorName(event)} ${denied ? 'was refused' : 'read'} ${what} by ${event.userAgent || 'a client without a name'}`,
      dedup: [actorName(event), namespace ?? '*', denied ? 'denied' : 'read'],
      ...judged,
      evidence: {
        caller: describeCaller(event),
        client: clientKindOf(event),
        denied,
        boundPod: boundPodOf(event.user),
        whole: !name,
      },
    };
  },
});
