// Made by `npm run gen` from the folders beside it. Do not edit.
import type { RegisteredDetector } from '../../core/detector.ts';
import canary from './canary/detector.ts';
import logSourceLagging from './log-source-lagging/detector.ts';
import logSourceSilent from './log-source-silent/detector.ts';
import logSourceVolumeDrop from './log-source-volume-drop/detector.ts';

export const auditwireDetectors: readonly RegisteredDetector[] = [
  {
    detector: canary,
    nextSteps: [
      'aws logs describe-subscription-filters --log-group-name {event.origin.logGroup} --region {event.region}',
      "aws cloudwatch describe-alarms --state-value ALARM --region {event.region} --query 'MetricAlarms[].[AlarmName,StateReason]'",
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventSource,AttributeValue=sns.amazonaws.com --region {event.region} --max-results 20',
    ],
  },
  {
    detector: logSourceLagging,
    nextSteps: [
      "aws logs describe-log-streams --log-group-name {evidence.logGroup} --region {event.region} --order-by LastEventTime --descending --max-items 5 --query 'logStreams[].[logStreamName,lastEventTimestamp,lastIngestionTime]'",
      'aws cloudtrail describe-trails --region {evidence.trailRegion}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=PutFunctionConcurrency20171031 --region {event.region} --max-results 20',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=UpdateFunctionConfiguration20150331v2 --region {event.region} --max-results 20',
    ],
  },
  {
    detector: logSourceSilent,
    nextSteps: [
      "aws eks describe-cluster --name {event.cluster} --region {event.region} --query 'cluster.[status,logging.clusterLogging]'",
      'aws logs describe-subscription-filters --log-group-name {evidence.logGroup} --region {event.region}',
      'aws cloudtrail describe-trails --region {evidence.trailRegion}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=StopLogging --region {evidence.trailRegion} --max-results 20',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=DeleteSubscriptionFilter --region {event.region} --max-results 20',
    ],
  },
  {
    detector: logSourceVolumeDrop,
    nextSteps: [
      'aws logs describe-subscription-filters --log-group-name {evidence.logGroup} --region {event.region}',
      'aws logs describe-account-policies --policy-type SUBSCRIPTION_FILTER_POLICY --region {event.region}',
      'aws cloudtrail describe-trails --region {evidence.trailRegion}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=PutSubscriptionFilter --region {event.region} --max-results 20',
      'kubectl get nodes --sort-by=.metadata.creationTimestamp',
    ],
  },
];
