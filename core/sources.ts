import type { AuditwireEvent } from './auditwire/schema.ts';
import type { AuditwireWhen } from './auditwire/source.ts';
import { auditwire } from './auditwire/source.ts';
import type { CloudTrailEvent } from './cloudtrail/schema.ts';
import type { CloudTrailWhen } from './cloudtrail/source.ts';
import { cloudTrail } from './cloudtrail/source.ts';
import type { AuditEvent } from './k8s-audit/schema.ts';
import type { AuditWhen } from './k8s-audit/source.ts';
import { k8sAudit } from './k8s-audit/source.ts';

/**
 * Every source of events, by the name that detectors, policies and alerts use. A record is of the first that recognises
 * it: what the system says of itself comes last, so that nothing from outside passes for it.
 */
export const sources = { 'k8s-audit': k8sAudit, cloudtrail: cloudTrail, auditwire } as const;

export type SourceId = keyof typeof sources;

export interface EventOf {
  'k8s-audit': AuditEvent;
  cloudtrail: CloudTrailEvent;
  auditwire: AuditwireEvent;
}

export interface WhenOf {
  'k8s-audit': AuditWhen;
  cloudtrail: CloudTrailWhen;
  auditwire: AuditwireWhen;
}

export const SOURCE_IDS = Object.keys(sources) as SourceId[];
