import { NODE_A, NODE_B, podOf } from '../cluster.ts';
import { type Caller, type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { stored } from '../objects.ts';
import { createRandom } from '../random.ts';
import { at, HOUR, MINUTE, SECOND } from '../time.ts';
import { applyDeployment, streams, tending } from './developer-changes.ts';
import { ana, ben, chi, DEV, dora } from './team.ts';

/** What a terminal asks before its first question of the day. */
const discovery = (when: number, by: Caller): K8sEvent[] =>
  ['/api', '/apis', '/openapi/v3'].flatMap((path, i) =>
    k8sEvent({
      at: when + i * 30,
      by,
      verb: 'get',
      path,
      query: 'timeout=32s',
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to Group "system:authenticated"',
    }),
  );

const describePod = (when: number, by: Caller, namespace: string, name: string): K8sEvent[] => [
  ...k8sEvent({ at: when, by, verb: 'get', ref: ref('pods', namespace, name) }),
  ...k8sEvent({
    at: when + 90,
    by,
    verb: 'list',
    ref: ref('events.k8s.io/v1/events', namespace),
    query: `fieldSelector=regarding.name%3D${name}&limit=500`,
  }),
];

/** Hours of ordinary looking: lists, a describe, some logs, a rollout status. */
function lookingAround(by: Caller, namespace: string, seed: string, from: string, turns: number): K8sEvent[] {
  const random = createRandom(`people/${seed}`);
  const pods = ['web', 'checkout'].flatMap((app) => [podOf(namespace, app, NODE_A), podOf(namespace, app, NODE_B)]);
  const pod = () => random.pick(pods as [(typeof pods)[number], ...typeof pods]).name;
  const span = (8 * HOUR) / turns;
  return Array.from({ length: turns }, (_, i) => at(from) + i * span + random.int(0, 12 * MINUTE)).flatMap((when) => {
    const acts = [
      () => k8sEvent({ at: when, by, verb: 'list', ref: ref('pods', namespace), query: 'limit=500' }),
      () =>
        k8sEvent({
          at: when,
          by,
          verb: 'list',
          ref: ref(random.pick(['deployments', 'services', 'ingresses', 'jobs', 'configmaps']), namespace),
          query: 'limit=500',
        }),
      () => describePod(when, by, namespace, pod()),
      () =>
        k8sEvent({
          at: when,
          by,
          verb: 'get',
          ref: ref('pods', namespace, pod(), 'log'),
          query: 'container=web&follow=true&tailLines=200',
          lasts: random.int(2, 90) * SECOND,
        }),
      () =>
        k8sEvent({
          at: when,
          by,
          verb: 'watch',
          ref: ref('deployments', namespace, 'web'),
          query: 'fieldSelector=metadata.name%3Dweb&watch=true',
          lasts: 20 * SECOND,
        }),
      () =>
        k8sEvent({
          at: when,
          by,
          verb: 'get',
          ref: ref('pods', namespace, `web-5d8c7f6b9-${random.pick(['zk4xq', 'v2mwp'])}`),
          code: 404,
        }),
    ] as const;
    return random.pick(acts)();
  });
}

function canI(
  when: number,
  by: Caller,
  namespace: string,
  verb: string,
  resource: string,
  allowed: boolean,
): K8sEvent[] {
  const body = {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec: { resourceAttributes: { namespace, verb, group: resource === 'deployments' ? 'apps' : '', resource } },
  };
  const status = { allowed, ...(allowed && { reason: by.reason }) };
  return k8sEvent({
    at: when,
    by,
    verb: 'create',
    ref: ref('selfsubjectaccessreviews'),
    reason:
      'RBAC: allowed by ClusterRoleBinding "system:basic-user" of ClusterRole "system:basic-user" to Group "system:authenticated"',
    request: { ...body, status: { allowed: false } },
    response: { ...body, status },
  });
}

function mistakes(): K8sEvent[] {
  return [
    ...k8sEvent({ at: at('09:14:30'), by: ana, verb: 'list', ref: ref('pods'), query: 'limit=500', code: 403 }),
    ...k8sEvent({ at: at('09:58:11'), by: chi, verb: 'list', ref: ref('nodes'), query: 'limit=500', code: 403 }),
    ...k8sEvent({ at: at('11:05:45'), by: ben, verb: 'get', ref: ref('secrets', 'shop', 'web-env'), code: 403 }),
    ...k8sEvent({ at: at('11:06:20'), by: ben, verb: 'get', ref: ref('secrets', DEV, 'web-env') }),
    ...k8sEvent({
      at: at('13:40:02'),
      by: chi,
      verb: 'delete',
      ref: ref('pods', 'shop', podOf('shop', 'web', NODE_A).name),
      code: 403,
    }),
    ...k8sEvent({
      at: at('15:55:37'),
      by: ana,
      verb: 'patch',
      ref: ref('deployments', 'shop', 'web'),
      query: 'fieldManager=kubectl-edit',
      request: { spec: { replicas: 5 } },
      code: 403,
    }),
    ...k8sEvent({
      at: at('16:20:19'),
      by: ana,
      verb: 'create',
      ref: ref('configmaps', DEV, 'feature-flags'),
      code: 409,
    }),
  ];
}

/** The platform team looks at nodes and at kube-system; nothing is changed but a label and a CronJob's pause. */
function platform(): K8sEvent[] {
  const pause = { spec: { suspend: true } };
  const meta = {
    kind: 'CronJob',
    apiVersion: 'batch/v1',
    name: 'orders-export',
    namespace: 'shop',
    at: at('17:02:12'),
    manager: 'kubectl-patch',
    generation: 5,
  };
  return [
    ...discovery(at('08:30:01'), dora),
    ...['nodes', 'pods', 'namespaces', 'deployments'].flatMap((type, i) =>
      k8sEvent({ at: at('08:31:00') + i * 3 * MINUTE, by: dora, verb: 'list', ref: ref(type), query: 'limit=500' }),
    ),
    ...k8sEvent({ at: at('08:50:41'), by: dora, verb: 'list', ref: ref('pods', 'kube-system'), query: 'limit=500' }),
    ...k8sEvent({
      at: at('08:52:07'),
      by: dora,
      verb: 'get',
      ref: ref('pods', 'kube-system', podOf('kube-system', 'coredns', NODE_A).name, 'log'),
      query: 'container=coredns&tailLines=100',
      lasts: 300,
    }),
    ...k8sEvent({ at: at('12:15:33'), by: dora, verb: 'list', ref: ref('metrics.k8s.io/v1beta1/nodes') }),
    ...k8sEvent({
      at: at('17:02:12'),
      by: dora,
      verb: 'patch',
      ref: ref('cronjobs', 'shop', 'orders-export'),
      query: 'fieldManager=kubectl-patch',
      request: pause,
      response: stored(meta, { spec: { schedule: '30 */3 * * *', ...pause } }),
    }),
  ];
}

export const people = (): K8sEvent[] => [
  ...[ana, ben, chi].flatMap((by, i) => discovery(at(`08:5${i * 3}:12`), by)),
  ...lookingAround(ana, DEV, 'ana', '09:02', 60),
  ...lookingAround(ben, DEV, 'ben', '09:10', 45),
  ...lookingAround(chi, DEV, 'chi', '09:21', 45),
  ...lookingAround(dora, 'shop', 'dora', '08:35', 40),
  ...canI(at('09:59:02'), chi, 'shop', 'get', 'pods', true),
  ...canI(at('09:59:31'), chi, 'shop', 'delete', 'pods', false),
  ...canI(at('14:29:40'), ben, DEV, 'create', 'deployments', true),
  ...applyDeployment(at('14:50:08'), ana),
  ...streams(),
  ...tending(),
  ...mistakes(),
  ...platform(),
];
