import { defineDetector } from '../../../core/detector.ts';
import { principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { imagesOf, podTemplateOf, serviceAccountNameOf, WORKLOADS } from '../../../core/k8s-audit/pod-spec.ts';
import { powerOfServiceAccount } from '../../../core/k8s-audit/powerful-service-account.ts';
import { isControlPlaneWork, verbOf, workloadNameOf, workloadWriteOf } from '../../../core/k8s-audit/workload-write.ts';

export default defineDetector({
  id: 'k8s-audit/workload-controller-serviceaccount',
  title: 'Workload that runs as a controller or admin service account',
  description:
    'Whoever can start a pod in a namespace may choose any of its service accounts, and gets that account’s token in the pod: those of controllers are allowed to create workloads, read secrets or change access for the whole cluster.',
  severity: 'high',
  mitre: ['TA0004:T1078.001', 'TA0002:T1610'],
  source: 'k8s-audit',
  covers: ['pod-privileged-serviceaccount'],
  when: { verbs: ['create', 'update', 'patch'], resources: WORKLOADS, outcomes: ['succeeded'] },

  detect(event) {
    if (isControlPlaneWork(event)) return undefined;
    const template = podTemplateOf(event);
    if (!template) return undefined;
    const write = workloadWriteOf(event);
    const namespace = event.objectRef?.namespace ?? 'default';
    const serviceAccount = serviceAccountNameOf(template.spec);
    const power = powerOfServiceAccount(namespace, serviceAccount);
    if (!power || write === 'unchanged' || write === 'repointed') return undefined;

    const isBare = ['pods', 'jobs', 'cronjobs'].includes(event.objectRef?.resource ?? '');
    // Add-ons are installed as Deployments and the like; nobody runs their controller as a single pod or a job.
    if (power === 'add-on' && !isBare && write !== 'created') return undefined;
    const workload = workloadNameOf(event);
    return {
      ...(power === 'built-in'
        ? {}
        : isBare
          ? {
              severity: 'medium',
              severityReason: 'an add-on’s own account in a single pod or job, where no add-on runs',
            }
          : { severity: 'low', severityReason: 'a new workload with an add-on’s account, as its installation makes' }),
      title: `${actorName(event)} ${verbOf(write)} ${workload.title} to run as service account ${serviceAccount}`,
      dedup: [principalOf(event), workload.dedup, serviceAccount],
      evidence: {
        write,
        serviceAccount,
        tokenMounted: template.spec.automountServiceAccountToken !== false,
        images: imagesOf(template.spec),
      },
    };
  },
});
