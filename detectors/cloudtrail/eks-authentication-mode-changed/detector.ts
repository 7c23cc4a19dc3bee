import { clusterOf, clusterSettingsOf } from '../../../core/cloudtrail/eks.ts';
import { actorName } from '../../../core/cloudtrail/predicates.ts';
import { defineDetector } from '../../../core/detector.ts';

const MEANING: Readonly<Record<string, string>> = {
  API: 'only access entries count: whoever came in by the aws-auth ConfigMap is locked out',
  API_AND_CONFIG_MAP: 'access entries count beside the aws-auth ConfigMap: an AWS call alone can let somebody in',
  CONFIG_MAP: 'only the aws-auth ConfigMap counts',
};

export default defineDetector({
  id: 'cloudtrail/eks-authentication-mode-changed',
  title: 'EKS authentication mode changed',
  description:
    'The mode decides whether AWS calls or the aws-auth ConfigMap say who may enter the cluster. The switch to access ' +
    'entries cannot be undone, and is the first step where a cluster was governed by aws-auth.',
  severity: 'high',
  mitre: ['TA0003:T1556', 'TA0005:T1556'],
  source: 'cloudtrail',
  covers: ['eks-auth-mode-changed'],
  when: { actions: ['eks:UpdateClusterConfig'], outcomes: ['succeeded'] },

  detect(event) {
    const { authenticationMode } = clusterSettingsOf(event);
    if (!authenticationMode) return undefined;
    const cluster = clusterOf(event);
    return {
      title: `${actorName(event)} changed the authentication mode of ${cluster ?? 'a cluster'} to ${authenticationMode}`,
      dedup: [actorName(event), cluster ?? '', authenticationMode],
      evidence: {
        authenticationMode,
        meaning: Object.hasOwn(MEANING, authenticationMode) ? MEANING[authenticationMode] : undefined,
      },
    };
  },
});
