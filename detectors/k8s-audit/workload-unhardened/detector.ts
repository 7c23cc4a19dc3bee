import { defineDetector } from '../../../core/detector.ts';
import { principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { omissionsOf } from '../../../core/k8s-audit/pod-hardening.ts';
import { podTemplateOf, WORKLOADS } from '../../../core/k8s-audit/pod-spec.ts';
import { isControlPlaneWork, verbOf, workloadNameOf, workloadWriteOf } from '../../../core/k8s-audit/workload-write.ts';

export default defineDetector({
  id: 'k8s-audit/workload-unhardened',
  title: 'Workload without the usual hardening (policy)',
  description:
    'The workload leaves out what the restricted Pod Security Standard and hardening guides ask of every container. It is a list for a clean-up, not a sign of an attack: most workloads are on it.',
  severity: 'info',
  mode: 'off',
  mitre: ['TA0005:T1036', 'TA0004:T1548', 'TA0006:T1557'],
  source: 'k8s-audit',
  covers: ['writable-root-filesystem'],
  when: { verbs: ['create', 'update', 'patch'], resources: WORKLOADS, outcomes: ['succeeded'] },

  detect(event) {
    if (isControlPlaneWork(event)) return undefined;
    const template = podTemplateOf(event);
    const omissions = template ? omissionsOf(template) : [];
    const write = workloadWriteOf(event);
    if (omissions.length === 0 || write === 'unchanged' || write === 'repointed') return undefined;
    const workload = workloadNameOf(event);
    return {
      title: `${actorName(event)} ${verbOf(write)} ${workload.title} without hardening: ${omissions.join('; ')}`,
      dedup: [principalOf(event), workload.dedup],
      evidence: { write, omissions },
    };
  },
});
