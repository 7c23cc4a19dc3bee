import { defineDetector } from '../../../core/detector.ts';
import { describeCaller, principalOf } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { weightOfMissing } from '../../../core/k8s-audit/missing.ts';
import { objectNameOf } from '../../../core/k8s-audit/object.ts';
import { outcomeOf, pathOf, resourceOf } from '../../../core/k8s-audit/request.ts';
import type { AuditEvent } from '../../../core/k8s-audit/schema.ts';
import { severityRank } from '../../../core/severity.ts';

export default defineDetector({
  id: 'k8s-audit/audit-event-truncated',
  title: 'Audit record that did not arrive whole',
  description:
    'What is missing from a record no detector has seen. Whoever pads a request until its record is cut hides a privileged pod or a grant of cluster-admin as well as by deleting the log.',
  severity: 'medium',
  mitre: ['TA0005:T1562.008', 'TA0005:T1027'],
  source: 'k8s-audit',
  covers: ['audit-event-truncated'],
  when: { stages: ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'], partial: true },

  detect(event) {
    const { severity, because } = weightOfMissing(event);
    const isKnown = outcomeOf(event) !== 'unknown';
    const what = [event.verb, resourceOf(event) ?? ''];
    const isSuspicious = severityRank(severity) >= severityRank('medium');
    return {
      title: `${whoDidWhat(event)}; ${event.cut ? 'its record was cut' : 'the API server left out its body'}`,
      severity,
      severityReason: because,
      dedup: isSuspicious
        ? [principalOf(event), ...what, event.objectRef?.namespace ?? '']
        : [isKnown ? describeCaller(event) : '', ...what],
      evidence: {
        caller: isKnown ? describeCaller(event) : undefined,
        cutIn: event.cut && (event.cut.field || 'between two fields'),
        charactersRead: event.cut?.length,
        requestRead: event.requestObject !== undefined,
      },
    };
  },
});

const PAST = new Map([
  ['create', 'created'],
  ['update', 'updated'],
  ['patch', 'patched'],
  ['delete', 'deleted'],
  ['deletecollection', 'deleted all'],
  ['get', 'read'],
  ['list', 'listed'],
  ['watch', 'watched'],
]);

function whoDidWhat(event: AuditEvent): string {
  const { user, verb, objectRef, cut } = event;
  const who = user.username ? actorName(event) : 'Somebody';
  if (verb === '') return cut?.path ? `${who} sent a request to ${cut.path}` : `${who} sent a request`;
  const did = outcomeOf(event) === 'succeeded' ? (PAST.get(verb) ?? verb) : `tried to ${verb}`;
  const object = [objectRef?.namespace, objectNameOf(event)].filter(Boolean).join('/');
  return [who, did, resourceOf(event) ?? pathOf(event), object].filter(Boolean).join(' ');
}
