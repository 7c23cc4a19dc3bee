import * as callers from '../../scripts/samples/callers.ts';
import { type Caller, type Json, type K8sEvent, k8sEvent, ref } from '../../scripts/samples/k8s-event.ts';
import { stored } from '../../scripts/samples/objects.ts';
import { boundToken, podStatus } from '../../scripts/samples/pod-life.ts';
import { LIST, watchFrom } from '../../scripts/samples/quiet-day/informers.ts';
import { hexOf, type Random } from '../../scripts/samples/random.ts';
import { CLUSTER_BORN, SECOND, seconds } from '../../scripts/samples/time.ts';
import type { Act } from './act.ts';
import { anyPod, controllers, daemonOf, nodes, operators, people, teams } from './fleet.ts';

type Some = readonly [string, ...string[]];

const LEADERS: readonly [Caller, ...Caller[]] = [
  callers.schedulerLease,
  callers.controllerManager,
  callers.cloudControllerManager,
  callers.certificateController,
  callers.apiserver,
  ...operators,
];
const FOLLOWED: Some = ['pods', 'services', 'endpointslices', 'nodes', 'configmaps', 'namespaces', 'deployments'];
const CUSTOM: Some = [
  'argoproj.io/v1alpha1/applications',
  'external-secrets.io/v1/externalsecrets',
  'cert-manager.io/v1/certificates',
  'karpenter.sh/v1/nodeclaims',
  'monitoring.coreos.com/v1/servicemonitors',
  'elbv2.k8s.aws/v1beta1/targetgroupbindings',
];

const condition = (type: string, at: number): Json => ({
  type,
  status: type === 'Ready' ? 'True' : 'False',
  lastHeartbeatTime: seconds(at),
  reason: `KubeletHas${type}`,
  message: `kubelet has sufficient ${type.replace('Pressure', '').toLowerCase()} available`,
});

/** The kubelet's heartbeat; now and then with the list of images that the node holds. */
function nodeStatus(at: number, random: Random): K8sEvent[] {
  const on = random.pick(nodes);
  const types = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'];
  const images = Array.from({ length: 50 }, (_, i) => ({
    names: [`111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/app-${i}@sha256:${hexOf(`image/${i}`, 64)}`],
    sizeBytes: 31_000_000 + i * 1_734_211,
  }));
  return k8sEvent({
    at,
    by: callers.kubelet(on),
    verb: 'patch',
    ref: ref('nodes', undefined, on.name, 'status'),
    query: 'timeout=10s',
    request: {
      status: {
        '$setElementOrder/conditions': types.map((type) => ({ type })),
        conditions: types.map((type) => condition(type, at)),
        ...(random.chance(0.05) && { images }),
      },
    },
  });
}

const watch = (at: number, by: Caller, type: string, random: Random, namespace?: string, name?: string): K8sEvent[] =>
  k8sEvent({
    at,
    by,
    verb: 'watch',
    ref: ref(type, namespace, name),
    query: watchFrom(at, random.int(300, 600), name),
    lasts: random.int(15, 430) * SECOND,
  });

function kubeletReads(at: number, random: Random): K8sEvent[] {
  const pod = anyPod(random);
  const by = callers.kubelet(pod.node);
  const [type, name] = random.pick([
    ['secrets', `${pod.app}-env`],
    ['configmaps', 'kube-root-ca.crt'],
    ['configmaps', `${pod.app}-config`],
  ]) as [string, string];
  return random.chance(0.6)
    ? watch(at, by, type, random, pod.namespace, name)
    : k8sEvent({ at, by, verb: 'get', ref: ref(type, pod.namespace, name) });
}

/** A webhook or an aggregated API asks who a token is and what its bearer may. */
function reviews(at: number, random: Random): K8sEvent[] {
  const { user } = random.pick(operators);
  const spec = { nonResourceAttributes: { path: '/metrics', verb: 'get' }, user: user.username, groups: user.groups };
  const body = { kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', metadata: {}, spec };
  return [
    ...k8sEvent({ at, by: callers.metricsServer, verb: 'create', ref: ref('tokenreviews') }),
    ...k8sEvent({
      at: at + 6,
      by: callers.metricsServer,
      verb: 'create',
      ref: ref('subjectaccessreviews'),
      request: { ...body, status: { allowed: false } },
      response: { ...body, status: { allowed: true, reason: callers.prometheus.reason } },
    }),
  ];
}

function autoscaler(at: number, random: Random): K8sEvent[] {
  const by = callers.controller('horizontal-pod-autoscaler');
  const { namespace, app } = anyPod(random);
  const meta = { kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v2', name: app, namespace };
  const spec = {
    scaleTargetRef: { kind: 'Deployment', name: app, apiVersion: 'apps/v1' },
    minReplicas: 3,
    maxReplicas: 12,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }],
  };
  const body = stored(
    { ...meta, at, created: CLUSTER_BORN, manager: 'kube-controller-manager' },
    { spec, status: { currentReplicas: 4, desiredReplicas: 4 } },
  );
  return random.chance(0.4)
    ? k8sEvent({
        at,
        by,
        verb: 'update',
        ref: ref('horizontalpodautoscalers', namespace, app, 'status'),
        request: body,
        response: body,
      })
    : k8sEvent({
        at,
        by,
        verb: 'list',
        ref: ref('metrics.k8s.io/v1beta1/pods', namespace),
        query: `labelSelector=app.kubernetes.io%2Fname%3D${app}`,
      });
}

