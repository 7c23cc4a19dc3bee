import * as z from '../zod.ts';

const absent = <T extends z.core.$ZodType>(schema: T) =>
  z.pipe(
    z.nullish(schema),
    z.transform((value) => value ?? undefined),
  );

// It takes long to build, and most functions read no event of CloudTrail.
function createSchema() {
  const text = z.pipe(
    z.nullish(z.string()),
    z.transform((value) => value ?? ''),
  );
  /** CloudTrail writes some booleans as the strings "true" and "false". */
  const flag = z.union([
    z.boolean(),
    z.pipe(
      z.string(),
      z.transform((value) => value.toLowerCase() === 'true'),
    ),
  ]);

  const sessionIssuer = z.object({
    type: absent(z.string()),
    arn: absent(z.string()),
    accountId: absent(z.string()),
    principalId: absent(z.string()),
    userName: absent(z.string()),
  });

  const userIdentity = z.object({
    type: text,
    principalId: absent(z.string()),
    arn: absent(z.string()),
    accountId: absent(z.string()),
    accessKeyId: absent(z.string()),
    userName: absent(z.string()),
    invokedBy: absent(z.string()),
    sessionContext: absent(
      z.object({
        sessionIssuer: absent(sessionIssuer),
        webIdFederationData: absent(z.object({ federatedProvider: absent(z.string()) })),
        attributes: absent(z.object({ mfaAuthenticated: absent(flag) })),
        assumedRoot: absent(flag),
        ec2RoleDelivery: absent(z.string()),
      }),
    ),
    onBehalfOf: absent(z.object({ userId: absent(z.string()) })),
    inScopeOf: absent(z.object({ issuerType: absent(z.string()), credentialsIssuedTo: absent(z.string()) })),
  });

  return z.object({
    eventID: text,
    eventTime: text,
    eventSource: z.string(),
    eventName: z.string(),
    eventType: absent(z.string()),
    awsRegion: text,
    sourceIPAddress: text,
    userAgent: text,
    recipientAccountId: absent(z.string()),
    errorCode: absent(z.string()),
    errorMessage: absent(z.string()),
    readOnly: absent(flag),
    userIdentity: z.pipe(
      z.nullish(userIdentity),
      z.transform((value) => value ?? userIdentity.parse({})),
    ),
    requestParameters: z.optional(z.unknown()),
    responseElements: z.optional(z.unknown()),
    additionalEventData: z.optional(z.unknown()),
  });
}

/**
 * A CloudTrail record of any event version. Only `eventSource` and `eventName` make it one: digests and insights are
 * told apart before, and others' exports leave out almost anything else. Parameters stay unread until a detector asks.
 */
export const cloudTrailEventSchema = z.lazy(createSchema);

export type CloudTrailEvent = z.infer<typeof cloudTrailEventSchema>;
