import * as callers from '../callers.ts';
import { type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { stored } from '../objects.ts';
import { at, CLUSTER_BORN } from '../time.ts';
import { informers, watches } from './informers.ts';

export function certificates(): K8sEvent[] {
  const { certManager, caInjector } = callers;
  const certificate = (resource: string, namespace: string, name: string, subresource?: string) =>
    ref(`cert-manager.io/v1/${resource}`, namespace, name, subresource);
  const renewed = at('04:17:05');
  return [
    // cert-manager follows all secrets of the cluster: it cannot know which will hold a certificate.
    ...informers(at('02:40:31'), certManager, [
      'secrets',
      'cert-manager.io/v1/certificates',
      'cert-manager.io/v1/certificaterequests',
      'cert-manager.io/v1/issuers',
      'ingresses',
    ]),
    ...watches(
      certManager,
      ['secrets', 'cert-manager.io/v1/certificates', 'cert-manager.io/v1/certificaterequests'],
      1,
    ),
    ...watches(
      caInjector,
      [
        'secrets',
        'apiservices',
        'mutatingwebhookconfigurations',
        'validatingwebhookconfigurations',
        'customresourcedefinitions',
      ],
      2,
    ),
    ...k8sEvent({
      at: renewed,
      by: certManager,
      verb: 'create',
      ref: ref('cert-manager.io/v1/certificaterequests', 'shop', 'shop-tls-7'),
    }),
    ...k8sEvent({ at: renewed + 80, by: certManager, verb: 'create', ref: ref('secrets', 'shop', 'shop-tls-q8wzk') }),
    ...k8sEvent({
      at: renewed + 41_000,
      by: certManager,
      verb: 'update',
      ref: certificate('certificaterequests', 'shop', 'shop-tls-7', 'status'),
    }),
    ...k8sEvent({
      at: renewed + 41_300,
      by: certManager,
      verb: 'patch',
      ref: ref('secrets', 'shop', 'shop-tls'),
      query: 'fieldManager=cert-manager-certificates-issuing&force=true',
    }),
    ...k8sEvent({
      at: renewed + 41_700,
      by: certManager,
      verb: 'delete',
      ref: ref('secrets', 'shop', 'shop-tls-q8wzk'),
    }),
    ...k8sEvent({
      at: renewed + 41_900,
      by: certManager,
      verb: 'update',
      ref: certificate('certificates', 'shop', 'shop-tls', 'status'),
    }),
    ...webhookBundles(renewed + 60_000),
  ];
}

/** The CA bundle of a webhook is refreshed: the whole configuration is sent again, one field changed. */
function webhookBundles(when: number): K8sEvent[] {
  const meta = {
    kind: 'ValidatingWebhookConfiguration',
    apiVersion: 'admissionregistration.k8s.io/v1',
    name: 'cert-manager-webhook',
    at: when,
    created: CLUSTER_BORN,
    manager: 'cainjector',
    generation: 4,
    annotations: { 'cert-manager.io/inject-ca-from-secret': 'cert-manager/cert-manager-webhook-ca' },
  };
  const webhooks = [
    {
      name: 'webhook.cert-manager.io',
      clientConfig: {
        service: { namespace: 'cert-manager', name: 'cert-manager-webhook', path: '/validate', port: 443 },
        caBundle: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==',
      },
      rules: [
        {
          operations: ['CREATE', 'UPDATE'],
          apiGroups: ['cert-manager.io', 'acme.cert-manager.io'],
          apiVersions: ['v1'],
          resources: ['*/*'],
          scope: '*',
        },
      ],
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {
        matchExpressions: [{ key: 'cert-manager.io/disable-validation', operator: 'NotIn', values: ['true'] }],
      },
      objectSelector: {},
      sideEffects: 'None',
      timeoutSeconds: 30,
      admissionReviewVersions: ['v1'],
    },
  ];
  const body = stored(meta, { webhooks });
  return k8sEvent({
    at: when,
    by: callers.caInjector,
    verb: 'update',
    ref: ref('validatingwebhookconfigurations', undefined, 'cert-manager-webhook'),
    request: body,
    response: body,
  });
}
