import {
  accessEntryOf,
  clusterOf,
  isSelfGrant,
  weighAccessChange,
  weighMapping,
  weighRefusal,
} from '../../../core/cloudtrail/eks.ts';
import { gravest, isAwsItself, parametersWithheld, weight } from '../../../core/cloudtrail/parameters.ts';
import { actionOf, actorName } from '../../../core/cloudtrail/predicates.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'cloudtrail/eks-access-entry',
  title: 'EKS access entry created or changed',
  description:
    'An access entry lets an IAM principal into the cluster under a username and groups of its maker’s choice. Where RBAC ' +
    'binds one of those groups, the entry alone is enough, and no review of IAM policies shows it.',
  severity: 'medium',
  mitre: ['TA0003:T1098.006', 'TA0004:T1098.006'],
  source: 'cloudtrail',
  covers: ['eks-access-entry-privileged-group', 'eks-access-entry-foreign-principal', 'eks-access-entry-created'],
  when: { actions: ['eks:CreateAccessEntry', 'eks:UpdateAccessEntry'], outcomes: ['succeeded', 'denied'] },

  detect(event) {
    if (isAwsItself(event)) return undefined;
    const entry = accessEntryOf(event);
    const { principalArn, kubernetesGroups, username, type } = entry;
    const cluster = clusterOf(event);
    const refused = weighRefusal(event);
    const verb = actionOf(event) === 'eks:CreateAccessEntry' ? ['made', 'making'] : ['changed', 'changing'];
    return {
      title: `${actorName(event)} ${refused ? `was refused ${verb[1]}` : verb[0]} an access entry for ${principalArn ?? 'a principal'} on ${cluster ?? 'a cluster'}`,
      dedup: [
        actorName(event),
        cluster ?? '',
        principalArn ?? '',
        `${kubernetesGroups?.join(',')} ${username} ${type}`,
      ],
      ...(refused ??
        gravest([
          weighMapping(entry),
          ...weighAccessChange(event, principalArn),
          weight(type !== undefined && type !== 'STANDARD', 'medium', `type ${type} makes the principal a node`),
          weight(parametersWithheld(event), 'high', 'the record does not hold what was asked for'),
          { severity: 'low', severityReason: 'it has neither groups nor a username: alone it gives no rights' },
        ])),
      evidence: {
        clusterName: cluster,
        principalArn,
        kubernetesGroups,
        username,
        entryType: type,
        grantsToSelf: isSelfGrant(event, principalArn),
      },
    };
  },
});
