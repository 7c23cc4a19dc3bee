import { defineDetector } from '../../../core/detector.ts';
import { execFinding } from '../../../core/k8s-audit/exec.ts';

export default defineDetector({
  id: 'k8s-audit/pod-exec-host-escape',
  title: 'Command in a pod that reaches for its node',
  description:
    'nsenter, chroot and the socket of the container runtime turn a privileged pod into root on its node, and so into every pod, token and instance role on it.',
  severity: 'critical',
  mitre: ['TA0004:T1611', 'TA0002:T1609'],
  source: 'k8s-audit',
  covers: [
    'pod-exec',
    'exec-in-kube-system',
    'exec-by-workload-identity',
    'exec-interactive-shell',
    'exec-sensitive-file',
    'exec-serviceaccount-token-theft',
    'exec-cloud-metadata',
    'exec-reverse-shell',
    'exec-download-tool',
    'kubectl-cp',
  ],
  // SPDY comes as create, a WebSocket as get; a session is logged when it opens and when it ends, under one id.
  when: { verbs: ['create', 'get'], resources: ['pods/exec'], apiGroups: [''], outcomes: ['succeeded'] },

  detect: (event) => execFinding(event, 'host-escape'),
});
