import { isSilent, logSourceName, placeOf } from '../../../core/auditwire/predicates.ts';
import { defineDetector } from '../../../core/detector.ts';

/** Below this many an hour chance decides. */
const MIN_USUAL = 100;

export default defineDetector({
  id: 'auditwire/log-source-volume-drop',
  title: 'Log source reduced to a trickle',
  description:
    'Records still come, so that nothing looks silent, but hardly any. A subscription filter with a pattern, an event ' +
    'selector or one shipper of several that stopped takes most of a log away and leaves a sign of life.',
  severity: 'medium',
  incidentHours: 12,
  mitre: ['TA0005:T1562.008'],
  source: 'auditwire',
  covers: [],
  when: { kinds: ['LogSourceReport'] },

  detect(event) {
    if (event.kind !== 'LogSourceReport' || isSilent(event)) return undefined;
    const { logSource, expected, recordsLastHour, recordsPerHourNow } = event;
    const { usualRecordsPerHour: usual = 0, leastRecordsPerHour: least = 0 } = event;
    // The hour that goes on must agree: an hour that began in silence, or with a burst, is no trickle.
    if (usual < MIN_USUAL || recordsPerHourNow === undefined) return undefined;
    const records = Math.max(recordsLastHour, recordsPerHourNow);
    if (records * 10 > usual || records * 2 > least) return undefined;
    return {
      title: `${recordsLastHour} records an hour from ${logSourceName(event)}, where ${usual} are usual`,
      dedup: [logSource.source],
      ...(expected && logSource.source === 'k8s-audit'
        ? { severity: 'high', severityReason: 'the control plane of a living cluster alone writes more' }
        : {}),
      evidence: {
        ...placeOf(event),
        expected,
        recordsLastHour,
        recordsPerHourNow,
        usualRecordsPerHour: usual,
        leastRecordsPerHour: least,
      },
    };
  },
});
