import * as callers from '../callers.ts';
import { podOf } from '../cluster.ts';
import { everyDay } from '../every-day.ts';
import { type Caller, type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { stored } from '../objects.ts';
import { controlledPod } from '../pod-life.ts';
import { createRandom, hexOf, suffixOf } from '../random.ts';
import { at, CLUSTER_BORN, MINUTE } from '../time.ts';
import { ownerOf } from '../workloads.ts';
import { nodeAt, shopTemplate } from './rollout.ts';

/** The autoscaler reads metrics, writes its status, and now and then a scale. */
export function autoscaling(): K8sEvent[] {
  const by: Caller = callers.controller('horizontal-pod-autoscaler');
  const metrics = (when: number, app: string) =>
    k8sEvent({
      at: when,
      by,
      verb: 'list',
      ref: ref('metrics.k8s.io/v1beta1/pods', 'shop'),
      query: `labelSelector=app.kubernetes.io%2Fname%3D${app}`,
    });
  const status = (when: number, app: string, replicas: number) => {
    const spec = {
      scaleTargetRef: { kind: 'Deployment', name: app, apiVersion: 'apps/v1' },
      minReplicas: 3,
      maxReplicas: 12,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
    };
    const meta = {
      kind: 'HorizontalPodAutoscaler',
      apiVersion: 'autoscaling/v2',
      name: app,
      namespace: 'shop',
      at: when,
      created: CLUSTER_BORN,
      manager: 'kube-controller-manager',
    };
    const body = stored(meta, {
      spec,
      status: {
        currentReplicas: replicas,
        desiredReplicas: replicas,
        currentMetrics: [
          { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 61, averageValue: '61m' } } },
        ],
      },
    });
    return k8sEvent({
      at: when,
      by,
      verb: 'update',
      ref: ref('horizontalpodautoscalers', 'shop', app, 'status'),
      request: body,
      response: body,
    });
  };
  const scale = (when: number, app: string, replicas: number) => {
    const meta = {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      name: app,
      namespace: 'shop',
      at: when,
      created: CLUSTER_BORN,
      manager: 'kube-controller-manager',
    };
    const body = stored(meta, {
      spec: { replicas },
      status: { replicas: replicas - 1, selector: `app.kubernetes.io/name=${app}` },
    });
    return k8sEvent({
      at: when,
      by,
      verb: 'update',
      ref: ref('deployments', 'shop', app, 'scale'),
      request: body,
      response: body,
    });
  };
  const random = createRandom('hpa-scale');
  const busy = ['08:45:58', '11:52:10', '12:40:31', '18:20:02'].flatMap((clock, i) => {
    const when = at(clock);
    const replicas = 4 + (i % 2);
    const name = `web-${hexOf('web', 9)}`;
    const pod = podOf('shop', 'web', nodeAt(random.int(0, 4)), 'web', `${hexOf('web', 9)}-${suffixOf(clock, 5)}`);
    return [
      ...scale(when, 'web', replicas),
      ...controlledPod(when + 300, shopTemplate('shop', 'web', '2.41.0'), pod, ownerOf('ReplicaSet', 'shop', name)),
    ];
  });
  const metered = everyDay('hpa', 15 * MINUTE, (when, r) => metrics(when, r.pick(['web', 'checkout'])));
  return [...metered, ...everyDay('hpa-status', 30 * MINUTE, (when) => status(when, 'web', 3)), ...busy];
}
