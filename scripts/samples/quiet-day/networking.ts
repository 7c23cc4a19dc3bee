import * as callers from '../callers.ts';
import { everyDay } from '../every-day.ts';
import { type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { sent, stored } from '../objects.ts';
import { at, CLUSTER_BORN, HOUR } from '../time.ts';
import { LIST, watches } from './informers.ts';

/** The controller's finalizers, target groups and ingress status. */
export function networking(): K8sEvent[] {
  const { albController, coredns } = callers;
  return [
    ...watches(
      albController,
      ['ingresses', 'services', 'endpointslices', 'elbv2.k8s.aws/v1beta1/targetgroupbindings', 'nodes'],
      1,
    ),
    ...everyDay('tgb', 3 * HOUR, (when) =>
      k8sEvent({
        at: when,
        by: albController,
        verb: 'patch',
        ref: ref('elbv2.k8s.aws/v1beta1/targetgroupbindings', 'shop', 'k8s-shop-web-4f1c9d2a7b', 'status'),
      }),
    ),
    ...everyDay('ingress-status', 8 * HOUR, (when) => {
      const status = {
        loadBalancer: { ingress: [{ hostname: 'k8s-shop-web-3a7d1e9f40-1093847561.eu-west-1.elb.amazonaws.com' }] },
      };
      const meta = {
        kind: 'Ingress',
        apiVersion: 'networking.k8s.io/v1',
        name: 'web',
        namespace: 'shop',
        at: when,
        created: CLUSTER_BORN,
        manager: 'controller',
        annotations: {
          'alb.ingress.kubernetes.io/scheme': 'internet-facing',
          'alb.ingress.kubernetes.io/certificate-arn':
            'arn:aws:acm:eu-west-1:111122223333:certificate/0b5e2f6a-93c1-4a57-8d0e-6f2b7c4e1d90',
        },
      };
      const spec = {
        ingressClassName: 'alb',
        tls: [{ hosts: ['shop.example.com'] }],
        rules: [
          {
            host: 'shop.example.com',
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
            },
          },
        ],
      };
      return k8sEvent({
        at: when,
        by: albController,
        verb: 'patch',
        ref: ref('ingresses', 'shop', 'web', 'status'),
        request: { status },
        response: stored(meta, { spec, status }),
      });
    }),
    ...internalLoadBalancer(at('13:06:40')),
    ...watches(coredns, ['services', 'endpointslices', 'namespaces'], 2),
    // A new pod of CoreDNS whose role is bound a moment later: denied once, then allowed.
    ...k8sEvent({ at: at('14:02:11'), by: coredns, verb: 'list', ref: ref('endpointslices'), query: LIST, code: 403 }),
    ...k8sEvent({ at: at('14:02:13'), by: coredns, verb: 'list', ref: ref('endpointslices'), query: LIST }),
  ];
}

/** A Service that is published inside the VPC: the controller writes its address into the status. */
function internalLoadBalancer(when: number): K8sEvent[] {
  const annotations = {
    'service.beta.kubernetes.io/aws-load-balancer-type': 'external',
    'service.beta.kubernetes.io/aws-load-balancer-scheme': 'internal',
    'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type': 'ip',
  };
  const meta = {
    kind: 'Service',
    apiVersion: 'v1',
    name: 'checkout-internal',
    namespace: 'shop',
    created: when,
    annotations,
  };
  const spec = {
    type: 'LoadBalancer',
    loadBalancerClass: 'service.k8s.aws/nlb',
    allocateLoadBalancerNodePorts: false,
    ports: [{ name: 'grpc', port: 443, protocol: 'TCP', targetPort: 8443 }],
    selector: { 'app.kubernetes.io/name': 'checkout' },
  };
  const ingress = [{ hostname: 'k8s-shop-checkout-5c2e8d1f07-aabbccdd00112233.elb.eu-west-1.amazonaws.com' }];
  const created = stored({ ...meta, at: when, manager: 'helm' }, { spec, status: { loadBalancer: {} } });
  const published = stored(
    { ...meta, at: when + 95_000, manager: 'controller' },
    { spec, status: { loadBalancer: { ingress } } },
  );
  return [
    ...k8sEvent({
      at: when,
      by: callers.ci,
      verb: 'create',
      ref: ref('services', 'shop', 'checkout-internal'),
      query: 'fieldManager=helm',
      request: sent({ ...meta, at: when, manager: 'helm' }, { spec, status: { loadBalancer: {} } }),
      response: created,
    }),
    ...k8sEvent({
      at: when + 95_000,
      by: callers.albController,
      verb: 'patch',
      ref: ref('services', 'shop', 'checkout-internal', 'status'),
      request: { status: { loadBalancer: { ingress } } },
      response: published,
    }),
  ];
}
