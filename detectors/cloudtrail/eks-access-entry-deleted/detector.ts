import { accessGrantOf, clusterOf, weighAccessChange, weighRefusal } from '../../../core/cloudtrail/eks.ts';
import { gravest, isAwsItself } from '../../../core/cloudtrail/parameters.ts';
import { actionOf, actorName } from '../../../core/cloudtrail/predicates.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'cloudtrail/eks-access-entry-deleted',
  title: 'EKS access taken away from an IAM principal',
  description:
    'Removing access entries locks defenders out of their own cluster, stops nodes from joining, or clears away an entry ' +
    'that an intruder made and has used.',
  severity: 'medium',
  mitre: ['TA0040:T1531', 'TA0005:T1070'],
  source: 'cloudtrail',
  covers: ['eks-access-entry-deleted', 'eks-access-entry-created'],
  when: { actions: ['eks:DeleteAccessEntry', 'eks:DisassociateAccessPolicy'], outcomes: ['succeeded', 'denied'] },

  detect(event) {
    if (isAwsItself(event)) return undefined;
    const { principalArn, policy } = accessGrantOf(event);
    const cluster = clusterOf(event);
    const refused = weighRefusal(event);
    const what = actionOf(event) === 'eks:DeleteAccessEntry' ? 'the access entry' : (policy ?? 'an access policy');
    return {
      title: `${actorName(event)} ${refused ? 'was refused taking' : 'took'} ${what} of ${principalArn ?? 'a principal'} away on ${cluster ?? 'a cluster'}`,
      dedup: [actorName(event), cluster ?? '', principalArn ?? '', what],
      ...(refused ?? gravest(weighAccessChange(event, undefined))),
      evidence: { clusterName: cluster, principalArn, policy },
    };
  },
});
