import { isSilent, logSourceName, minutesInWords, placeOf } from '../../../core/auditwire/predicates.ts';
import { defineDetector } from '../../../core/detector.ts';

/** The audit log takes less than three minutes, CloudTrail five and now and then a quarter of an hour. */
const TOLERATED_MINUTES = { 'k8s-audit': 15, cloudtrail: 45 } as const;
/** Of so many, some would be new if any were. In a quiet hour an event that was delivered late may be the only one. */
const MIN_RECORDS = 60;

export default defineDetector({
  id: 'auditwire/log-source-lagging',
  title: 'Log source late',
  description:
    'The newest event that arrived is old already: whatever is detected is told so much later. The log waits somewhere on ' +
    'its way, and what waits too long is thrown away.',
  severity: 'medium',
  incidentHours: 12,
  mitre: ['TA0005:T1562.008'],
  source: 'auditwire',
  covers: [],
  when: { kinds: ['LogSourceReport'] },

  detect(event) {
    if (event.kind !== 'LogSourceReport' || isSilent(event)) return undefined;
    const { logSource, expected, lagMinutes = 0, recordsLastHour } = event;
    if (lagMinutes < TOLERATED_MINUTES[logSource.source] || recordsLastHour < MIN_RECORDS) return undefined;
    return {
      title: `The newest from ${logSourceName(event)} is ${minutesInWords(lagMinutes)} old when it arrives`,
      dedup: [logSource.source],
      ...(expected ? {} : { severity: 'low', severityReason: 'policy does not name it' }),
      evidence: { ...placeOf(event), lagMinutes, recordsLastHour },
    };
  },
});
