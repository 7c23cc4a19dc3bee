import type { Json } from './k8s-event.ts';
import { sent, stored, uidOf } from './objects.ts';
import type { PodSpec } from './pod-specs.ts';
import { CLUSTER_BORN } from './time.ts';

export type Template = { namespace: string; app: string; spec: PodSpec; labels?: Json; annotations?: Json };

type Write = {
  at: number;
  manager: string;
  operation?: 'Apply' | 'Update';
  generation?: number;
  annotations?: Json;
  labels?: Json;
  created?: number;
};

export const labelsOf = ({ app, labels }: Template): Json => ({ 'app.kubernetes.io/name': app, ...labels });

const templateOf = (template: Template): Json => ({
  metadata: {
    creationTimestamp: null,
    labels: labelsOf(template),
    ...(template.annotations && { annotations: template.annotations }),
  },
  spec: template.spec,
});

/** A workload object both ways: as sent (without status and uid) and as stored. */
function both(kind: string, apiVersion: string, { namespace, app }: Template, write: Write, spec: Json, status: Json) {
  const meta = { kind, apiVersion, name: app, namespace, created: CLUSTER_BORN, generation: 1, ...write };
  return { request: sent(meta, { spec }), response: stored(meta, { spec, status }) };
}

export function deployment(template: Template, replicas: number, write: Write) {
  const selector = { matchLabels: { 'app.kubernetes.io/name': template.app } };
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } };
  const spec = {
    replicas,
    selector,
    template: templateOf(template),
    strategy,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  };
  const status = {
    observedGeneration: (write.generation ?? 1) - 1,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
  };
  return both(
    'Deployment',
    'apps/v1',
    { ...template, labels: labelsOf(template) },
    { labels: labelsOf(template), ...write },
    spec,
    status,
  );
}

export function daemonSet(template: Template, write: Write) {
  const selector = { matchLabels: { 'app.kubernetes.io/name': template.app } };
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%', maxSurge: 0 } };
  const spec = { selector, template: templateOf(template), updateStrategy, revisionHistoryLimit: 10 };
  const status = {
    currentNumberScheduled: 5,
    numberMisscheduled: 0,
    desiredNumberScheduled: 5,
    numberReady: 5,
    observedGeneration: (write.generation ?? 1) - 1,
    updatedNumberScheduled: 5,
    numberAvailable: 5,
  };
  return both('DaemonSet', 'apps/v1', template, { labels: labelsOf(template), ...write }, spec, status);
}

export type Owner = { kind: string; apiVersion: string; name: string; uid: string };
export const ownerOf = (kind: string, namespace: string, name: string): Owner => ({
  kind,
  apiVersion: kind === 'Job' || kind === 'CronJob' ? 'batch/v1' : 'apps/v1',
  name,
  uid: uidOf(kind, namespace, name),
});
