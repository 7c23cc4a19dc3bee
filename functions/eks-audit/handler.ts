import { k8sAuditDetectors } from '../../detectors/k8s-audit/index.ts';
import { detectFunction } from '../detect.ts';

/** Judges the EKS audit log: from a CloudWatch Logs subscription, or through Kinesis from other accounts. */
export const handler = detectFunction({ source: 'k8s-audit', detectors: k8sAuditDetectors });
