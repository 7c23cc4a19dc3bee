import { fetchObject } from '../../aws/trail-objects.ts';
import { cloudtrailDetectors } from '../../detectors/cloudtrail/index.ts';
import { detectFunction } from '../detect.ts';

/** Judges CloudTrail: from a CloudWatch Logs subscription, Kinesis, EventBridge, or S3 objects announced through SQS. */
export const handler = detectFunction({
  name: 'cloudtrail',
  source: 'cloudtrail',
  detectors: cloudtrailDetectors,
  fetchObject,
});
