import { actorName } from '../../../core/cloudtrail/predicates.ts';
import { trailOf, trailUpdateOf, weighTrailUpdate } from '../../../core/cloudtrail/trail.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'cloudtrail/trail-updated',
  title: 'CloudTrail trail redirected or weakened',
  description:
    'Records go on being made, but to another bucket or log group, under another key, for fewer regions, or without what ' +
    'proves them genuine.',
  severity: 'high',
  mitre: ['TA0005:T1562.008'],
  source: 'cloudtrail',
  covers: ['cloudtrail-trail-updated'],
  when: { actions: ['cloudtrail:UpdateTrail'], outcomes: ['succeeded'] },

  detect(event) {
    const trail = trailOf(event);
    const judged = weighTrailUpdate(event) ?? {
      severity: 'low',
      severityReason: 'nothing that it names takes anything away',
    };
    return {
      title: `${actorName(event)} changed the trail ${trail ?? '(not named)'}: ${judged.severityReason}`,
      dedup: [actorName(event), trail ?? '', judged.severityReason],
      ...judged,
      evidence: { trail, ...trailUpdateOf(event) },
    };
  },
});
