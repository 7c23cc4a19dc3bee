import type { Source } from '../source.ts';
import { rfc3339, timeAt } from '../time.ts';
import { clusterOf } from './eks.ts';
import { actionOf, type Outcome, outcomeOf, principalArnOf, sessionNameOf, targetOf } from './predicates.ts';
import { type CloudTrailEvent, cloudTrailEventSchema } from './schema.ts';

/** Which CloudTrail events a detector judges. An absent key means any. */
export interface CloudTrailWhen {
  /** IAM notation, `eks:CreateAccessEntry`, without the API date that Lambda and CloudFront put behind the name. */
  readonly actions?: readonly string[];
  readonly outcomes?: readonly Outcome[];
  readonly caller?: 'root';
}

/** Where detectors of whatever root does are filed. */
const ROOT = 'root';
/** Where detectors of whatever anybody does are filed. */
const ANY = '*';

function keysOf(eventSource: string, eventName: string, isRoot: boolean): readonly string[] {
  const action = actionOf({ eventSource, eventName });
  return isRoot ? [action, ROOT, ANY] : [action, ANY];
}

/** CloudTrail management and data events, however they were delivered. */
export const cloudTrail: Source<CloudTrailEvent, CloudTrailWhen> = {
  schema: cloudTrailEventSchema,

  recognises: (value) => 'eventSource' in value && 'eventName' in value && !('kinesis' in value) && !('s3' in value),

  glance(record) {
    const { eventSource, eventName, eventCategory, userIdentity } = record as Partial<Record<string, unknown>>;
    if (typeof eventSource !== 'string' || typeof eventName !== 'string') return undefined;
    if (eventCategory === 'Insight' || 'insightDetails' in record || eventSource.startsWith('aws:')) return undefined;
    const isRoot = typeof userIdentity === 'object' && userIdentity !== null && 'type' in userIdentity;
    return keysOf(eventSource, eventName, isRoot && userIdentity.type === 'Root');
  },

  timeOf(record) {
    const { eventTime } = record as Partial<Record<string, unknown>>;
    const time = typeof eventTime === 'string' ? rfc3339(eventTime) : undefined;
    return time === undefined ? undefined : Date.parse(time);
  },

  selects: (when) => when.actions ?? [when.caller === 'root' ? ROOT : ANY],

  answers: ({ eventSource, eventName, userIdentity }) => keysOf(eventSource, eventName, userIdentity.type === 'Root'),

  admits: (when, event) =>
    (when.caller !== 'root' || event.userIdentity.type === 'Root') &&
    (!when.outcomes || when.outcomes.includes(outcomeOf(event))),

  eventKey: (event) =>
    [
      event.eventID,
      ...(event.eventID ? [] : [event.eventTime, event.eventSource, event.eventName, event.userIdentity.arn]),
    ].join('\n'),

  context(event, origin) {
    const { userIdentity } = event;
    const sessionName = sessionNameOf(event);
    const isEks = event.eventSource === 'eks.amazonaws.com';
    return {
      event: {
        source: 'cloudtrail',
        id: event.eventID,
        time: rfc3339(event.eventTime) ?? timeAt(origin.receivedAt),
        action: actionOf(event),
        outcome: outcomeOf(event),
        cluster: isEks ? clusterOf(event) : undefined,
        account: event.recipientAccountId ?? userIdentity.accountId ?? origin.account,
        region: event.awsRegion || origin.region,
      },
      actor: {
        username: userIdentity.userName ?? userIdentity.sessionContext?.sessionIssuer?.userName,
        arn: userIdentity.arn,
        principalArn: principalArnOf(event),
        accessKeyId: userIdentity.accessKeyId,
        sessionName,
        sourceIp: event.sourceIPAddress || undefined,
        userAgent: event.userAgent || undefined,
        clientChosen: ['userAgent', ...(sessionName ? ['sessionName', 'arn'] : [])],
      },
      target: targetOf(event),
    };
  },
};
