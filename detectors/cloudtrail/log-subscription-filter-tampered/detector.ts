import { subscriptionOf, weighFeedChange } from '../../../core/cloudtrail/logs.ts';
import { actionOf, actorName, stringParameter } from '../../../core/cloudtrail/predicates.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'cloudtrail/log-subscription-filter-tampered',
  title: 'Log subscription removed, redirected or narrowed',
  description:
    'Audit logs reach their readers, this one among them, through subscription filters. Without the filter, or with a ' +
    'pattern that never matches, everything looks healthy and nothing arrives.',
  severity: 'critical',
  mitre: ['TA0005:T1562.008', 'TA0010:T1537'],
  source: 'cloudtrail',
  covers: ['log-subscription-filter-tampered'],
  when: {
    actions: [
      'logs:DeleteSubscriptionFilter',
      'logs:PutSubscriptionFilter',
      'logs:PutAccountPolicy',
      'logs:DeleteAccountPolicy',
      'logs:DeleteDestination',
      'logs:PutDestination',
      'logs:PutDestinationPolicy',
      'logs:DeleteDelivery',
      'logs:UpdateDeliveryConfiguration',
    ],
    outcomes: ['succeeded'],
  },

  detect(event) {
    const judged = weighFeedChange(event);
    if (!judged) return undefined;
    const { logGroupName, filterName, filterPattern, destinationArn, selection } = subscriptionOf(event);
    const [, call = ''] = actionOf(event).split(':');
    const names = ['destinationName', 'policyName', 'id'].map((name) => stringParameter(event, name));
    const feed = logGroupName ?? names.find((name) => name !== undefined) ?? '(not named)';
    return {
      title: `${actorName(event)} called ${call} on ${feed}: ${judged.severityReason}`,
      dedup: [actorName(event), call, feed, filterName ?? ''],
      ...judged,
      evidence: {
        feed,
        logGroup: logGroupName,
        filterName,
        filterPattern,
        destinationArn: destinationArn ?? stringParameter(event, 'targetArn'),
        selectionCriteria: selection,
      },
    };
  },
});
