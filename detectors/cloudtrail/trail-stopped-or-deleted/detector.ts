import { weight } from '../../../core/cloudtrail/parameters.ts';
import { actionOf, actorName, outcomeOf } from '../../../core/cloudtrail/predicates.ts';
import { trailOf } from '../../../core/cloudtrail/trail.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'cloudtrail/trail-stopped-or-deleted',
  title: 'CloudTrail trail stopped or deleted',
  description:
    'A stopped trail records nothing from now on; this may be the last event it delivers. Every detection on AWS calls ' +
    'depends on it.',
  severity: 'critical',
  mitre: ['TA0005:T1562.008'],
  source: 'cloudtrail',
  covers: ['cloudtrail-stopped-or-deleted'],
  when: { actions: ['cloudtrail:StopLogging', 'cloudtrail:DeleteTrail'], outcomes: ['succeeded', 'denied'] },

  detect(event) {
    const trail = trailOf(event);
    const deletes = actionOf(event) === 'cloudtrail:DeleteTrail';
    const denied = outcomeOf(event) === 'denied';
    const act = denied ? `was refused ${deletes ? 'deleting' : 'stopping'}` : deletes ? 'deleted' : 'stopped';
    return {
      title: `${actorName(event)} ${act} the trail ${trail ?? '(not named)'}`,
      dedup: [actorName(event), trail ?? '', deletes ? 'delete' : 'stop', denied ? 'denied' : ''],
      ...weight(denied, 'medium', 'refused: the trail still runs, but somebody tried'),
      evidence: { trail },
    };
  },
});
