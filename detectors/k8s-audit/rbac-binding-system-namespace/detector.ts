import { defineDetector } from '../../../core/detector.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { isSystemNamespace } from '../../../core/k8s-audit/object.ts';
import {
  type Binding,
  bindingEvidence,
  calmedForWorkload,
  type Judged,
  RBAC_GROUP,
  RBAC_WRITES,
  rbacDedup,
  rbacObjectText,
} from '../../../core/k8s-audit/rbac.ts';
import { bindingWriteOf, recipientsText } from '../../../core/k8s-audit/rbac-bindings.ts';

export default defineDetector({
  id: 'k8s-audit/rbac-binding-system-namespace',
  title: 'Role bound in a namespace that holds keys to the cluster',
  description:
    'Rights over kube-system and over the namespaces of deployers, secret stores and policy engines reach their service accounts, and through those the cluster. The strength of a custom role is not in this event.',
  severity: 'medium',
  mitre: ['TA0003:T1098.006', 'TA0004:T1098.006'],
  source: 'k8s-audit',
  covers: ['binding-in-sensitive-namespace'],
  when: { verbs: RBAC_WRITES, resources: ['rolebindings'], apiGroups: [RBAC_GROUP], outcomes: ['succeeded'] },

  detect(event) {
    const write = bindingWriteOf(event);
    if (write?.topic !== 'system-namespace') return undefined;
    const { binding } = write;
    return {
      title: `${actorName(event)} bound ${binding.role?.name ?? 'a role'} to ${recipientsText(event, binding)} by ${rbacObjectText(event)}`,
      ...calmedForWorkload(event, judged(binding)),
      dedup: rbacDedup(event),
      evidence: bindingEvidence(binding),
    };
  },
});

function judged({ role, namespace }: Binding): Judged {
  if (role?.kind === 'Role' && role.name === 'extension-apiserver-authentication-reader') {
    return {
      severity: 'low',
      severityReason: 'Kubernetes’ own role for aggregated API servers: it reads one configmap',
    };
  }
  if (role?.kind === 'ClusterRole' && role.name === 'view') {
    return { severity: 'low', severityReason: 'the view role, which reads no secrets' };
  }
  return isSystemNamespace(namespace)
    ? { severity: 'medium', severityReason: `a custom role in ${namespace}, a namespace of EKS and its add-ons` }
    : { severity: 'low', severityReason: `${namespace} is no namespace of EKS, though one that commonly holds keys` };
}