/** What a cluster does all day without anybody asking. */
export const noise: readonly [Act<K8sEvent>, ...Act<K8sEvent>[]] = [
  {
    weight: 300,
    make(at, random) {
      const on = random.pick(nodes);
      const target = ref('leases', 'kube-node-lease', on.name);
      return k8sEvent({ at, by: callers.kubelet(on), verb: 'update', ref: target, query: 'timeout=10s' });
    },
  },
  {
    weight: 160,
    make(at, random) {
      const by = random.pick(LEADERS);
      const name = `${by.agent.split('/', 1)[0]}-leader`;
      const target = ref('leases', 'kube-system', name);
      return k8sEvent({ at, by, verb: random.chance(0.5) ? 'update' : 'get', ref: target });
    },
  },
  { weight: 50, make: nodeStatus },
  { weight: 70, make: (at, random) => podStatus(at, anyPod(random), random.chance(0.8)) },
  { weight: 60, make: (at, random) => watch(at, random.pick(operators), random.pick(FOLLOWED), random) },
  { weight: 20, make: (at, random) => watch(at, random.pick(operators), random.pick(CUSTOM), random) },
  {
    weight: 15,
    make: (at, random) => watch(at, daemonOf(random.pick(nodes), random), random.pick(FOLLOWED), random),
  },
  { weight: 20, make: kubeletReads },
  {
    weight: 50,
    make: (at, random) =>
      k8sEvent({ at, by: random.pick(operators), verb: 'list', ref: ref(random.pick(FOLLOWED)), query: LIST }),
  },
  {
    weight: 50,
    make(at, random) {
      const { namespace, name } = anyPod(random);
      return k8sEvent({ at, by: random.pick(operators), verb: 'get', ref: ref('pods', namespace, name) });
    },
  },
  {
    weight: 45,
    make(at, random) {
      const type = random.pick(CUSTOM);
      const target = ref(type, random.pick(teams), random.pick(teams), 'status');
      return k8sEvent({ at, by: random.pick(operators), verb: 'patch', ref: target, query: 'fieldManager=controller' });
    },
  },
  {
    weight: 15,
    make: (at, random) => boundToken(at, anyPod(random), random.chance(0.2) ? 'sts.amazonaws.com' : undefined),
  },
  { weight: 25, make: reviews },
  {
    weight: 60,
    make(at, random) {
      const by = random.pick([callers.scheduler, callers.karpenter, callers.certManager, ...operators]);
      return k8sEvent({ at, by, verb: 'create', ref: ref('events.k8s.io/v1/events', random.pick(teams)) });
    },
  },
  {
    weight: 40,
    make(at, random) {
      const { namespace, app } = anyPod(random);
      return k8sEvent({
        at,
        by: controllers[0],
        verb: 'update',
        ref: ref('endpointslices', namespace, `${app}-k2x9v`),
      });
    },
  },
  { weight: 25, make: autoscaler },
  {
    weight: 12,
    make(at, random) {
      const target = ref('nodes', undefined, random.pick(nodes).name, 'proxy');
      return k8sEvent({ at, by: callers.prometheus, verb: 'get', ref: target, path: '/metrics/cadvisor' });
    },
  },
  {
    weight: 20,
    make: (at, random) =>
      k8sEvent({
        at,
        by: random.pick([...controllers, ...operators]),
        verb: 'get',
        path: random.pick(['/apis', '/api', '/openapi/v3', '/metrics', '/apis/apps/v1']),
      }),
  },
  {
    weight: 10,
    make: (at, random) =>
      k8sEvent({
        at,
        by: callers.anonymous(random.pick(nodes).ip, 'ELB-HealthChecker/2.0'),
        verb: 'get',
        path: random.pick(['/readyz', '/livez']),
      }),
  },
  {
    weight: 15,
    make: (at, random) =>
      k8sEvent({
        at,
        by: callers.apiserver,
        verb: 'get',
        ref: ref(random.pick(['services', 'endpointslices']), 'default', 'kubernetes'),
      }),
  },
  {
    weight: 5,
    make(at, random) {
      const { namespace, app } = anyPod(random);
      return k8sEvent({ at, by: callers.externalSecrets, verb: 'get', ref: ref('secrets', namespace, `${app}-env`) });
    },
  },
  {
    weight: 8,
    make(at, random) {
      const { namespace, name } = anyPod(random);
      const by = random.pick(people);
      return random.chance(0.3)
        ? k8sEvent({
            at,
            by,
            verb: 'get',
            ref: ref('pods', namespace, name, 'log'),
            query: 'container=app&tailLines=100',
          })
        : k8sEvent({ at, by, verb: 'list', ref: ref('pods', namespace), query: 'limit=500' });
    },
  },
];
