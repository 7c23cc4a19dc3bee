import { defineDetector } from '../../../core/detector.ts';
import { execFinding } from '../../../core/k8s-audit/exec.ts';

export default defineDetector({
  id: 'k8s-audit/pod-exec',
  title: 'Command or session in a pod',
  description:
    'An exec or attach works with the pod’s files, network and service account, and only the command line is logged: what is typed into a session is not.',
  severity: 'medium',
  mitre: ['TA0002:T1609'],
  source: 'k8s-audit',
  covers: ['pod-exec', 'pod-attach', 'exec-in-kube-system', 'exec-by-workload-identity', 'exec-interactive-shell'],
  // SPDY comes as create, a WebSocket as get; a session is logged when it opens and when it ends, under one id.
  when: { verbs: ['create', 'get'], resources: ['pods/exec', 'pods/attach'], apiGroups: [''], outcomes: ['succeeded'] },

  detect: (event) => execFinding(event, 'ordinary'),
});
