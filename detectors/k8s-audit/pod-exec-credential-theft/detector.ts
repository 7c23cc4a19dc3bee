import { defineDetector } from '../../../core/detector.ts';
import { execFinding } from '../../../core/k8s-audit/exec.ts';

export default defineDetector({
  id: 'k8s-audit/pod-exec-credential-theft',
  title: 'Command in a pod that reads credentials',
  description:
    'Tokens, keys and instance credentials read in a pod work from elsewhere, until they expire or are rotated. What was printed is in the hands of the caller.',
  severity: 'high',
  mitre: ['TA0006:T1552.007', 'TA0006:T1528', 'TA0006:T1552.005', 'TA0006:T1552.001'],
  source: 'k8s-audit',
  covers: [
    'exec-serviceaccount-token-theft',
    'exec-sensitive-file',
    'exec-cloud-metadata',
    'pod-exec',
    'exec-in-kube-system',
    'exec-by-workload-identity',
    'exec-interactive-shell',
    'exec-reverse-shell',
    'exec-download-tool',
    'kubectl-cp',
  ],
  // SPDY comes as create, a WebSocket as get; a session is logged when it opens and when it ends, under one id.
  when: { verbs: ['create', 'get'], resources: ['pods/exec'], apiGroups: [''], outcomes: ['succeeded'] },

  detect: (event) => execFinding(event, 'credential-theft'),
});
