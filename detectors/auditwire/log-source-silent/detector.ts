import { isSilent, logSourceName, minutesInWords, placeOf } from '../../../core/auditwire/predicates.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'auditwire/log-source-silent',
  title: 'Log source silent',
  description:
    'What happens there is not seen until its log comes again. A cut subscription, logging switched off and a function ' +
    'that may not be called any more all look like this, and none of them leaves a trace in the log itself.',
  severity: 'high',
  incidentHours: 12,
  mitre: ['TA0005:T1562.008'],
  source: 'auditwire',
  covers: ['audit-log-silence', 'log-source-silent'],
  when: { kinds: ['LogSourceReport'] },

  detect(event) {
    if (event.kind !== 'LogSourceReport' || !isSilent(event)) return undefined;
    const { logSource, expected, lastSeenAt, silentForMinutes, toleratedMinutes, watchedSources, silentSources } =
      event;
    const silence = lastSeenAt
      ? `Nothing from ${logSourceName(event)} for ${minutesInWords(silentForMinutes)}`
      : `Nothing from ${logSourceName(event)}, which policy expects`;
    const all = silentSources === watchedSources && watchedSources > 1;
    return {
      title: all ? `${silence}; all ${watchedSources} log sources are silent` : silence,
      dedup: [logSource.source],
      ...(expected && !lastSeenAt
        ? { severity: 'medium', severityReason: 'it was not seen in the last days either: it may not be connected' }
        : {}),
      ...(!expected && logSource.source === 'k8s-audit'
        ? {
            severity: 'medium',
            severityReason: 'policy does not name it: the cluster may have been deleted on purpose',
          }
        : {}),
      ...(!expected && logSource.source === 'cloudtrail'
        ? { severity: 'low', severityReason: 'policy does not name it: the region may have gone out of use' }
        : {}),
      evidence: {
        ...placeOf(event),
        expected,
        lastSeenAt,
        silentForMinutes,
        toleratedMinutes,
        watchedSources,
        silentSources,
      },
    };
  },
});
