import { defineDetector } from '../../../core/detector.ts';
import { ROLE_WRITTEN } from '../../../core/k8s-audit/rbac.ts';
import { powerFinding } from '../../../core/k8s-audit/rbac-role-write.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-role-secrets-read',
  title: 'Role that reads secrets',
  description:
    'Secrets hold the tokens and passwords that lead on. A right to list or watch them shows their contents as much as a right to get.',
  severity: 'medium',
  mitre: ['TA0004:T1098.006', 'TA0006:T1552.007'],
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

  detect: (event) => powerFinding(event, 'secrets'),
});
