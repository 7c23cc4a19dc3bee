import { defineDetector } from '../../../core/detector.ts';
import { callerOf, describeCaller } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';

export default defineDetector({
  id: 'k8s-audit/secret-read',
  title: 'Secret read by a person (activity)',
  description:
    'The record of who read which secret, for an investigation or a cluster where people have no business with secrets. ' +
    'Off by default: ordinary work reads secrets.',
  severity: 'low',
  mode: 'off',
  mitre: ['TA0006:T1552.007'],
  source: 'k8s-audit',
  covers: ['secret-read'],
  when: { verbs: ['get', 'list', 'watch'], resources: ['secrets'], apiGroups: [''], outcomes: ['succeeded'] },

  detect(event) {
    const { namespace = '*', name } = event.objectRef ?? {};
    if (!name || callerOf(event) !== 'outsider') return undefined;
    return {
      title: `${actorName(event)} read ${namespace}/${name}`,
      dedup: [actorName(event), namespace, name],
      evidence: { caller: describeCaller(event) },
    };
  },
});
