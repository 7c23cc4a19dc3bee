import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { grants, ROLE_WRITTEN, rbacDedup, rbacObjectText } from '../../../core/k8s-audit/rbac.ts';
import { deletesEvents, grantsWrites } from '../../../core/k8s-audit/rbac-powers.ts';
import { roleEvidence, roleWriteOf } from '../../../core/k8s-audit/rbac-role-write.ts';

const WORKLOADS = [
  { group: '', resource: 'pods' },
  { group: 'apps', resource: 'deployments' },
  { group: 'apps', resource: 'daemonsets' },
  { group: 'apps', resource: 'statefulsets' },
  { group: 'batch', resource: 'jobs' },
  { group: 'batch', resource: 'cronjobs' },
];

export default defineDetector({
  id: 'k8s-audit/rbac-role-writes',
  title: 'Role with rights to write, none of them an attacker’s favourite',
  description:
    'The trail of roles that change things without being as good as administrator; among them those that create workloads anywhere. Off by default: nearly all roles write.',
  severity: 'low',
  mode: 'off',
  mitre: ['TA0004:T1098.006', 'TA0005:T1070'],
  source: 'k8s-audit',
  covers: ['role-write-privileges'],
  when: ROLE_WRITTEN,

  detect(event) {
    const role = roleWriteOf(event);
    if (!role || role.topic || deletesEvents(role) || !role.rules.some(grantsWrites)) return undefined;
    const isClusterRole = event.objectRef?.resource === 'clusterroles';
    const runs = WORKLOADS.filter((kind) =>
      ['create', 'update', 'patch'].some((verb) => role.rules.some((rule) => grants(rule, { ...kind, verb }))),
    );
    return {
      title: `${actorName(event)} wrote ${rbacObjectText(event)}, which lets its holders change things`,
      ...(isClusterRole && runs.length > 0
        ? { severity: 'medium', severityReason: 'creates workloads in every namespace, as any service account there' }
        : {}),
      dedup: rbacDedup(event),
      evidence: { ...roleEvidence(role), runs: runs.map(({ resource }) => resource) },
    };
  },
});
