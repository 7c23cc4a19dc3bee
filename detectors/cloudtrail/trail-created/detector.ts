import { actionOf, actorName } from '../../../core/cloudtrail/predicates.ts';
import { trailOf, trailUpdateOf } from '../../../core/cloudtrail/trail.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'cloudtrail/trail-created',
  title: 'CloudTrail trail created, or its logging started',
  description:
    'A new trail copies everything that happens in the account to a bucket of its maker’s choice. Logging that is started ' +
    'had been stopped: what happened in between is recorded nowhere.',
  severity: 'low',
  mitre: ['TA0009:T1530', 'TA0005:T1562.008'],
  source: 'cloudtrail',
  covers: ['cloudtrail-created-or-started'],
  when: { actions: ['cloudtrail:CreateTrail', 'cloudtrail:StartLogging'], outcomes: ['succeeded'] },

  detect(event) {
    const trail = trailOf(event);
    const starts = actionOf(event) === 'cloudtrail:StartLogging';
    const { s3BucketName } = trailUpdateOf(event);
    return {
      title: `${actorName(event)} ${starts ? 'started the logging of' : 'created'} the trail ${trail ?? '(not named)'}`,
      dedup: [actorName(event), trail ?? ''],
      evidence: { trail, bucket: starts ? undefined : s3BucketName },
    };
  },
});
