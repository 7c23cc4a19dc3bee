import { auditwireDetectors } from '../../detectors/auditwire/index.ts';
import { k8sAuditDetectors } from '../../detectors/k8s-audit/index.ts';
import { detectFunction } from '../detect.ts';

/** A canary comes through this function; what the system says of its log sources comes through none of these. */
const canary = auditwireDetectors.filter(({ detector }) => detector.id === 'auditwire/canary');

/** Judges the EKS audit log: from a CloudWatch Logs subscription, or through Kinesis from other accounts. */
export const handler = detectFunction({
  name: 'eks-audit',
  source: 'k8s-audit',
  detectors: [...k8sAuditDetectors, ...canary],
});
