import { orAbsent } from '../fields.ts';
import { type Severity, severityRank } from '../severity.ts';
import * as z from '../zod.ts';
import { decoded, parametersOf, parseJson, sessionNameOf } from './predicates.ts';
import type { CloudTrailEvent } from './schema.ts';

/** Text, percent-decoded; anything else reads as absent. */
export const textField = orAbsent(
  z.pipe(
    z.string(),
    z.transform((value) => decoded(value) || undefined),
  ),
);

/** A boolean, which CloudTrail sometimes writes as the text "true" or "false"; anything else reads as absent. */
export const flagField = orAbsent(
  z.union([
    z.boolean(),
    z.pipe(
      z.string(),
      z.transform((value) => FLAGS.get(value.toLowerCase())),
    ),
  ]),
);

const FLAGS = new Map([
  ['true', true],
  ['false', false],
]);

/** The value of JSON text that holds an object or a list; anything else as it is. */
const unfolded = (value: unknown) =>
  typeof value === 'string' && /^\s*[[{]/.test(value) ? (parseJson(value) ?? value) : value;

/** A block of parameters, which may stand as JSON text. */
export const blockField = <T extends z.ZodMiniType>(schema: T) => z.pipe(z.transform(unfolded), schema);

/** A list of blocks, of which one alone may stand without its list, and either as JSON text. */
export function blocksField<T extends z.ZodMiniType>(block: T) {
  return z.pipe(
    z.transform((value) => {
      const list = unfolded(value);
      return Object.keys(parametersOf(list)).length > 0 ? [list] : list;
    }),
    z.array(block),
  );
}

/** A list of texts, of which those that are none are left out; one text alone is a list of one. */
export const textsField = orAbsent(
  z.pipe(
    blockField(z.union([z.string(), z.array(z.unknown())])),
    z.transform((items) => (typeof items === 'string' ? [items] : items.filter((item) => typeof item === 'string'))),
  ),
);

/**
 * Whether the record does not hold what the call was made with: no parameters at all, or `omitted: true`, which
 * CloudTrail writes where they were too large and which a caller can provoke.
 */
export function parametersWithheld(event: CloudTrailEvent): boolean {
  const parameters = parametersOf(event.requestParameters);
  return Object.keys(parameters).length === 0 || flagField.parse(parameters.omitted) === true;
}

/** What a refused call was aimed at, from the message of the refusal: denied calls often carry no parameters. */
export function deniedResourceOf(event: CloudTrailEvent): string | undefined {
  return / on resource: "?(arn:[^\s"]+)/.exec(event.errorMessage ?? '')?.[1];
}

/** The account that owns what `arn` names. */
function accountOfArn(arn: string | undefined): string | undefined {
  const account = arn?.split(':', 5)[4];
  return account && /^\d{12}$/.test(account) ? account : undefined;
}

/** The account in which the call took effect. */
function homeAccountOf(event: CloudTrailEvent): string | undefined {
  return event.recipientAccountId ?? event.userIdentity.accountId;
}

/** Whether `arn` certainly belongs to another account than the one in which the call took effect. */
export function isForeign(arn: string | undefined, event: CloudTrailEvent): boolean {
  const owner = accountOfArn(arn);
  const home = homeAccountOf(event);
  return owner !== undefined && home !== undefined && owner !== home;
}

const SERVICE_LINKED_ROLE = /^arn:aws[\w-]*:iam::\d{12}:role\/aws-service-role\//;

/**
 * Whether AWS acted by itself: a service as such, its service-linked role (a path nobody else can create roles under), or
 * EKS carrying out its own part of a call. Not so where a service calls with somebody's role because somebody told it to,
 * as Step Functions, EventBridge Scheduler and CloudFormation do.
 */
export function isAwsItself(event: CloudTrailEvent): boolean {
  const { type, invokedBy, sessionContext } = event.userIdentity;
  return (
    type === 'AWSService' ||
    event.eventType === 'AwsServiceEvent' ||
    /^eks(?:-nodegroup|-fargate)?\.amazonaws\.com$/.test(invokedBy ?? '') ||
    SERVICE_LINKED_ROLE.test(sessionContext?.sessionIssuer?.arn ?? '')
  );
}

/** The kind of workload whose credentials made the call, or `undefined` for a person, a pipeline or AWS. */
export function workloadOf(event: CloudTrailEvent): 'node' | 'pod' | undefined {
  const { sessionContext, inScopeOf } = event.userIdentity;
  const session = sessionNameOf(event) ?? '';
  if (/\/oidc\.eks\./.test(`/${sessionContext?.webIdFederationData?.federatedProvider ?? ''}`)) return 'pod';
  if (/^eks-.*-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(session)) return 'pod';
  if (sessionContext?.ec2RoleDelivery || inScopeOf?.issuerType === 'AWS::EC2::Instance') return 'node';
  return /^i-[0-9a-f]{8,17}$/i.test(session) ? 'node' : undefined;
}

/** One reason to judge an event so grave. */
export interface Weight {
  readonly severity: Severity;
  readonly severityReason: string;
}

/** `severity` for a `reason`, where `applies`. */
export function weight(applies: boolean, severity: Severity, severityReason: string): Weight | undefined {
  return applies ? { severity, severityReason } : undefined;
}

/** The gravest of the weights, with all reasons that are as grave. */
export function gravest(weights: readonly (Weight | undefined)[]): Weight | undefined {
  const given = weights.filter((one) => one !== undefined);
  const rank = Math.max(...given.map(({ severity }) => severityRank(severity)));
  const worst = given.filter(({ severity }) => severityRank(severity) === rank);
  const severityReason = [...new Set(worst.map((one) => one.severityReason))].join('; ');
  return worst[0] && { severity: worst[0].severity, severityReason };
}
