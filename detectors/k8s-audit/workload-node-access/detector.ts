import { defineDetector } from '../../../core/detector.ts';
import { principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { exposuresOf, placementOf, reachOf } from '../../../core/k8s-audit/node-access.ts';
import { nodeDebugPodOf } from '../../../core/k8s-audit/node-debug.ts';
import { imagesOf, podTemplateOf, serviceAccountNameOf, WORKLOADS } from '../../../core/k8s-audit/pod-spec.ts';
import {
  isControlPlaneWork,
  verbOf,
  weightOfWrite,
  workloadNameOf,
  workloadWriteOf,
} from '../../../core/k8s-audit/workload-write.ts';

export default defineDetector({
  id: 'k8s-audit/workload-node-access',
  title: 'Workload that reaches the node it runs on',
  description:
    'A container that is privileged, holds strong capabilities or shares files, sockets or namespaces of its node is one step from that node, and from every pod, token and instance role on it.',
  severity: 'high',
  mitre: ['TA0004:T1611', 'TA0002:T1610'],
  source: 'k8s-audit',
  covers: [
    'privileged-container',
    'dangerous-capabilities',
    'host-network',
    'host-pid',
    'host-ipc',
    'hostpath-sensitive',
    'hostpath-runtime-socket',
    'procmount-unmasked',
    'unsafe-sysctl-hostport-hostprocess',
    'node-pinning-control-plane',
  ],
  when: { verbs: ['create', 'update', 'patch'], resources: WORKLOADS, outcomes: ['succeeded'] },

  detect(event) {
    if (isControlPlaneWork(event)) return undefined;
    const template = podTemplateOf(event);
    const exposures = template ? exposuresOf(template) : [];
    const reach = reachOf(exposures);
    if (!template || !reach || nodeDebugPodOf(event)) return undefined;
    const write = workloadWriteOf(event);
    const weight = weightOfWrite(event, write, reach);
    if (!weight) return undefined;

    const settings = exposures.map(({ setting }) => setting);
    const workload = workloadNameOf(event);
    const more = settings.length > 2 ? ` and ${settings.length - 2} more` : '';
    return {
      ...(weight.severity === 'high' && weight.because === reach.because
        ? {}
        : { severity: weight.severity, severityReason: weight.because }),
      title: `${actorName(event)} ${verbOf(write)} ${workload.title}, which reaches its node: ${settings.slice(0, 2).join('; ')}${more}`,
      dedup: [principalOf(event), workload.dedup, reach.because],
      evidence: {
        write,
        settings,
        worst: reach.because,
        placement: placementOf(template),
        images: imagesOf(template.spec),
        serviceAccount: serviceAccountNameOf(template.spec),
      },
    };
  },
});
