import * as callers from '../callers.ts';
import { NODES, type Node, podOf } from '../cluster.ts';
import { type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { sent, stored } from '../objects.ts';
import { controlledPod, podDeleted } from '../pod-life.ts';
import { shopService } from '../pod-specs.ts';
import { hexOf, suffixOf } from '../random.ts';
import { SECOND } from '../time.ts';
import { deployment, labelsOf, ownerOf, type Template } from '../workloads.ts';

export const nodeAt = (i: number): Node => NODES[i % NODES.length] ?? NODES[0];

const revisionOf = (app: string, tag: string) => `${app}-${hexOf(`${app}/${tag}`, 9)}`;

export const shopTemplate = (namespace: string, app: string, tag: string): Template => ({
  namespace,
  app,
  spec: shopService(app, tag),
  labels: { 'app.kubernetes.io/version': tag, 'app.kubernetes.io/managed-by': 'Helm' },
});

const replicaSet = (template: Template, name: string, replicas: number, when: number) => {
  const { namespace, app, spec } = template;
  const hash = name.split('-').at(-1);
  const labels = { ...labelsOf(template), 'pod-template-hash': hash };
  const meta = {
    kind: 'ReplicaSet',
    apiVersion: 'apps/v1',
    name,
    namespace,
    at: when,
    manager: 'kube-controller-manager',
    generation: 1,
    labels,
    annotations: { 'deployment.kubernetes.io/desired-replicas': String(replicas) },
    owner: ownerOf('Deployment', namespace, app),
  };
  const body = {
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { creationTimestamp: null, labels }, spec },
    },
    status: { replicas },
  };
  return { request: sent(meta, body), response: stored(meta, body) };
};

/** A Deployment got a new template: its controllers make new pods and take the old ones away. */
export function rollout(when: number, namespace: string, app: string, tag: string, replicas: number): K8sEvent[] {
  const template = shopTemplate(namespace, app, tag);
  const name = revisionOf(app, tag);
  const old = `${app}-${hexOf(app, 9)}`;
  const deploymentController = callers.controller('deployment-controller');
  const replicaSetController = callers.controller('replicaset-controller');
  const created = replicaSet(template, name, 1, when + 100);
  return [
    ...k8sEvent({
      at: when + 100,
      by: deploymentController,
      verb: 'create',
      ref: ref('replicasets', namespace, name),
      ...created,
    }),
    ...Array.from({ length: replicas }, (_, i) => {
      const pod = {
        ...podOf(
          namespace,
          app,
          nodeAt(i),
          app,
          `${name.split('-').at(-1)}-${suffixOf(`${namespace}/${name}/${i}`, 5)}`,
        ),
      };
      const start = when + 200 + i * 12 * SECOND;
      const gone = podOf(namespace, app, nodeAt(i));
      const scaled = replicaSet(template, name, i + 1, start);
      const lowered = replicaSet(shopTemplate(namespace, app, 'previous'), old, replicas - i - 1, start);
      return [
        ...k8sEvent({
          at: start - 40,
          by: deploymentController,
          verb: 'update',
          ref: ref('replicasets', namespace, name),
          ...scaled,
          code: i === 1 ? 409 : 200,
        }),
        ...controlledPod(start, template, pod, ownerOf('ReplicaSet', namespace, name)),
        ...k8sEvent({
          at: start + 10 * SECOND,
          by: deploymentController,
          verb: 'update',
          ref: ref('replicasets', namespace, old),
          ...lowered,
        }),
        ...podDeleted(start + 10_200, replicaSetController, gone, template),
        ...k8sEvent({
          at: start + 11_000,
          by: callers.controller('endpointslice-controller'),
          verb: 'update',
          ref: ref('endpointslices', namespace, `${app}-k2x9v`),
        }),
        ...k8sEvent({
          at: start + 11_100,
          by: deploymentController,
          verb: 'update',
          ref: ref('deployments', namespace, app, 'status'),
          ...deployment(template, replicas, { at: start, manager: 'kube-controller-manager', generation: 43 }),
        }),
      ];
    }).flat(),
  ];
}
