import { defineDetector } from '../../../core/detector.ts';
import { principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { judgedDriver, judgedPath } from '../../../core/k8s-audit/node-access.ts';
import { objectNameOf } from '../../../core/k8s-audit/object.ts';
import { persistentVolumeSpecOf } from '../../../core/k8s-audit/persistent-volume.ts';
import { isWorkloadCreated } from '../../../core/k8s-audit/workload-write.ts';

export default defineDetector({
  id: 'k8s-audit/persistentvolume-host-path',
  title: 'PersistentVolume over a path of the node',
  description:
    'A PersistentVolume of type hostPath or local gives its claim’s pods a directory of the node, while the pods name only a claim: pod security checks see no hostPath.',
  severity: 'high',
  mitre: ['TA0004:T1611'],
  source: 'k8s-audit',
  covers: ['persistentvolume-hostpath'],
  when: { verbs: ['create', 'update', 'patch'], resources: ['persistentvolumes'], outcomes: ['succeeded'] },

  detect(event) {
    // What a volume is made of cannot be changed once it exists.
    const spec = isWorkloadCreated(event) ? persistentVolumeSpecOf(event) : undefined;
    if (!spec) return undefined;
    const path = spec.hostPath?.path ?? spec.local?.path;
    const driver = spec.csi?.driver;
    const judged =
      path === undefined
        ? judgedDriver(driver)
        : // Whether a pod mounts it read-only, and as whom, is decided later, by the pod.
          judgedPath(path, { writable: true, asRoot: true, type: spec.hostPath?.type });
    if (!judged) return undefined;
    const { severity, gives } = judged;

    const name = objectNameOf(event) ?? '-';
    return {
      ...(severity === 'high' ? {} : { severity, severityReason: gives }),
      title: `${actorName(event)} created PersistentVolume ${name} over ${path ?? driver} of the node`,
      dedup: [principalOf(event), name],
      evidence: {
        gives,
        path,
        type: spec.hostPath ? 'hostPath' : spec.local ? 'local' : 'csi',
        driver,
        boundTo: spec.claimRef ? `${spec.claimRef.namespace ?? '-'}/${spec.claimRef.name ?? '-'}` : undefined,
        storageClass: spec.storageClassName || undefined,
        accessModes: spec.accessModes,
      },
    };
  },
});
