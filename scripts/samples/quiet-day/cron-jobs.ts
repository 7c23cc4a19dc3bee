import * as callers from '../callers.ts';
import { podOf } from '../cluster.ts';
import { type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { sent, stored, uidOf } from '../objects.ts';
import { podStarts } from '../pod-life.ts';
import { backupJob } from '../pod-specs.ts';
import { suffixOf } from '../random.ts';
import { MINUTE, SECOND } from '../time.ts';
import { labelsOf, ownerOf, type Template } from '../workloads.ts';
import { nodeAt } from './rollout.ts';

/** A CronJob's run: the cronjob controller makes the Job, the job controller the pod. */
export function cronRun(when: number, namespace: string, cron: string): K8sEvent[] {
  const name = `${cron}-${Math.floor(when / MINUTE)}`;
  const template: Template = { namespace, app: cron, spec: backupJob };
  const pod = {
    ...podOf(namespace, cron, nodeAt(when % 5), 'backup', `${Math.floor(when / MINUTE)}-${suffixOf(name, 5)}`),
  };
  const meta = {
    kind: 'Job',
    apiVersion: 'batch/v1',
    name,
    namespace,
    at: when,
    manager: 'kube-controller-manager',
    generation: 1,
    labels: labelsOf(template),
    owner: ownerOf('CronJob', namespace, cron),
  };
  const spec = {
    parallelism: 1,
    completions: 1,
    backoffLimit: 2,
    completionMode: 'NonIndexed',
    suspend: false,
    template: { metadata: { creationTimestamp: null, labels: labelsOf(template) }, spec: backupJob },
  };
  const job = stored(meta, { spec, status: {} });
  const jobController = callers.controller('job-controller');
  return [
    ...k8sEvent({
      at: when,
      by: callers.controller('cronjob-controller'),
      verb: 'create',
      ref: ref('jobs', namespace, name),
      request: sent(meta, { spec, status: {} }),
      response: job,
    }),
    ...podStarts({
      at: when + 90,
      by: jobController,
      manager: 'kube-controller-manager',
      template,
      pod,
      owner: { kind: 'Job', apiVersion: 'batch/v1', name, uid: uidOf('Job', namespace, name) },
    }),
    ...k8sEvent({
      at: when + 40 * SECOND,
      by: jobController,
      verb: 'update',
      ref: ref('jobs', namespace, name, 'status'),
      request: job,
      response: job,
    }),
    ...k8sEvent({
      at: when + 41 * SECOND,
      by: callers.controller('cronjob-controller'),
      verb: 'delete',
      ref: ref('jobs', namespace, `${cron}-${Math.floor(when / MINUTE) - 180}`),
      request: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
      response: job,
    }),
  ];
}

/** A nightly housekeeper: kubectl in a pod, with the pod's own token, takes finished jobs away. */
export function housekeeping(when: number): K8sEvent[] {
  const pod = podOf('shop', 'housekeeping', nodeAt(2), 'housekeeping', `29300000-${suffixOf('housekeeping', 5)}`);
  const by = {
    ...callers.workload(pod, 'kubectl/v1.33.2 (linux/amd64) kubernetes/a57b6f7'),
    reason:
      'RBAC: allowed by RoleBinding "housekeeping/shop" of Role "housekeeping" to ServiceAccount "housekeeping/shop"',
  };
  const names = ['orders-export-29299740', 'orders-export-29299560'];
  return [
    ...k8sEvent({
      at: when,
      by,
      verb: 'list',
      ref: ref('jobs', 'shop'),
      query: 'fieldSelector=status.successful%3D1&limit=500',
    }),
    ...names.flatMap((name, i) =>
      k8sEvent({
        at: when + 400 + i * 120,
        by,
        verb: 'delete',
        ref: ref('jobs', 'shop', name),
        request: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
        response: {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Success',
          details: { name, group: 'batch', kind: 'jobs', uid: uidOf('Job', 'shop', name) },
        },
      }),
    ),
  ];
}
