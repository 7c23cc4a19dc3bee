import { NODE_A, NODE_B, podOf } from '../cluster.ts';
import { spdyExec, webSocketExec } from '../exec.ts';
import { type Caller, type Json, type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { stored } from '../objects.ts';
import { podDeleted } from '../pod-life.ts';
import { at, MINUTE, SECOND } from '../time.ts';
import { deployment } from '../workloads.ts';
import { rollout, shopTemplate } from './rollout.ts';
import { ana, ben, chi, DEV } from './team.ts';

/** `kubectl apply -f web.yaml` of a change to the image and a variable; first with --dry-run=server. */
export function applyDeployment(when: number, by: Caller): K8sEvent[] {
  const template = shopTemplate(DEV, 'web', 'feature-cart-11');
  const manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { annotations: {}, name: 'web', namespace: DEV },
    spec: {
      replicas: 2,
      template: { spec: { containers: [{ name: 'web', image: (template.spec.containers[0] as Json).image }] } },
    },
  };
  const annotations = {
    'deployment.kubernetes.io/revision': '119',
    'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(manifest)}\n`,
  };
  const write = (ms: number) =>
    deployment(template, 2, { at: ms, manager: 'kubectl-client-side-apply', generation: 120, annotations });
  const request = {
    metadata: {
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration':
          annotations['kubectl.kubernetes.io/last-applied-configuration'],
      },
    },
    spec: {
      template: {
        spec: { '$setElementOrder/containers': [{ name: 'web' }], containers: manifest.spec.template.spec.containers },
      },
    },
  };
  const target = ref('deployments', DEV, 'web');
  const query = 'fieldManager=kubectl-client-side-apply&fieldValidation=Strict';
  return [
    ...k8sEvent({ at: when, by, verb: 'get', ref: target }),
    ...k8sEvent({
      at: when + 200,
      by,
      verb: 'patch',
      ref: target,
      query: `dryRun=All&${query}`,
      request,
      response: write(when + 200).response,
    }),
    ...k8sEvent({ at: when + MINUTE, by, verb: 'get', ref: target }),
    ...k8sEvent({
      at: when + MINUTE + 200,
      by,
      verb: 'patch',
      ref: target,
      query,
      request,
      response: write(when + MINUTE + 200).response,
    }),
    ...rollout(when + MINUTE + 300, DEV, 'web', 'feature-cart-11', 2),
    ...k8sEvent({
      at: when + MINUTE + 900,
      by,
      verb: 'watch',
      ref: target,
      query: 'fieldSelector=metadata.name%3Dweb&watch=true',
      lasts: 30 * SECOND,
    }),
  ];
}

export function streams(): K8sEvent[] {
  const web = podOf(DEV, 'web', NODE_B);
  const checkout = podOf(DEV, 'checkout', NODE_A).name;
  const older: Caller = { ...ben, agent: 'kubectl/v1.29.6 (linux/amd64) kubernetes/6de1d7a' };
  return [
    ...k8sEvent({ at: at('10:44:09'), by: ana, verb: 'get', ref: ref('pods', DEV, web.name) }),
    ...webSocketExec({ at: at('10:44:10'), by: ana, pod: web, command: ['ls', '/app'], lasts: 800 }),
    ...k8sEvent({ at: at('14:31:52'), by: older, verb: 'get', ref: ref('pods', DEV, web.name) }),
    ...spdyExec({
      at: at('14:31:53'),
      by: older,
      pod: web,
      command: ['php', 'artisan', 'migrate:status'],
      lasts: 2100,
    }),
    ...k8sEvent({
      at: at('15:12:20'),
      by: chi,
      verb: 'get',
      ref: ref('pods', DEV, checkout, 'portforward'),
      code: 101,
      lasts: 9 * MINUTE,
    }),
  ];
}

/** A restart, a scale and a pod taken away, all in the developers' own namespace. */
export function tending(): K8sEvent[] {
  const template = shopTemplate(DEV, 'checkout', '1.20.0-rc.2');
  const restart = {
    spec: {
      template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2025-09-16T12:11:48+02:00' } } },
    },
  };
  const { response } = deployment(template, 2, { at: at('10:11:48'), manager: 'kubectl-rollout', generation: 64 });
  const scale = stored(
    {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      name: 'checkout',
      namespace: DEV,
      at: at('11:38:20'),
      manager: 'kubectl',
    },
    { spec: { replicas: 1 }, status: { replicas: 2 } },
  );
  const gone = podOf(DEV, 'web', NODE_A);
  return [
    ...k8sEvent({
      at: at('10:11:48'),
      by: ben,
      verb: 'patch',
      ref: ref('deployments', DEV, 'checkout'),
      query: 'fieldManager=kubectl-rollout',
      request: restart,
      response,
    }),
    ...k8sEvent({
      at: at('11:38:20'),
      by: ben,
      verb: 'patch',
      ref: ref('deployments', DEV, 'checkout', 'scale'),
      request: { spec: { replicas: 1 } },
      response: scale,
    }),
    ...podDeleted(at('13:47:10'), ana, gone, shopTemplate(DEV, 'web', 'feature-cart-11')),
    ...k8sEvent({ at: at('14:05:30'), by: chi, verb: 'list', ref: ref('metrics.k8s.io/v1beta1/pods', DEV) }),
  ];
}
