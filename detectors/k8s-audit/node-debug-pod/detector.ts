import { defineDetector } from '../../../core/detector.ts';
import { callerOf, describeCaller, principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { nodeDebugPodOf } from '../../../core/k8s-audit/node-debug.ts';
import { objectNameOf } from '../../../core/k8s-audit/object.ts';
import { commandsOf, containersOf } from '../../../core/k8s-audit/pod-spec.ts';
import { redactCommand } from '../../../core/redact.ts';

export default defineDetector({
  id: 'k8s-audit/node-debug-pod',
  title: 'Debugger pod put on a node',
  description:
    'A pod on a node of its creator’s choice, with the node’s files or processes, is a root shell on that node: what kubectl debug node makes for operators, and the shortest way from a namespace to the node for anybody else.',
  severity: 'high',
  mitre: ['TA0004:T1611', 'TA0002:T1610'],
  source: 'k8s-audit',
  covers: [
    'node-debug-pod',
    'host-pid',
    'host-network',
    'host-ipc',
    'hostpath-sensitive',
    'hostpath-runtime-socket',
    'privileged-container',
    'dangerous-capabilities',
  ],
  // Server-side apply creates with a patch.
  when: { verbs: ['create', 'patch'], resources: ['pods'], apiGroups: [''], outcomes: ['succeeded'] },

  detect(event) {
    const pod = nodeDebugPodOf(event);
    if (!pod) return undefined;
    const namespace = event.objectRef?.namespace ?? '-';
    const containers = containersOf(pod.spec);
    const isOutsider = callerOf(event) === 'outsider';
    return {
      title: `${actorName(event)} put pod ${namespace}/${objectNameOf(event) ?? '-'} on node ${pod.node} with the ${pod.reach.join(', ')}`,
      ...(isOutsider
        ? {}
        : { severity: 'critical', severityReason: `made by ${describeCaller(event)}: operators come by IAM` }),
      dedup: [principalOf(event), pod.node],
      evidence: {
        node: pod.node,
        reach: pod.reach,
        images: containers.flatMap(({ image }) => image ?? []),
        commands: someOf(containers.flatMap(commandsOf).map((command) => redactCommand(command).join(' '))),
        privileged: containers.some(({ securityContext }) => securityContext.privileged === true),
        hostPaths: someOf(pod.spec.volumes.flatMap(({ hostPath }) => hostPath?.path ?? [])),
        caller: describeCaller(event),
      },
    };
  },
});

/** A list that has something in it. */
function someOf(items: readonly string[]): readonly string[] | undefined {
  return items.length > 0 ? [...new Set(items)] : undefined;
}
