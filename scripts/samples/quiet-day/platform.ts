import * as callers from '../callers.ts';
import { everyDay } from '../every-day.ts';
import { type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { uuidOf } from '../random.ts';
import { at, HOUR, MINUTE } from '../time.ts';
import { informers, watches, watchFrom } from './informers.ts';

/** External Secrets reads its sources and writes the copies; Flux and Velero read what they manage. */
export function platform(): K8sEvent[] {
  const { externalSecrets, fluxKustomize, karpenter, velero, ebsController } = callers;
  const copies = [
    ['shop', 'web-db'],
    ['shop', 'checkout-db'],
    ['shop-dev', 'web-db'],
    ['monitoring', 'grafana-admin'],
    ['datadog', 'datadog-api-key'],
  ] as const;
  const backup = at('01:00:04');
  return [
    ...everyDay('external-secrets', 30 * MINUTE, (when, random) => {
      const [namespace, name] = random.pick(copies);
      return [
        ...k8sEvent({ at: when, by: externalSecrets, verb: 'get', ref: ref('secrets', namespace, name) }),
        ...(random.chance(0.25)
          ? k8sEvent({ at: when + 300, by: externalSecrets, verb: 'update', ref: ref('secrets', namespace, name) })
          : []),
        ...k8sEvent({
          at: when + 340,
          by: externalSecrets,
          verb: 'patch',
          ref: ref('external-secrets.io/v1/externalsecrets', namespace, name, 'status'),
        }),
      ];
    }),
    ...watches(
      externalSecrets,
      ['external-secrets.io/v1/externalsecrets', 'secrets', 'external-secrets.io/v1/clustersecretstores'],
      1,
    ),
    // The operator signs in to AWS as the service account of each store, by a short token of its own making.
    ...everyDay('external-secrets-token', 3 * HOUR, (when) =>
      k8sEvent({
        at: when,
        by: externalSecrets,
        verb: 'create',
        ref: ref('serviceaccounts', 'shop', 'external-secrets-reader', 'token'),
        request: {
          kind: 'TokenRequest',
          apiVersion: 'authentication.k8s.io/v1',
          metadata: { creationTimestamp: null },
          spec: { audiences: ['sts.amazonaws.com'], expirationSeconds: 600, boundObjectRef: null },
          status: { token: '', expirationTimestamp: null },
        },
        annotations: { 'authentication.kubernetes.io/issued-credential-id': `JTI=${uuidOf(`eso/${when}`)}` },
      }),
    ),
    ...k8sEvent({
      at: at('00:05:09'),
      by: externalSecrets,
      verb: 'watch',
      ref: ref('secrets', 'external-secrets'),
      query: watchFrom(at('00:05:09'), 417),
      lasts: 417_000,
    }),
    ...informers(at('00:20:00'), fluxKustomize, ['secrets', 'configmaps'], 'flux-system'),
    ...everyDay('flux', 20 * MINUTE, (when) => [
      ...k8sEvent({ at: when, by: fluxKustomize, verb: 'get', ref: ref('secrets', 'flux-system', 'flux-system') }),
      ...k8sEvent({
        at: when + 150,
        by: fluxKustomize,
        verb: 'patch',
        ref: ref('kustomize.toolkit.fluxcd.io/v1/kustomizations', 'flux-system', 'platform', 'status'),
      }),
    ]),
    ...everyDay('karpenter', 20 * MINUTE, (when, random) =>
      k8sEvent({
        at: when,
        by: karpenter,
        verb: 'patch',
        ref: ref(
          'karpenter.sh/v1/nodeclaims',
          undefined,
          `default-${random.pick(['x7v2k', 'q9mzd', 'h4tpw'])}`,
          'status',
        ),
      }),
    ),
    ...watches(
      karpenter,
      [
        'pods',
        'nodes',
        'karpenter.sh/v1/nodeclaims',
        'karpenter.sh/v1/nodepools',
        'daemonsets',
        'poddisruptionbudgets',
      ],
      1,
    ),
    ...watches(
      ebsController,
      ['persistentvolumes', 'persistentvolumeclaims', 'volumeattachments', 'storageclasses', 'nodes'],
      2,
    ),
    // The nightly backup reads everything, namespace by namespace, secrets included.
    ...['shop', 'shop-dev', 'monitoring'].flatMap((namespace, i) =>
      [
        'pods',
        'secrets',
        'configmaps',
        'services',
        'deployments',
        'serviceaccounts',
        'persistentvolumeclaims',
        'rolebindings',
      ].flatMap((type, j) =>
        k8sEvent({
          at: backup + i * 2000 + j * 210,
          by: velero,
          verb: 'list',
          ref: ref(type, namespace),
          query: 'limit=500',
        }),
      ),
    ),
    ...everyDay('velero', 2 * HOUR, (when) =>
      k8sEvent({ at: when, by: velero, verb: 'patch', ref: ref('velero.io/v1/backups', 'velero', 'nightly-20250916') }),
    ),
  ];
}
