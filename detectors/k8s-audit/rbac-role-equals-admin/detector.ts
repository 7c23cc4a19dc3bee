import { defineDetector } from '../../../core/detector.ts';
import { ROLE_WRITTEN } from '../../../core/k8s-audit/rbac.ts';
import { powerFinding } from '../../../core/k8s-audit/rbac-role-write.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-role-equals-admin',
  title: 'Role that amounts to cluster administrator',
  description:
    'Wildcards, escalate, bind, impersonate, token minting, certificate approval and webhook writes each lead to full control in one or two steps. The role stays when the credential that made it is gone.',
  severity: 'high',
  mitre: ['TA0003:T1098.006', 'TA0004:T1098.006', 'TA0004:T1078'],
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

  detect: (event) => powerFinding(event, 'admin'),
});
