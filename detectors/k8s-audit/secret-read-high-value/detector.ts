import { defineDetector } from '../../../core/detector.ts';
import { describeCaller } from '../../../core/k8s-audit/caller.ts';
import { actorName, boundPodOf } from '../../../core/k8s-audit/identity.ts';
import { judgeHighValueRead } from '../../../core/k8s-audit/secrets.ts';

export default defineDetector({
  id: 'k8s-audit/secret-read-high-value',
  title: 'A secret that opens others was read by name',
  description:
    'Some secrets open all the rest: sealing keys, Argo CD’s clusters, kubeconfigs, AWS keys, Vault’s unseal keys, Helm ' +
    'releases, service-account tokens. Somebody other than the owner read one of them.',
  severity: 'high',
  mitre: ['TA0006:T1552.007', 'TA0006:T1552.001'],
  source: 'k8s-audit',
  covers: ['sensitive-secret-read', 'secret-read-scripting-client'],
  when: { verbs: ['get', 'list', 'watch'], resources: ['secrets'], apiGroups: [''], outcomes: ['succeeded'] },

  detect(event) {
    const judged = judgeHighValueRead(event);
    if (!judged) return undefined;
    const { namespace = '-', name = '-' } = event.objectRef ?? {};
    const { opens, ...severity } = judged;
    return {
      title: `${actorName(event)} read ${namespace}/${name}, which opens ${opens}`,
      dedup: [actorName(event), namespace, name],
      ...severity,
      evidence: { opens, caller: describeCaller(event), boundPod: boundPodOf(event.user) },
    };
  },
});
