import type { AuditEvent } from './schema.ts';

/**
 * Set to `true` by an API server that left out the bodies of an event for its size.
 * https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/plugin/pkg/audit/truncate/truncate.go
 */
export const TRUNCATED = 'audit.k8s.io/truncated';

/** Whether it is known of an event that parts of it are missing: cut on its way here, or left out by the API server. */
export function isPartial({ cut, annotations }: AuditEvent): boolean {
  return cut !== undefined || annotations?.[TRUNCATED] === 'true';
}
