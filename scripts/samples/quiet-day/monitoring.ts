import * as callers from '../callers.ts';
import { NODES } from '../cluster.ts';
import { everyDay } from '../every-day.ts';
import { type Caller, type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { at, HOUR, MINUTE } from '../time.ts';
import { informers, watches } from './informers.ts';

/** Prometheus and metrics-server read the kubelets' numbers through the API server, as their charts do by default. */
const nodeMetrics = (when: number, by: Caller, paths: readonly [string, ...string[]]): K8sEvent[] =>
  NODES.flatMap(({ name }, i) =>
    paths.flatMap((path, j) =>
      k8sEvent({
        at: when + i * 70 + j * 25,
        by,
        verb: 'get',
        ref: ref('nodes', undefined, name, 'proxy'),
        path: `/${path}`,
        lasts: 40,
      }),
    ),
  );

export function monitoring(): K8sEvent[] {
  const { prometheus, metricsServer, kubeStateMetrics } = callers;
  return [
    ...everyDay('cadvisor', 75 * MINUTE, (when) => nodeMetrics(when, prometheus, ['metrics', 'metrics/cadvisor'])),
    ...everyDay('summary', 90 * MINUTE, (when) => nodeMetrics(when, metricsServer, ['metrics/resource'])),
    ...everyDay('stats', 8 * HOUR, (when) => nodeMetrics(when, prometheus, ['stats/summary'])),
    ...everyDay('apiserver-metrics', 10 * MINUTE, (when) =>
      k8sEvent({ at: when, by: prometheus, verb: 'get', path: '/metrics' }),
    ),
    ...watches(prometheus, ['pods', 'endpoints', 'services', 'nodes', 'ingresses', 'endpointslices'], 1),
    ...watches(metricsServer, ['pods', 'nodes', 'configmaps'], 3),
    // kube-state-metrics was rescheduled: it lists every kind it counts, secrets among them, cluster-wide.
    ...informers(at('05:31:20'), kubeStateMetrics, [
      'secrets',
      'configmaps',
      'pods',
      'deployments',
      'daemonsets',
      'replicasets',
      'statefulsets',
      'jobs',
      'cronjobs',
      'nodes',
      'namespaces',
      'services',
      'ingresses',
      'networkpolicies',
      'resourcequotas',
      'persistentvolumeclaims',
      'validatingwebhookconfigurations',
      'certificatesigningrequests',
      'leases',
    ]),
    ...watches(kubeStateMetrics, ['secrets', 'pods', 'deployments', 'nodes'], 2),
  ];
}
