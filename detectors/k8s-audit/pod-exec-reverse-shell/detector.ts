import { defineDetector } from '../../../core/detector.ts';
import { execFinding } from '../../../core/k8s-audit/exec.ts';

export default defineDetector({
  id: 'k8s-audit/pod-exec-reverse-shell',
  title: 'Reverse shell or tunnel started in a pod',
  description:
    'Somebody who already had exec wants a connection that outlives it and that the audit log does not see: the sign of hands on the keyboard.',
  severity: 'critical',
  mitre: ['TA0002:T1059.004', 'TA0011:T1572', 'TA0002:T1609'],
  source: 'k8s-audit',
  covers: [
    'exec-reverse-shell',
    'pod-exec',
    'exec-in-kube-system',
    'exec-by-workload-identity',
    'exec-interactive-shell',
    'exec-serviceaccount-token-theft',
    'exec-sensitive-file',
    'exec-cloud-metadata',
    'exec-download-tool',
    'kubectl-cp',
  ],
  // SPDY comes as create, a WebSocket as get; a session is logged when it opens and when it ends, under one id.
  when: { verbs: ['create', 'get'], resources: ['pods/exec'], apiGroups: [''], outcomes: ['succeeded'] },

  detect: (event) => execFinding(event, 'reverse-shell'),
});
