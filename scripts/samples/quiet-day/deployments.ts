import * as callers from '../callers.ts';
import { type Json, type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { at, SECOND } from '../time.ts';
import { deployment } from '../workloads.ts';
import { autoscaling } from './autoscaling.ts';
import { cronRun, housekeeping } from './cron-jobs.ts';
import { rollout, shopTemplate } from './rollout.ts';

/** `helm upgrade` from CI: discovery, its release secrets, a three-way patch, a wait for the rollout. */
function helmUpgrade(when: number, app: string, revision: number, tag: string): K8sEvent[] {
  const by = callers.ci;
  const namespace = 'shop';
  const release = (n: number) => ref('secrets', namespace, `sh.helm.release.v1.${app}.v${n}`);
  const template = shopTemplate(namespace, app, tag);
  const { response } = deployment(template, 3, {
    at: when + 3 * SECOND,
    manager: 'helm',
    generation: revision,
    annotations: { 'meta.helm.sh/release-name': app, 'meta.helm.sh/release-namespace': namespace },
  });
  const patch = {
    metadata: { labels: { 'app.kubernetes.io/version': tag } },
    spec: {
      template: {
        metadata: { labels: { 'app.kubernetes.io/version': tag } },
        spec: {
          '$setElementOrder/containers': [{ name: app }],
          containers: [{ name: app, image: (template.spec.containers[0] as Json).image }],
        },
      },
    },
  };
  const list = `labelSelector=name%3D${app}%2Cowner%3Dhelm`;
  return [
    ...k8sEvent({ at: when, by, verb: 'get', path: '/version' }),
    ...k8sEvent({ at: when + 120, by, verb: 'list', ref: ref('secrets', namespace), query: list }),
    ...k8sEvent({
      at: when + 900,
      by,
      verb: 'list',
      ref: ref('secrets', namespace),
      query: `${list}%2Cstatus%21%3Dsuperseded`,
    }),
    ...['services', 'deployments', 'serviceaccounts', 'ingresses', 'configmaps', 'horizontalpodautoscalers'].flatMap(
      (type, i) =>
        k8sEvent({
          at: when + 1300 + i * 60,
          by,
          verb: 'get',
          ref: ref(type, namespace, app),
          code: type === 'configmaps' ? 404 : 200,
        }),
    ),
    ...k8sEvent({ at: when + 2000, by, verb: 'create', ref: release(revision) }),
    ...k8sEvent({
      at: when + 3000,
      by,
      verb: 'patch',
      ref: ref('deployments', namespace, app),
      query: 'fieldManager=helm',
      request: patch,
      response,
    }),
    ...rollout(when + 3100, namespace, app, tag, 3),
    ...Array.from({ length: 4 }, (_, i) =>
      k8sEvent({ at: when + (5 + i * 11) * SECOND, by, verb: 'get', ref: ref('deployments', namespace, app) }),
    ).flat(),
    ...k8sEvent({ at: when + 52 * SECOND, by, verb: 'update', ref: release(revision - 1) }),
    ...k8sEvent({ at: when + 53 * SECOND, by, verb: 'update', ref: release(revision) }),
    ...k8sEvent({ at: when + 54 * SECOND, by, verb: 'delete', ref: release(revision - 10) }),
  ];
}

export const deployments = (): K8sEvent[] => [
  ...helmUpgrade(at('09:32:41'), 'web', 42, '2.41.0'),
  ...helmUpgrade(at('13:05:18'), 'checkout', 87, '1.19.3'),
  ...helmUpgrade(at('16:41:52'), 'web', 43, '2.41.1'),
  ...autoscaling(),
  ...[0, 3, 6, 9, 12, 15, 18, 21].flatMap((hour) => cronRun(at(`${hour}:30:00`), 'shop', 'orders-export')),
  ...cronRun(at('02:00:00'), 'shop', 'pg-backup'),
  ...housekeeping(at('03:15:02')),
];
