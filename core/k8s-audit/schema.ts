import * as z from 'zod';

const absent = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const names = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

const user = z.object({
  username: text,
  uid: absent(z.string()),
  groups: names,
  extra: absent(z.record(z.string(), names)),
});

/** Who a request was made as: `user` or `impersonatedUser` of an audit event. */
export type AuditUser = z.infer<typeof user>;

const objectRef = z.object({
  resource: text,
  subresource: absent(z.string()),
  namespace: absent(z.string()),
  name: absent(z.string()),
  apiGroup: absent(z.string()),
});

/**
 * `audit.k8s.io` Event, any version. Only what makes it an event is demanded: others' exports leave out `stage`,
 * `auditID`, `user` or `verb`. A missing stage is read as the last one, since a log of one stage is a log of outcomes.
 */
export const auditEventSchema = z.object({
  auditID: text,
  stage: z
    .enum(['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'])
    .nullish()
    .transform((value) => value ?? 'ResponseComplete'),
  requestURI: text,
  verb: text,
  user: user
    .nullish()
    .transform((value): AuditUser => value ?? { username: '', uid: undefined, groups: [], extra: undefined }),
  impersonatedUser: absent(user),
  sourceIPs: names,
  userAgent: text,
  objectRef: absent(objectRef),
  responseStatus: absent(
    z.object({ code: absent(z.number()), reason: absent(z.string()), message: absent(z.string()) }),
  ),
  requestObject: z.unknown().optional(),
  responseObject: z.unknown().optional(),
  requestReceivedTimestamp: text,
  stageTimestamp: text,
  annotations: absent(z.record(z.string(), z.string())),
});

export type AuditEvent = z.infer<typeof auditEventSchema>;
export type Stage = AuditEvent['stage'];
