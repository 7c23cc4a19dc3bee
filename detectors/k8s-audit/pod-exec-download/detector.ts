import { defineDetector } from '../../../core/detector.ts';
import { execFinding } from '../../../core/k8s-audit/exec.ts';

export default defineDetector({
  id: 'k8s-audit/pod-exec-download',
  title: 'Command in a pod that fetches or sends over the internet',
  description:
    'Images bring what a workload needs; what is fetched into a running pod was reviewed by nobody and is gone with the pod. Attackers bring their tools this way, and take data out.',
  severity: 'medium',
  mitre: ['TA0011:T1105', 'TA0010:T1048', 'TA0002:T1609'],
  source: 'k8s-audit',
  covers: [
    'exec-download-tool',
    'pod-exec',
    'exec-in-kube-system',
    'exec-by-workload-identity',
    'exec-interactive-shell',
    'exec-sensitive-file',
    'kubectl-cp',
  ],
  // SPDY comes as create, a WebSocket as get; a session is logged when it opens and when it ends, under one id.
  when: { verbs: ['create', 'get'], resources: ['pods/exec'], apiGroups: [''], outcomes: ['succeeded'] },

  detect: (event) => execFinding(event, 'download'),
});
