import { actorName } from '../../../core/cloudtrail/predicates.ts';
import { trailOf, weighSelectors } from '../../../core/cloudtrail/trail.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'cloudtrail/trail-selectors-weakened',
  title: 'CloudTrail trail records less than all management events',
  description:
    'The trail goes on and looks healthy, but leaves out events: all of them, the reading ones, or those of a chosen ' +
    'service. What it leaves out no detector sees.',
  severity: 'critical',
  mitre: ['TA0005:T1562.008'],
  source: 'cloudtrail',
  covers: ['cloudtrail-selectors-weakened'],
  when: {
    actions: ['cloudtrail:PutEventSelectors', 'cloudtrail:PutInsightSelectors', 'cloudtrail:PutEventConfiguration'],
    outcomes: ['succeeded'],
  },

  detect(event) {
    const judged = weighSelectors(event);
    if (!judged) return undefined;
    const trail = trailOf(event);
    return {
      title: `${actorName(event)} narrowed what the trail ${trail ?? '(not named)'} records: ${judged.severityReason}`,
      dedup: [actorName(event), trail ?? '', judged.severityReason],
      ...judged,
      evidence: { trail },
    };
  },
});
