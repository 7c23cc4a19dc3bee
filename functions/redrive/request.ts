import * as z from '../../core/zod.ts';

/** A run was asked to do something that it does not understand. */
export class RequestError extends Error {
  override name = 'RequestError';
}

/**
 * The queues of a deployment that a redrive works with, by what follows the deployment's name in theirs. infra/ makes them,
 * and test/infra/stack.test.ts holds the two together.
 */
export const QUEUES = {
  findings: 'findings.fifo',
  quarantine: 'quarantine.fifo',
  deadLetters: ['failed-invocations', 'dead-letters', 'findings-failed.fifo'],
} as const;

const requestSchema = z.strictObject({
  /** The URLs of the queues to go through, in place of the deployment's own. */
  queues: z.optional(z.array(z.url()).check(z.minLength(1))),
  /** At most so many messages are received. */
  limit: z.optional(z.int().check(z.positive())),
  /** Looks at every message and leaves it as it was. */
  dryRun: z.optional(z.boolean()),
});

/** What a run is asked to do: by default everything, in every queue. */
export type Request = z.infer<typeof requestSchema>;

/** Reads what `aws lambda invoke` was given, which may be nothing. Throws a {@link RequestError} that names every fault. */
export function parseRequest(event: unknown): Request {
  const { data, error } = requestSchema.safeParse(event ?? {});
  if (!data) throw new RequestError(z.prettifyError(error));
  return data;
}
