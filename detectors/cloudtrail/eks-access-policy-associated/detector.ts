import {
  accessGrantOf,
  clusterOf,
  isSelfGrant,
  weighAccessChange,
  weighGrant,
  weighRefusal,
} from '../../../core/cloudtrail/eks.ts';
import { gravest, isAwsItself } from '../../../core/cloudtrail/parameters.ts';
import { actorName } from '../../../core/cloudtrail/predicates.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'cloudtrail/eks-access-policy-associated',
  title: 'EKS access policy given to an IAM principal',
  description:
    'One AWS call gives an IAM principal rights inside the cluster, up to cluster-admin. No Kubernetes object changes, so ' +
    'neither RBAC nor the audit log shows where the rights come from.',
  severity: 'high',
  mitre: ['TA0004:T1098.006', 'TA0003:T1098.006'],
  source: 'cloudtrail',
  covers: ['eks-access-policy-admin-associated', 'eks-access-entry-created'],
  when: { actions: ['eks:AssociateAccessPolicy'], outcomes: ['succeeded', 'denied'] },

  detect(event) {
    if (isAwsItself(event)) return undefined;
    const grant = accessGrantOf(event);
    const { principalArn, policy, scope, namespaces } = grant;
    const cluster = clusterOf(event);
    const refused = weighRefusal(event);
    const where = scope === 'namespace' ? `${namespaces.join(', ')} of ${cluster}` : (cluster ?? 'a cluster');
    return {
      title: `${actorName(event)} ${refused ? 'was refused giving' : 'gave'} ${principalArn ?? 'a principal'} ${policy ?? 'an access policy'} on ${where}`,
      dedup: [actorName(event), cluster ?? '', principalArn ?? '', `${policy} ${scope} ${namespaces.join(',')}`],
      ...(refused ?? gravest([weighGrant(grant), ...weighAccessChange(event, principalArn)])),
      evidence: {
        clusterName: cluster,
        principalArn,
        policy,
        scope,
        namespaces: namespaces.length > 0 ? namespaces : undefined,
        grantsToSelf: isSelfGrant(event, principalArn),
      },
    };
  },
});
