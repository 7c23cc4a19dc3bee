import { defineDetector } from '../../../core/detector.ts';
import {
  awsAuthChangeOf,
  demandsLabel,
  describeMapping,
  judgeMappings,
  sparesAwsAuth,
} from '../../../core/k8s-audit/aws-auth.ts';
import { callerOf, principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { objectNameOf } from '../../../core/k8s-audit/object.ts';
import { queryOf } from '../../../core/k8s-audit/request.ts';

export default defineDetector({
  id: 'k8s-audit/aws-auth-change',
  title: 'aws-auth ConfigMap changed',
  description:
    'aws-auth says which IAM identities are who in this cluster. A line in it makes any IAM role a cluster administrator outside RBAC, and its deletion locks out everybody whom it let in.',
  severity: 'high',
  mitre: ['TA0003:T1098.006', 'TA0003:T1078.004', 'TA0040:T1531'],
  source: 'k8s-audit',
  covers: ['aws-auth-privileged-mapping', 'aws-auth-modified', 'aws-auth-created-or-deleted'],
  when: {
    verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
    resources: ['configmaps'],
    outcomes: ['succeeded'],
  },

  detect(event) {
    const { verb, objectRef, responseStatus } = event;
    if (objectRef?.namespace !== 'kube-system' || callerOf(event) === 'component') return undefined;
    const actor = actorName(event);
    if (verb === 'deletecollection') {
      const [labels, fields] = ['labelSelector', 'fieldSelector'].map((name) => queryOf(event).get(name) ?? '');
      if (fields && sparesAwsAuth(fields)) return undefined;
      return {
        title: `${actor} deleted the ConfigMaps of kube-system at once, aws-auth among them`,
        dedup: [principalOf(event), verb],
        ...(labels &&
          demandsLabel(labels) && {
            severity: 'medium',
            severityReason: 'only what carries the labels is deleted; whether aws-auth does is not in the event',
          }),
        evidence: { change: 'deleted', labelSelector: labels || undefined, fieldSelector: fields || undefined },
      };
    }
    if (objectNameOf(event) !== 'aws-auth') return undefined;
    const act =
      verb === 'delete' ? 'deleted' : verb === 'create' || responseStatus?.code === 201 ? 'created' : 'changed';
    const change = verb === 'delete' ? undefined : awsAuthChangeOf(event);
    const { privileged, ...judged } = judgeMappings(event, change);
    const [first, ...others] = privileged;
    return {
      title: first
        ? `${actor} ${act} aws-auth with ${describeMapping(first)}${others.length > 0 ? ` and ${others.length} more` : ''}`
        : `${actor} ${act} aws-auth, the map of IAM identities into this cluster`,
      dedup: [principalOf(event), act, privileged.map(describeMapping).join('; ')],
      ...judged.severity,
      evidence: {
        change: act,
        bodyLogged: verb === 'delete' ? undefined : change !== undefined,
        writtenKeys: change?.written,
        unreadableKeys: change?.unreadable,
        privilegedMappings: privileged.map(describeMapping),
        why: judged.why,
        otherMappings: change?.mappings.filter((one) => !privileged.includes(one)).map(describeMapping),
      },
    };
  },
});
