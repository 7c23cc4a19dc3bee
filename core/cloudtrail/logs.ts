import { text } from '../fields.ts';
import * as z from '../zod.ts';
import { gravest, isForeign, parametersWithheld, textField, type Weight, weight } from './parameters.ts';
import { actionOf, parametersOf, stringParameter } from './predicates.ts';
import type { CloudTrailEvent } from './schema.ts';

/**
 * How a log group's name says what it holds: `audit` for those that this project reads, `unknown` for those that might be
 * one under a name of the site's own, `other` for those under AWS's prefixes that are something else.
 */
export function logGroupKind(name: string | undefined): 'audit' | 'unknown' | 'other' {
  if (!name) return 'unknown';
  if (/^\/aws\/(?:eks\/[^/]+\/cluster$|cloudtrail(?:[/-]|$))/i.test(name)) return 'audit';
  if (/^(?:\/aws\/|API-Gateway-Execution-Logs_)/.test(name)) return 'other';
  return /cloud-?trail|(?:^|[-_/.])(?:org(?:anization)?s?|audit)-?(?:trail|logs?)/i.test(name) ? 'audit' : 'unknown';
}

const subscription = z.object({
  logGroupName: textField,
  filterName: textField,
  filterPattern: text,
  destinationArn: textField,
  fieldSelectionCriteria: textField,
  applyOnTransformedLogs: z.optional(z.unknown()),
});

/** A subscription of a log group, or by account policy of all but those that `selection` leaves out. */
export type Subscription = z.infer<typeof subscription> & { readonly selection?: string | undefined };

/** What is subscribed, where to, and which lines: by `PutSubscriptionFilter` or by an account policy's JSON text. */
export function subscriptionOf(event: CloudTrailEvent): Subscription {
  const parameters = parametersOf(event.requestParameters);
  if (actionOf(event) !== 'logs:PutAccountPolicy') return subscription.parse(parameters);
  const document = parametersOf(parameters.policyDocument);
  return {
    ...subscription.parse({
      filterName: parameters.policyName,
      filterPattern: document.FilterPattern,
      destinationArn: document.DestinationArn,
      fieldSelectionCriteria: document.FieldSelectionCriteria,
      applyOnTransformedLogs: document.ApplyOnTransformedLogs,
    }),
    selection: textField.parse(parameters.selectionCriteria),
  };
}

/** How much of a feed is lost or led away by a call that changes subscriptions; `undefined` where none of ours can be. */
export function weighFeedChange(event: CloudTrailEvent): Weight | undefined {
  if (parametersWithheld(event))
    return { severity: 'high', severityReason: 'the record does not say which feed it was' };
  switch (actionOf(event)) {
    case 'logs:DeleteSubscriptionFilter':
      return weighRemoval(event);
    case 'logs:PutSubscriptionFilter':
      return weighSubscription(event, subscriptionOf(event));
    case 'logs:PutAccountPolicy':
      return weighAccountPolicy(event, 'high', 'a policy subscribes every log group of the account');
    case 'logs:DeleteAccountPolicy':
      return weighAccountPolicy(event, 'critical', 'an account-wide subscription is gone');
    case 'logs:DeleteDestination':
      return { severity: 'critical', severityReason: 'whatever other accounts sent here is lost' };
    case 'logs:PutDestination':
      return isForeign(stringParameter(event, 'targetArn'), event)
        ? { severity: 'critical', severityReason: 'what other accounts send here goes to a stream of another account' }
        : { severity: 'high', severityReason: 'what other accounts send here may go elsewhere now' };
    case 'logs:PutDestinationPolicy':
      return { severity: 'high', severityReason: 'who may send here was replaced: senders may be shut out' };
    default:
      return { severity: 'medium', severityReason: 'a delivery of service logs, which carries no audit log itself' };
  }
}

function weighSubscription(event: CloudTrailEvent, feed: Subscription): Weight | undefined {
  const kind = logGroupKind(feed.logGroupName);
  const foreign = isForeign(feed.destinationArn, event);
  if (kind === 'audit') return gravest([...weighFilter(event, feed), writtenAnew]);
  return gravest([
    weight(foreign, 'medium', 'lines go to another account; the log group is not known to be an audit log'),
    weight(kind === 'unknown', 'low', 'the log group is not known to be an audit log'),
  ]);
}

const writtenAnew: Weight = {
  severity: 'high',
  severityReason: 'a filter of an audit log was written; under the same name it replaces the one before',
};

function weighFilter(event: CloudTrailEvent, feed: Subscription): (Weight | undefined)[] {
  return [
    weight(Boolean(feed.filterPattern?.trim()), 'critical', 'only lines that match a pattern go on'),
    weight(isForeign(feed.destinationArn, event), 'critical', 'lines go to another account'),
    weight(feed.fieldSelectionCriteria !== undefined, 'critical', 'only events that match the selection go on'),
    weight(String(feed.applyOnTransformedLogs) === 'true', 'critical', 'lines go on as a transformer rewrote them'),
  ];
}

function weighAccountPolicy(event: CloudTrailEvent, severity: 'high' | 'critical', reason: string): Weight | undefined {
  const type = stringParameter(event, 'policyType');
  if (type !== 'SUBSCRIPTION_FILTER_POLICY') return undefined;
  const feed = subscriptionOf(event);
  return gravest([
    { severity, severityReason: reason },
    ...weighFilter(event, feed),
    weight(feed.selection !== undefined, 'critical', 'chosen log groups are left out'),
  ]);
}

function weighRemoval(event: CloudTrailEvent): Weight | undefined {
  const kind = logGroupKind(stringParameter(event, 'logGroupName'));
  if (kind === 'audit') {
    return { severity: 'critical', severityReason: 'no line of this audit log reaches its destination any more' };
  }
  return weight(kind === 'unknown', 'medium', 'the log group is not known to be an audit log');
}
