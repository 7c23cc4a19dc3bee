import * as callers from '../callers.ts';
import { NODES, podOf } from '../cluster.ts';
import { everyDay } from '../every-day.ts';
import { type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { stored } from '../objects.ts';
import { shopService } from '../pod-specs.ts';
import { at, CLUSTER_BORN, HOUR } from '../time.ts';
import { addonUpgrade, SYSTEM } from './addon-upgrade.ts';
import { consolidated, drained } from './node-removal.ts';

/** After a key change, EKS rewrites every secret so that it is encrypted anew. */
function secretsEncrypted(when: number): K8sEvent[] {
  const by = callers.kmsStorageMigrator;
  const names = [
    ['shop', 'web-env'],
    ['shop', 'web-db'],
    ['shop', 'checkout-env'],
    ['shop', 'regcred'],
    ['shop-dev', 'web-db'],
    ['argocd', 'argocd-secret'],
    ['monitoring', 'grafana-admin'],
    ['kube-system', 'aws-load-balancer-tls'],
    ['datadog', 'datadog-api-key'],
  ] as const;
  return [
    ...k8sEvent({ at: when, by, verb: 'list', ref: ref('secrets'), query: 'limit=500' }),
    ...names.flatMap(([namespace, name], i) =>
      k8sEvent({
        at: when + 600 + i * 110,
        by,
        verb: 'update',
        ref: ref('secrets', namespace, name),
        code: i === 4 ? 409 : 200,
      }),
    ),
  ];
}

/** Pods with security groups of their own get an annotation that names their network interface. */
function branchInterface(when: number): K8sEvent[] {
  const pod = podOf('shop', 'checkout', NODES[1] ?? NODES[0]);
  const annotations = {
    'vpc.amazonaws.com/pod-eni': '[{"eniId":"eni-0a1b2c3d4e5f60718","privateIp":"10.0.45.61","vlanId":3}]',
  };
  const meta = {
    kind: 'Pod',
    apiVersion: 'v1',
    name: pod.name,
    namespace: pod.namespace,
    at: when,
    created: CLUSTER_BORN,
    manager: 'vpc-resource-controller',
    annotations,
  };
  const spec = { ...shopService('checkout', '1.19.2'), nodeName: pod.node.name };
  return k8sEvent({
    at: when,
    by: callers.vpcResourceController,
    verb: 'patch',
    ref: ref('pods', pod.namespace, pod.name),
    request: { metadata: { annotations } },
    response: stored(meta, { spec, status: { phase: 'Running' } }),
  });
}

export const eksServices = (): K8sEvent[] => [
  ...branchInterface(at('13:05:30')),
  ...consolidated(at('22:10:05')),
  ...addonUpgrade(at('07:22:10')),
  ...secretsEncrypted(at('05:05:40')),
  ...drained(at('19:44:02')),
  ...everyDay('addon-manager', HOUR, (when) =>
    ['coredns', 'metrics-server', 'ebs-csi-controller'].flatMap((name, i) =>
      k8sEvent({
        at: when + i * 60,
        by: callers.addonManager,
        verb: 'get',
        ref: ref('deployments', SYSTEM, name),
        query: 'timeout=10s',
      }),
    ),
  ),
  ...everyDay('node-manager', 2 * HOUR, (when) =>
    k8sEvent({
      at: when,
      by: callers.nodeManager,
      verb: 'list',
      ref: ref('nodes'),
      query: 'labelSelector=eks.amazonaws.com%2Fnodegroup%3Dgeneral',
    }),
  ),
];
