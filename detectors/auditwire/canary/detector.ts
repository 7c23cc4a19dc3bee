import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'auditwire/canary',
  title: 'Canary arrived',
  description:
    'A marked record went through the whole path, from a log group to this alert. Nobody needs to do anything: the canary ' +
    'function waits for it, and fails where it does not come.',
  severity: 'info',
  mitre: ['TA0005:T1562.008'],
  source: 'auditwire',
  covers: [],
  when: { kinds: ['Canary'] },

  detect(event) {
    if (event.kind !== 'Canary') return undefined;
    return {
      title: 'The canary arrived',
      // Each is a problem of its own, so that each is told: one that folds into the one before it would be missed.
      dedup: [event.id],
      evidence: { canary: event.id },
    };
  },
});
