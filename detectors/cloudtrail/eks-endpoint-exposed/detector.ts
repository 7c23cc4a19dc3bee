import { clusterOf, clusterSettingsOf, weighEndpoint } from '../../../core/cloudtrail/eks.ts';
import { actionOf, actorName } from '../../../core/cloudtrail/predicates.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'cloudtrail/eks-endpoint-exposed',
  title: 'EKS API endpoint opened or its reach changed',
  description:
    'Who may reach the API server is the wall in front of stolen tokens, anonymous rights and unpatched faults. Opening ' +
    'it to the internet, or to one more address, is how an intruder comes back from outside.',
  severity: 'high',
  mitre: ['TA0001:T1133', 'TA0005:T1562.007'],
  source: 'cloudtrail',
  covers: ['eks-endpoint-opened-to-world', 'eks-endpoint-cidr-changed'],
  when: { actions: ['eks:UpdateClusterConfig', 'eks:CreateCluster'], outcomes: ['succeeded'] },

  detect(event) {
    const settings = clusterSettingsOf(event);
    const isNew = actionOf(event) === 'eks:CreateCluster';
    const exposure = weighEndpoint(settings, isNew);
    if (!exposure) return undefined;
    const { endpointPublicAccess, endpointPrivateAccess, publicAccessCidrs, subnetIds, securityGroupIds } = settings;
    const { internetShare, judged } = exposure;
    const cluster = clusterOf(event);
    return {
      title: `${actorName(event)} ${isNew ? 'created' : 'changed the API endpoint of'} ${cluster ?? 'a cluster'}: ${judged.severityReason}`,
      dedup: [actorName(event), cluster ?? '', `${publicAccessCidrs?.toSorted().join(',')} ${endpointPrivateAccess}`],
      ...judged,
      evidence: {
        endpointPublicAccess,
        endpointPrivateAccess,
        publicAccessCidrs,
        internetShare,
        subnetIds,
        securityGroupIds,
      },
    };
  },
});
