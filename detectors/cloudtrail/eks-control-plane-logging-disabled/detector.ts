import { clusterOf, clusterSettingsOf, loggingTypesOf } from '../../../core/cloudtrail/eks.ts';
import { gravest, parametersWithheld, weight } from '../../../core/cloudtrail/parameters.ts';
import { actionOf, actorName } from '../../../core/cloudtrail/predicates.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'cloudtrail/eks-control-plane-logging-disabled',
  title: 'EKS audit logging switched off',
  description:
    'Without the audit log every detector on Kubernetes activity is blind, and what happens in the cluster from now on ' +
    'cannot be reconstructed later.',
  severity: 'critical',
  mitre: ['TA0005:T1562.008'],
  source: 'cloudtrail',
  covers: ['eks-control-plane-logging-disabled'],
  when: { actions: ['eks:UpdateClusterConfig', 'eks:CreateCluster'], outcomes: ['succeeded'] },

  detect(event) {
    const settings = clusterSettingsOf(event);
    const isNew = actionOf(event) === 'eks:CreateCluster';
    const off = loggingTypesOf(settings, false);
    const unknown =
      !isNew && Object.values(settings).every((value) => value === undefined) && parametersWithheld(event);
    const judged = gravest([
      weight(!isNew && off.includes('audit'), 'critical', 'the audit log stops: Kubernetes detections are blind'),
      weight(
        !isNew && off.includes('authenticator'),
        'high',
        'which IAM identity stands behind a user is no longer logged',
      ),
      weight(!isNew && off.includes('api'), 'medium', 'the API server’s own log stops'),
      weight(
        isNew && !loggingTypesOf(settings, true).includes('audit'),
        'medium',
        'a new cluster starts without an audit log',
      ),
      weight(unknown, 'high', 'the record does not say what was changed: it could be this'),
    ]);
    if (!judged) return undefined;
    const cluster = clusterOf(event);
    const act = isNew ? 'created' : unknown ? 'changed the configuration of' : `switched off ${off.join(', ')} logs of`;
    return {
      title: `${actorName(event)} ${act} ${cluster ?? 'a cluster'}${isNew ? ' without an audit log' : ''}`,
      dedup: [actorName(event), cluster ?? '', off.join(',')],
      ...judged,
      evidence: { clusterName: cluster, disabledLogs: off.length > 0 ? off : undefined },
    };
  },
});
