import { defineDetector } from '../../../core/detector.ts';
import { ROLE_WRITTEN } from '../../../core/k8s-audit/rbac.ts';
import { powerFinding } from '../../../core/k8s-audit/rbac-role-write.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-role-kubelet-or-exec',
  title: 'Role that runs commands in pods or reaches the kubelet',
  description:
    'Whoever may run commands in a pod has its service account, its IAM role and its secrets. Through nodes/proxy the same is done at the kubelet, and the audit log shows neither the pod nor the command.',
  severity: 'high',
  mitre: ['TA0004:T1098.006', 'TA0002:T1609', 'TA0004:T1611'],
  source: 'k8s-audit',
  covers: [
    'role-wildcard',
    'role-escalation-verbs',
    'role-token-csr-webhook-write',
    'role-nodes-proxy',
    'role-pod-exec',
    'role-secrets-read',
    'role-write-privileges',
    'role-grants-event-deletion',
  ],
  when: ROLE_WRITTEN,

  detect: (event) => powerFinding(event, 'exec'),
});
