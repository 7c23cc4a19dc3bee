import type { CloudTrailEvent } from './cloudtrail/schema.ts';
import type { CloudTrailWhen } from './cloudtrail/source.ts';
import { cloudTrail } from './cloudtrail/source.ts';
import type { AuditEvent } from './k8s-audit/schema.ts';
import type { AuditWhen } from './k8s-audit/source.ts';
import { k8sAudit } from './k8s-audit/source.ts';

/** Every log source, by the name that detectors, policies and alerts use. */
export const sources = { 'k8s-audit': k8sAudit, cloudtrail: cloudTrail } as const;

export type SourceId = keyof typeof sources;

export interface EventOf {
  'k8s-audit': AuditEvent;
  cloudtrail: CloudTrailEvent;
}

export interface WhenOf {
  'k8s-audit': AuditWhen;
  cloudtrail: CloudTrailWhen;
}

export const SOURCE_IDS = Object.keys(sources) as SourceId[];
