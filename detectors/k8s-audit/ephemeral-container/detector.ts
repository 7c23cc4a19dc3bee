import { defineDetector } from '../../../core/detector.ts';
import { describeCaller, principalOf } from '../../../core/k8s-audit/caller.ts';
import { judgeEphemeralContainers, newEphemeralContainersOf } from '../../../core/k8s-audit/ephemeral-container.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { addedCapabilitiesOf } from '../../../core/k8s-audit/pod-spec.ts';
import { redactCommand } from '../../../core/redact.ts';

export default defineDetector({
  id: 'k8s-audit/ephemeral-container',
  title: 'Ephemeral container added to a running pod',
  description:
    'An ephemeral container runs any image inside a pod that is already trusted, with its network, its volumes where it asks for them, and on request the processes of another container.',
  severity: 'medium',
  mitre: ['TA0002:T1609', 'TA0004:T1611'],
  source: 'k8s-audit',
  // workload-node-access leaves ephemeral containers, privileged ones too, to this one.
  covers: [
    'ephemeral-container-added',
    'exec-in-kube-system',
    'exec-by-workload-identity',
    'privileged-container',
    'dangerous-capabilities',
    'procmount-unmasked',
  ],
  when: {
    verbs: ['update', 'patch'],
    resources: ['pods/ephemeralcontainers'],
    apiGroups: [''],
    outcomes: ['succeeded'],
  },

  detect(event) {
    const added = newEphemeralContainersOf(event);
    const { namespace = '-', name = '-' } = event.objectRef ?? {};
    const images = added.flatMap(({ image }) => image ?? []);
    const [severity, severityReason] = judgeEphemeralContainers(event, added);
    return {
      title: `${actorName(event)} added ${images.length > 0 ? `a container of ${images.join(', ')}` : 'an ephemeral container'} to pod ${namespace}/${name}`,
      ...(severityReason === undefined ? {} : { severity, severityReason }),
      dedup: [principalOf(event), namespace, name],
      evidence: {
        images,
        containers: added.flatMap((one) => one.name ?? []),
        joinsProcessesOf: someOf(added.flatMap(({ targetContainerName }) => targetContainerName ?? [])),
        commands: someOf(added.flatMap(({ command, args }) => redactCommand([...command, ...args]).join(' ') || [])),
        volumes: someOf(added.flatMap(({ volumeMounts }) => volumeMounts.flatMap(({ name: volume }) => volume ?? []))),
        capabilities: someOf(added.flatMap(addedCapabilitiesOf)),
        privileged: added.some(({ securityContext }) => securityContext.privileged === true),
        caller: describeCaller(event),
      },
    };
  },
});

/** A list that has something in it. */
function someOf(items: readonly string[]): readonly string[] | undefined {
  return items.length > 0 ? [...new Set(items)] : undefined;
}
