// Made by `npm run gen` from the folders beside it. Do not edit.
import type { RegisteredDetector } from '../../core/detector.ts';
import eksAccessEntry from './eks-access-entry/detector.ts';
import eksAccessEntryDeleted from './eks-access-entry-deleted/detector.ts';
import eksAccessPolicyAssociated from './eks-access-policy-associated/detector.ts';
import eksAuthenticationModeChanged from './eks-authentication-mode-changed/detector.ts';
import eksControlPlaneLoggingDisabled from './eks-control-plane-logging-disabled/detector.ts';
import eksEndpointExposed from './eks-endpoint-exposed/detector.ts';
import logSubscriptionFilterTampered from './log-subscription-filter-tampered/detector.ts';
import rootActivity from './root-activity/detector.ts';
import rootCredentialsChanged from './root-credentials-changed/detector.ts';
import trailCreated from './trail-created/detector.ts';
import trailSelectorsWeakened from './trail-selectors-weakened/detector.ts';
import trailStoppedOrDeleted from './trail-stopped-or-deleted/detector.ts';
import trailUpdated from './trail-updated/detector.ts';

export const cloudtrailDetectors: readonly RegisteredDetector[] = [
  {
    detector: eksAccessEntry,
    nextSteps: [
      'aws eks describe-access-entry --cluster-name {event.cluster} --principal-arn {evidence.principalArn} --region {event.region}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {evidence.principalArn} --region {event.region}',
      'kubectl auth can-i --list --as=auditwire-probe --as-group={evidence.kubernetesGroups[]}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --region {event.region} --max-results 50',
    ],
  },
  {
    detector: eksAccessEntryDeleted,
    nextSteps: [
      'aws eks describe-access-entry --cluster-name {event.cluster} --principal-arn {evidence.principalArn} --region {event.region}',
      'aws eks list-access-entries --cluster-name {event.cluster} --region {event.region}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=CreateAccessEntry --region {event.region} --max-results 50',
    ],
  },
  {
    detector: eksAccessPolicyAssociated,
    nextSteps: [
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {evidence.principalArn} --region {event.region}',
      'aws eks describe-access-entry --cluster-name {event.cluster} --principal-arn {evidence.principalArn} --region {event.region}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --region {event.region} --max-results 50',
    ],
  },
  {
    detector: eksAuthenticationModeChanged,
    nextSteps: [
      'aws eks describe-cluster --name {event.cluster} --region {event.region} --query cluster.accessConfig',
      'aws eks list-access-entries --cluster-name {event.cluster} --region {event.region}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --region {event.region} --max-results 50',
      'kubectl get nodes',
      'kubectl get configmap aws-auth -n kube-system -o yaml',
    ],
  },
  {
    detector: eksControlPlaneLoggingDisabled,
    nextSteps: [
      'aws eks describe-cluster --name {event.cluster} --region {event.region} --query cluster.logging',
      'aws eks list-updates --name {event.cluster} --region {event.region}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --region {event.region} --max-results 50',
      'kubectl get clusterrolebindings,rolebindings,serviceaccounts,pods,daemonsets,cronjobs -A --sort-by=.metadata.creationTimestamp',
    ],
  },
  {
    detector: eksEndpointExposed,
    nextSteps: [
      'aws eks describe-cluster --name {event.cluster} --region {event.region} --query cluster.resourcesVpcConfig',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=UpdateClusterConfig --region {event.region} --max-results 50',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --region {event.region} --max-results 50',
    ],
  },
  {
    detector: logSubscriptionFilterTampered,
    nextSteps: [
      'aws logs describe-subscription-filters --log-group-name {evidence.logGroup} --region {event.region}',
      'aws logs describe-account-policies --policy-type SUBSCRIPTION_FILTER_POLICY --region {event.region}',
      'aws cloudwatch list-metrics --namespace AWS/Logs --metric-name ForwardedLogEvents --region {event.region}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --region {event.region} --max-results 50',
    ],
  },
  {
    detector: rootActivity,
    nextSteps: [
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=root --region {event.region} --max-results 50',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=ConsoleLogin --region us-east-1 --max-results 50',
      'aws iam get-account-summary --query "SummaryMap.[AccountAccessKeysPresent,AccountMFAEnabled]"',
    ],
  },
  {
    detector: rootCredentialsChanged,
    nextSteps: [
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=ConsoleLogin --region us-east-1 --max-results 50',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=root --region us-east-1 --max-results 50',
      'aws iam get-account-summary --query "SummaryMap.[AccountAccessKeysPresent,AccountMFAEnabled,AccountSigningCertificatesPresent]"',
      'aws account get-primary-email --account-id {evidence.affectedAccount}',
    ],
  },
  {
    detector: trailCreated,
    nextSteps: [
      'aws cloudtrail get-trail --name {evidence.trail} --region {event.region}',
      'aws s3api get-bucket-location --bucket {evidence.bucket}',
      'aws cloudtrail get-trail-status --name {evidence.trail} --region {event.region}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=StopLogging --region {event.region} --max-results 20',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --region {event.region} --max-results 50',
    ],
  },
  {
    detector: trailSelectorsWeakened,
    nextSteps: [
      'aws cloudtrail get-event-selectors --trail-name {target.name} --region {event.region}',
      'aws cloudtrail describe-trails --include-shadow-trails --region {event.region}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --region {event.region} --max-results 50',
    ],
  },
  {
    detector: trailStoppedOrDeleted,
    nextSteps: [
      'aws cloudtrail get-trail-status --name {target.name} --region {event.region}',
      'aws cloudtrail describe-trails --include-shadow-trails --region {event.region}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --region {event.region} --max-results 50',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --region us-east-1 --max-results 50',
    ],
  },
  {
    detector: trailUpdated,
    nextSteps: [
      'aws cloudtrail get-trail --name {target.name} --region {event.region}',
      'aws cloudtrail get-trail-status --name {target.name} --region {event.region}',
      'aws s3api get-bucket-location --bucket {evidence.s3BucketName} --expected-bucket-owner {event.account}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --region {event.region} --max-results 50',
      'aws cloudtrail describe-trails --include-shadow-trails --region {event.region}',
    ],
  },
];
