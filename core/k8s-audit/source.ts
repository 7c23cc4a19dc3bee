import { redactUri } from '../redact.ts';
import type { Source } from '../source.ts';
import { rfc3339, timeAt } from '../time.ts';
import { arnOf, type CallerKind, extraOf, sourceIpOf } from './identity.ts';
import { objectNameOf } from './object.ts';
import { isPartial } from './partial.ts';
import { hasOutcome, type Outcome, outcomeOf, resourceOf } from './request.ts';
import { salvage } from './salvage.ts';
import { type AuditEvent, auditEventSchema, type Stage } from './schema.ts';

/** Which audit events a detector judges. An absent key means any, but for `stages`. */
export interface AuditWhen {
  readonly verbs?: readonly string[];
  /** RBAC notation: `pods`, `pods/exec`. */
  readonly resources?: readonly string[];
  /** `''` is the core group. An event that names no group is not ruled out by this. */
  readonly apiGroups?: readonly string[];
  /** Every stage but RequestReceived where absent: it has no outcome yet, and EKS logs it only for token requests. */
  readonly stages?: readonly Stage[];
  readonly outcomes?: readonly Outcome[];
  readonly caller?: Exclude<CallerKind, 'control-plane'>;
  /** Events of which parts are missing, and no others. */
  readonly partial?: true;
}

const ANY = '*';

/** The EKS (or any Kubernetes) API server audit log. */
export const k8sAudit: Source<AuditEvent, AuditWhen> = {
  schema: auditEventSchema,

  recognises(value) {
    if ('apiVersion' in value && typeof value.apiVersion === 'string' && value.apiVersion.startsWith('audit.k8s.io/')) {
      return !('kind' in value) || value.kind === 'Event';
    }
    return ('auditID' in value || 'requestURI' in value || 'objectRef' in value) && !('eventSource' in value);
  },

  // Whether anybody was let in without a name takes more than a glance; the scanner tells it.
  glance: () => undefined,

  salvage(text) {
    const value = salvage(text);
    return value && k8sAudit.recognises(value) ? value : undefined;
  },

  isPartial,

  selects: ({ verbs = [ANY], resources = [ANY] }) =>
    verbs.flatMap((verb) => resources.map((resource) => `${verb} ${resource}`)),

  answers(event) {
    const { verb } = event;
    const resource = resourceOf(event) ?? '';
    return [`${verb} ${resource}`, `${verb} ${ANY}`, `${ANY} ${resource}`, `${ANY} ${ANY}`];
  },

  admits(when, event) {
    const stageFits = when.stages ? when.stages.includes(event.stage) : event.stage !== 'RequestReceived';
    const group = event.objectRef?.apiGroup;
    return (
      stageFits &&
      (!when.apiGroups || group === undefined || when.apiGroups.includes(group)) &&
      (!when.partial || isPartial(event)) &&
      (when.caller === undefined || event.callers.includes(when.caller)) &&
      (!when.outcomes || hasOutcome(event, when.outcomes))
    );
  },

  // The client may choose the audit id (header Audit-ID), so that alone must not make a second act a repeat of the first.
  eventKey: ({ auditID, requestReceivedTimestamp, cut, verb, requestURI, user }) =>
    [auditID, requestReceivedTimestamp || cut?.digest, verb, requestURI, user.username].join('\n'),

  context(event, origin) {
    const { user, impersonatedUser, objectRef } = event;
    const sessionName = extraOf(user, 'sessionName');
    const forwardedFor = event.sourceIPs.length > 1 ? event.sourceIPs.slice(0, -1) : undefined;
    return {
      event: {
        source: 'k8s-audit',
        id: event.auditID,
        time: rfc3339(event.requestReceivedTimestamp) ?? rfc3339(event.stageTimestamp) ?? timeAt(origin.receivedAt),
        action: event.verb,
        outcome: outcomeOf(event),
        cluster: origin.cluster,
        account: origin.account,
        region: origin.region,
        requestUri: redactUri(event.requestURI) || undefined,
        partial: isPartial(event) || undefined,
      },
      actor: {
        username: user.username || undefined,
        groups: user.groups.length > 0 ? user.groups : undefined,
        impersonatedUsername: impersonatedUser?.username,
        impersonatedGroups: impersonatedUser?.groups,
        arn: arnOf(user),
        principalArn: extraOf(user, 'canonicalArn'),
        accessKeyId: extraOf(user, 'accessKeyId'),
        sessionName,
        sourceIp: sourceIpOf(event),
        forwardedFor,
        userAgent: event.userAgent || undefined,
        clientChosen: [
          'userAgent',
          ...(sessionName ? ['sessionName', 'arn'] : []),
          ...(forwardedFor ? ['forwardedFor'] : []),
        ],
      },
      target: { resource: resourceOf(event), namespace: objectRef?.namespace, name: objectNameOf(event) },
    };
  },
};
