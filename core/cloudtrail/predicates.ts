import type { Target } from '../source.ts';
import * as z from '../zod.ts';
import type { CloudTrailEvent } from './schema.ts';

/**
 * What became of a call. `denied` is the authorizer's no; `failed` any other error. Sign-in events tell their outcome
 * only in `responseElements`.
 */
export type Outcome = 'succeeded' | 'dry-run' | 'denied' | 'failed';

const DENIED = /^(?:AccessDenied.*|.*\.?UnauthorizedOperation|UnauthorizedAccess|VpceAccessDenied)$/;

export function outcomeOf(event: CloudTrailEvent): Outcome {
  const { errorCode } = event;
  if (errorCode && errorCode !== 'Success') {
    if (errorCode === 'Client.DryRunOperation') return 'dry-run';
    return DENIED.test(errorCode) ? 'denied' : 'failed';
  }
  if (event.errorMessage) return 'failed';
  // Sign-in events carry their outcome under their own name.
  return parametersOf(event.responseElements)[event.eventName] === 'Failure' ? 'failed' : 'succeeded';
}

/** The call in IAM notation, `lambda:UpdateFunctionCode`, without the API date behind Lambda's event names. */
export function actionOf({ eventSource, eventName }: Pick<CloudTrailEvent, 'eventSource' | 'eventName'>): string {
  const service = eventSource.endsWith(SERVICE_SUFFIX)
    ? eventSource.slice(0, -SERVICE_SUFFIX.length)
    : eventSource.replace(/\.amazonaws\.com\.cn$/, '');
  const isPlain = eventName.charCodeAt(eventName.length - 1) > NINE;
  return `${service}:${isPlain ? eventName : eventName.replace(/20\d{6}(?:v\d+)?$/, '')}`;
}

const SERVICE_SUFFIX = '.amazonaws.com';
const NINE = 0x39;

const parameters = z.record(z.string(), z.unknown());

/** A parameter block as an object; empty where it is absent, omitted for size, or a string that holds no object. */
export function parametersOf(block: unknown): Record<string, unknown> {
  const value = typeof block === 'string' ? parseJson(block) : block;
  const parsed = parameters.safeParse(value);
  return parsed.success ? parsed.data : {};
}

/** Text that may be JSON, as policies in parameters are: its value, or `undefined`. Percent-encoded text is decoded. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(/^%7b/i.test(text) ? decodeURIComponent(text) : text);
  } catch {
    return undefined;
  }
}

/** A request parameter that is text, percent-decoded: EKS logs path parameters as they stood in the path. */
export function stringParameter(event: CloudTrailEvent, name: string): string | undefined {
  const value = parametersOf(event.requestParameters)[name];
  return typeof value === 'string' && value !== '' ? decoded(value) : undefined;
}

/** `text` percent-decoded where it is validly encoded. */
export function decoded(text: string): string {
  try {
    return /%[0-9a-f]{2}/i.test(text) ? decodeURIComponent(text) : text;
  } catch {
    return text;
  }
}

/** The IAM role, user or root behind the call, without a session name. */
export function principalArnOf(event: CloudTrailEvent): string | undefined {
  const { arn, sessionContext, type } = event.userIdentity;
  if (sessionContext?.sessionIssuer?.arn) return sessionContext.sessionIssuer.arn;
  return type === 'AssumedRole' ? undefined : arn;
}

/** The name that whoever assumed the role gave the session. */
export function sessionNameOf(event: CloudTrailEvent): string | undefined {
  const { arn, type } = event.userIdentity;
  return type === 'AssumedRole' ? arn?.split('/').at(-1) : undefined;
}

/** How to name who did it in a title. */
export function actorName(event: CloudTrailEvent): string {
  const { type, arn, userName, invokedBy, accountId } = event.userIdentity;
  if (type === 'Root') return `The root user of ${accountId ?? event.recipientAccountId ?? 'the account'}`;
  return arn ?? userName ?? invokedBy ?? (type || 'An unknown caller');
}

/** By service: the parameters that name what a call acts on, and what kind of thing that is. */
const TARGETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'eks.amazonaws.com': { name: 'cluster', clusterName: 'cluster' },
  'cloudtrail.amazonaws.com': { name: 'trail', trailName: 'trail', eventDataStore: 'event-data-store' },
  'logs.amazonaws.com': { logGroupName: 'log-group', destinationName: 'log-destination', policyName: 'log-policy' },
  'iam.amazonaws.com': { userName: 'user', roleName: 'role', groupName: 'group', policyArn: 'policy' },
};

/** The AWS resource that the call names, by the parameter that its service names it in. */
export function targetOf(event: CloudTrailEvent): Target {
  for (const [parameter, resource] of Object.entries(TARGETS[event.eventSource] ?? {})) {
    const name = stringParameter(event, parameter);
    if (name) return { resource, name };
  }
  return {};
}
