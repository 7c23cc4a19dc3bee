import { orAbsent } from '../fields.ts';
import * as z from '../zod.ts';
import { callersOf } from './identity.ts';

// What is absent and what is null is the same. What it is read as is said at the end and once for all fields: zod takes
// several times as long to transform fields one by one as to look at them, and to look at the texts of a list one by one.
const text = z.nullish(z.string());
const names = z.nullish(z.custom<readonly string[]>(isTexts, 'expected a list of texts'));
const extra = z.nullish(z.custom<Extra>(isExtra, 'expected lists of texts'));

const user = z.object({ username: text, uid: text, groups: names, extra });

/** Who a request was made as: `user` or `impersonatedUser` of an audit event. */
export interface AuditUser {
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Extra | undefined;
}

type Extra = Readonly<Record<string, readonly string[] | null>>;

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isExtra(value: unknown): value is Extra {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((texts) => texts === null || isTexts(texts))
  );
}

/** Who made a request, and from where by what. */
export interface Requester {
  readonly user: AuditUser;
  readonly impersonatedUser: AuditUser | undefined;
  readonly sourceIPs: readonly string[];
  readonly userAgent: string;
}

const NOBODY: AuditUser = { username: '', uid: undefined, groups: [], extra: undefined };

function userOf({ username, uid, groups, extra }: z.infer<typeof user>): AuditUser {
  return {
    username: username ?? '',
    uid: uid ?? undefined,
    groups: groups ?? [],
    extra: extra ?? undefined,
  };
}

const objectRef = z.object({ resource: text, subresource: text, namespace: text, name: text, apiGroup: text });

const responseStatus = z.object({ status: text, code: z.nullish(z.number()), reason: text, message: text });

const cut = z.object({
  /** Of the text as far as it came, in UTF-16 units. */
  length: z.number(),
  /** The field in which the text ends; `''` between two. */
  field: z.string(),
  /** Of the request, where the text ends in the query behind it and there is no `requestURI`. */
  path: z.optional(z.string()),
  /** Tells the text from any other: what else would, the event's times, stands at its end. */
  digest: z.string(),
});

/** How the text of an event ended before the event did. */
export type Cut = z.infer<typeof cut>;

const actor = z.object({ user: z.nullish(user), impersonatedUser: z.nullish(user), sourceIPs: names, userAgent: text });

/** The fields of an audit event that say who made the request. */
export const actorSchema = z.pipe(actor, z.transform(actorOf));

function actorOf({ sourceIPs, userAgent, ...given }: z.infer<typeof actor>) {
  const requester: Requester = {
    user: given.user ? userOf(given.user) : NOBODY,
    impersonatedUser: given.impersonatedUser ? userOf(given.impersonatedUser) : undefined,
    sourceIPs: sourceIPs ?? [],
    userAgent: userAgent ?? '',
  };
  return { ...requester, callers: callersOf(requester) };
}

export type Actor = z.infer<typeof actorSchema>;

/**
 * `audit.k8s.io` Event, any version. Only what makes it an event is demanded: others' exports leave out `stage`,
 * `auditID`, `user` or `verb`. A missing stage is read as the last one, since a log of one stage is a log of outcomes.
 */
export const auditEventSchema = z.pipe(
  z.object({
    ...actor.shape,
    auditID: text,
    stage: z.nullish(z.enum(['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'])),
    requestURI: text,
    verb: text,
    objectRef: z.nullish(objectRef),
    responseStatus: z.nullish(responseStatus),
    requestObject: z.optional(z.unknown()),
    responseObject: z.optional(z.unknown()),
    requestReceivedTimestamp: text,
    stageTimestamp: text,
    annotations: z.nullish(z.record(z.string(), z.string())),
    /** Not the API server's: says of an event that it was salvaged from the beginning of its text. */
    cut: orAbsent(cut),
  }),
  z.transform(({ objectRef: ref, responseStatus: status, ...event }) => ({
    ...actorOf(event),
    auditID: event.auditID ?? '',
    stage: event.stage ?? 'ResponseComplete',
    requestURI: event.requestURI ?? '',
    verb: event.verb ?? '',
    objectRef: ref
      ? {
          resource: ref.resource ?? '',
          subresource: ref.subresource ?? undefined,
          namespace: ref.namespace ?? undefined,
          name: ref.name ?? undefined,
          apiGroup: ref.apiGroup ?? undefined,
        }
      : undefined,
    responseStatus: status
      ? {
          status: status.status ?? undefined,
          code: status.code ?? undefined,
          reason: status.reason ?? undefined,
          message: status.message ?? undefined,
        }
      : undefined,
    requestObject: event.requestObject,
    responseObject: event.responseObject,
    requestReceivedTimestamp: event.requestReceivedTimestamp ?? '',
    stageTimestamp: event.stageTimestamp ?? '',
    annotations: event.annotations ?? undefined,
    cut: event.cut,
  })),
);

export type AuditEvent = z.infer<typeof auditEventSchema>;
export type Stage = AuditEvent['stage'];
