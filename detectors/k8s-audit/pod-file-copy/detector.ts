import { defineDetector } from '../../../core/detector.ts';
import { execFinding } from '../../../core/k8s-audit/exec.ts';

export default defineDetector({
  id: 'k8s-audit/pod-file-copy',
  title: 'File copied out of or into a pod',
  description:
    'kubectl cp is an exec of tar: a directory leaves the pod, or a file enters it, through the API server, past network policy and egress controls.',
  severity: 'medium',
  mitre: ['TA0009:T1530', 'TA0010:T1048', 'TA0011:T1105'],
  source: 'k8s-audit',
  covers: [
    'kubectl-cp',
    'pod-exec',
    'exec-in-kube-system',
    'exec-by-workload-identity',
    'exec-interactive-shell',
    'exec-sensitive-file',
    'exec-download-tool',
  ],
  // SPDY comes as create, a WebSocket as get; a session is logged when it opens and when it ends, under one id.
  when: { verbs: ['create', 'get'], resources: ['pods/exec'], apiGroups: [''], outcomes: ['succeeded'] },

  detect: (event) => execFinding(event, 'file-copy'),
});
