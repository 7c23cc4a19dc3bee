import * as callers from '../callers.ts';
import { certificateRequest } from '../certificate-request.ts';
import type { Node } from '../cluster.ts';
import { type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { sent, stored } from '../objects.ts';
import { uuidOf } from '../random.ts';
import { seconds } from '../time.ts';

/** A node asks for its serving certificate; EKS approves and signs it. */
export function kubeletServingCsr(when: number, node: Node): K8sEvent[] {
  const by = callers.kubelet(node);
  const name = `csr-${uuidOf(`csr/${node.name}`).slice(0, 5)}`;
  const spec = {
    request: certificateRequest(`system:node:${node.name}`, 'system:nodes'),
    signerName: 'kubernetes.io/kubelet-serving',
    usages: ['digital signature', 'server auth'],
    username: by.user.username,
    uid: by.user.uid,
    groups: by.user.groups,
    extra: by.user.extra,
  };
  const meta = {
    kind: 'CertificateSigningRequest',
    apiVersion: 'certificates.k8s.io/v1',
    name,
    generateName: 'csr-',
    at: when,
    manager: 'kubelet',
  };
  const approval = {
    type: 'Approved',
    status: 'True',
    reason: 'AutoApproved',
    message: 'Auto approving kubelet server certificate after SubjectAccessReview.',
    lastUpdateTime: seconds(when),
    lastTransitionTime: seconds(when),
  };
  const { request, signerName, usages } = spec;
  const approved = stored(meta, { spec, status: { conditions: [approval] } });
  const signed = stored(meta, {
    spec,
    status: { conditions: [approval], certificate: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==' },
  });
  const signer = callers.certificateController;
  return [
    ...k8sEvent({
      at: when,
      by,
      verb: 'create',
      ref: ref('certificatesigningrequests'),
      request: sent(meta, { spec: { request, signerName, usages }, status: {} }),
      response: stored(meta, { spec, status: {} }),
    }),
    ...k8sEvent({
      at: when + 90,
      by: signer,
      verb: 'update',
      ref: ref('certificatesigningrequests', undefined, name, 'approval'),
      request: approved,
      response: approved,
    }),
    ...k8sEvent({
      at: when + 180,
      by: signer,
      verb: 'update',
      ref: ref('certificatesigningrequests', undefined, name, 'status'),
      request: signed,
      response: signed,
    }),
    ...k8sEvent({
      at: when + 210,
      by,
      verb: 'watch',
      ref: ref('certificatesigningrequests', undefined, name),
      query: `fieldSelector=metadata.name%3D${name}&watch=true`,
      lasts: 300,
    }),
  ];
}
