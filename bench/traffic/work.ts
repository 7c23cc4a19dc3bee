import * as callers from '../../scripts/samples/callers.ts';
import { type Json, type K8sEvent, k8sEvent, ref } from '../../scripts/samples/k8s-event.ts';
import { sent, stored } from '../../scripts/samples/objects.ts';
import { controlledPod, podDeleted } from '../../scripts/samples/pod-life.ts';
import { container, fieldEnv, mount, type PodSpec } from '../../scripts/samples/pod-specs.ts';
import { cronRun } from '../../scripts/samples/quiet-day/cron-jobs.ts';
import { shopTemplate } from '../../scripts/samples/quiet-day/rollout.ts';
import { hexOf, type Random, uuidOf } from '../../scripts/samples/random.ts';
import { SECOND } from '../../scripts/samples/time.ts';
import { deployment, ownerOf, type Template } from '../../scripts/samples/workloads.ts';
import type { Act } from './act.ts';
import { anyPod, nodes, teams } from './fleet.ts';

/** A sidecar with the settings that a chart spells out, some dozens of them. */
const sidecar = (name: string, settings: number): Json =>
  container(name, `111122223333.dkr.ecr.eu-west-1.amazonaws.com/platform/${name}:3.14.2`, {
    args: ['--listen=:9901', '--drain-time-s=45', '--service-node=$(POD_NAME).$(POD_NAMESPACE)'],
    env: [
      fieldEnv('POD_NAME', 'metadata.name'),
      ...Array.from({ length: settings }, (_, i) => ({
        name: `${name.toUpperCase()}_SETTING_${i}`,
        value: hexOf(`${name}/${i}`, 24),
      })),
    ],
    volumeMounts: [mount('tmp', '/tmp')],
  });

function templateOf(namespace: string, app: string, random: Random): Template {
  const template = shopTemplate(namespace, app, `2.${random.int(1, 60)}.${random.int(0, 9)}`);
  const containers = [...template.spec.containers];
  if (random.chance(0.5)) containers.push(sidecar('proxy', random.int(4, 20)));
  if (random.chance(0.1)) containers.push(sidecar('agent', random.int(10, 60)));
  const spec: PodSpec = { ...template.spec, containers };
  return { ...template, spec };
}

/** Pods are replaced by those of a new template: by the deployment's controller, the scheduler and kubelets. */
function rollout(at: number, random: Random): K8sEvent[] {
  const { namespace, app, ...old } = anyPod(random);
  const template = templateOf(namespace, app, random);
  const owner = ownerOf('ReplicaSet', namespace, `${app}-${hexOf(`${app}/${at}`, 9)}`);
  const scaled = (when: number): Json => {
    const meta = { kind: 'ReplicaSet', apiVersion: 'apps/v1', name: owner.name, namespace, at: when };
    const body = { spec: { replicas: 3, template: { spec: template.spec } }, status: { replicas: 3 } };
    return {
      request: sent({ ...meta, manager: '' }, body),
      response: stored({ ...meta, manager: 'kube-controller-manager' }, body),
    };
  };
  return Array.from({ length: random.int(2, 4) }, (_, i) => {
    const when = at + i * 6 * SECOND;
    const name = `${owner.name}-${hexOf(`${owner.name}/${i}`, 5)}`;
    const pod = { ...old, namespace, app, name, uid: uuidOf(name), node: random.pick(nodes) };
    return [
      ...k8sEvent({
        at: when,
        by: callers.controller('deployment-controller'),
        verb: 'update',
        ref: ref('replicasets', namespace, owner.name),
        ...scaled(when),
      }),
      ...controlledPod(when + 30, template, pod, owner),
      ...podDeleted(when + 4 * SECOND, callers.controller('replicaset-controller'), anyPod(random), template),
      ...k8sEvent({
        at: when + 5 * SECOND,
        by: callers.controller('deployment-controller'),
        verb: 'update',
        ref: ref('deployments', namespace, app, 'status'),
        ...deployment(template, 3, { at: when, manager: 'kube-controller-manager', generation: 43 }),
      }),
    ];
  }).flat();
}

/** GitOps restates a large definition; with the object that it is merged into, some hundreds of kilobytes. */
function largeDefinition(at: number, random: Random): K8sEvent[] {
  const name = random.pick(['prometheuses', 'applicationsets', 'scaledjobs', 'workflows']);
  const properties = Object.fromEntries(
    Array.from({ length: random.int(500, 1000) }, (_, i) => [
      `field${i}`,
      { description: `${hexOf(`${name}/${i}`, 40)} of the ${name}, as its reference says.`, type: 'string' },
    ]),
  );
  const meta = {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    name: `${name}.example.com`,
    at,
    manager: 'argocd-controller',
    operation: 'Apply',
  } as const;
  const body = { spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema: { type: 'object', properties } } }] } };
  return k8sEvent({
    at,
    by: callers.argocd,
    verb: 'patch',
    ref: ref('customresourcedefinitions', undefined, meta.name),
    query: 'fieldManager=argocd-controller&force=true',
    request: sent(meta, body),
    response: stored(meta, body),
  });
}

/** What people and pipelines set off: large bodies, a few percent of all events. */
export const work: readonly Act<K8sEvent>[] = [
  { weight: 2.6, make: rollout },
  { weight: 1, make: (at, random) => cronRun(at, random.pick(teams), 'export') },
  { weight: 0.4, make: largeDefinition },
];
