import { defineDetector } from '../../../core/detector.ts';
import { principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { weakeningsOf } from '../../../core/k8s-audit/pod-hardening.ts';
import { podTemplateOf, WORKLOADS } from '../../../core/k8s-audit/pod-spec.ts';
import { isControlPlaneWork, verbOf, workloadNameOf, workloadWriteOf } from '../../../core/k8s-audit/workload-write.ts';

export default defineDetector({
  id: 'k8s-audit/workload-hardening',
  title: 'Workload that gives up its confinement (activity)',
  description:
    'The workload asks in so many words for less confinement than a container has: root, no seccomp or AppArmor, added capabilities, paths of the node. Nothing of it leaves the container by itself; each makes the next step of an attacker in it easier.',
  severity: 'low',
  mode: 'off',
  mitre: ['TA0004:T1611', 'TA0004:T1548', 'TA0005:T1562.001', 'TA0006:T1557'],
  source: 'k8s-audit',
  covers: [
    'hostpath-any',
    'run-as-root',
    'allow-privilege-escalation',
    'net-raw-allowed',
    'seccomp-apparmor-unconfined',
    'writable-root-filesystem',
    'dangerous-capabilities',
    'unsafe-sysctl-hostport-hostprocess',
  ],
  when: { verbs: ['create', 'update', 'patch'], resources: WORKLOADS, outcomes: ['succeeded'] },

  detect(event) {
    if (isControlPlaneWork(event)) return undefined;
    const template = podTemplateOf(event);
    const weakenings = template ? weakeningsOf(template) : [];
    const write = workloadWriteOf(event);
    if (!template || weakenings.length === 0 || write === 'unchanged' || write === 'repointed') return undefined;

    const { hostNetwork, hostPID, hostIPC } = template.spec;
    const rootOnHost =
      [hostNetwork, hostPID, hostIPC].includes(true) && weakenings.some(({ setting }) => /^runAs/.test(setting));
    const reason = weakenings.some(({ unconfined }) => unconfined)
      ? 'a protection of the kernel is turned off'
      : rootOnHost
        ? 'root in a namespace of the node'
        : undefined;
    const workload = workloadNameOf(event);
    const settings = weakenings.map(({ setting }) => setting);
    return {
      ...(reason ? { severity: 'medium', severityReason: reason } : {}),
      title: `${actorName(event)} ${verbOf(write)} ${workload.title} with less confinement: ${settings.slice(0, 3).join('; ')}`,
      dedup: [principalOf(event), workload.dedup],
      evidence: { write, settings },
    };
  },
});
