import { type Alert, buildAlert } from '../../core/alert.ts';
import { defineDetector, type RegisteredDetector } from '../../core/detector.ts';
import type { Finding } from '../../core/finding.ts';
import { type AuditEvent, auditEventSchema } from '../../core/k8s-audit/schema.ts';
import { k8sAudit } from '../../core/k8s-audit/source.ts';
import type { Origin } from '../../core/source.ts';

/** An ordinary audit record, a pod's deletion by a person; `fields` replace its own. */
export function auditRecord(fields: object = {}): object {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    auditID: '5f0c2d3e-4b6a-4c1d-9e8f-a1b2c3d4e5f6',
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/shop/pods/web-0',
    verb: 'delete',
    user: { username: 'alice', groups: ['system:authenticated'] },
    sourceIPs: ['203.0.113.7'],
    userAgent: 'kubectl/v1.33.0',
    objectRef: { resource: 'pods', namespace: 'shop', name: 'web-0', apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 200 },
    requestReceivedTimestamp: '2026-03-01T10:00:00.000001Z',
    stageTimestamp: '2026-03-01T10:00:00.100001Z',
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    ...fields,
  };
}

/** An attack as a line of the audit log: somebody reads the secrets of a namespace. */
export function secretsRead(auditID: string, fields: object = {}): string {
  return JSON.stringify(
    auditRecord({
      auditID,
      verb: 'list',
      requestURI: '/api/v1/namespaces/shop/secrets',
      objectRef: { resource: 'secrets', namespace: 'shop', apiVersion: 'v1' },
      level: 'Metadata',
      ...fields,
    }),
  );
}

/** The ordinary record, as detectors receive it. */
export function auditEvent(fields: object = {}): AuditEvent {
  return auditEventSchema.parse(auditRecord(fields));
}

/** A detector that says the same of every pod request, for tests of what happens to its findings. */
export function podDetector(
  id: `k8s-audit/${string}`,
  say: (event: AuditEvent) => Finding | undefined,
  nextSteps: readonly string[] = [],
): RegisteredDetector {
  const detector = defineDetector({
    id,
    title: 'Something about a pod',
    description: 'It matters.',
    severity: 'medium',
    mitre: ['TA0002:T1609', 'TA0006:T1552.007'],
    source: 'k8s-audit',
    covers: [],
    when: { resources: ['pods'] },
    detect: say,
  });
  return { detector, nextSteps };
}

/** The alert that a finding makes of an audit record. */
export function alertOf(
  finding: Partial<Finding> = {},
  fields: object = {},
  { origin = {}, nextSteps = [] }: { origin?: Origin; nextSteps?: readonly string[] } = {},
): Alert {
  const event = auditEvent(fields);
  const whole = { title: 'alice deleted a pod', dedup: ['alice'], evidence: {}, ...finding };
  return buildAlert(
    podDetector('k8s-audit/pod-deleted', () => whole, nextSteps),
    whole,
    k8sAudit.eventKey(event),
    k8sAudit.context(event, origin),
    origin,
    { runbookBaseUrl: 'https://runbooks.example.com' },
  );
}
