import * as z from 'zod';

/** A function cannot start like this. The message has a line for every setting that is missing or wrong. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

const expected = (what: string) => ({ error: `expected ${what}` });

export const fifoQueueUrl = z.url(expected('the URL of an SQS FIFO queue, which ends in .fifo')).endsWith('.fifo', {
  error: 'expected a FIFO queue, whose URL ends in .fifo',
});

export const topicArn = z
  .string(expected('the ARN of an SNS topic'))
  .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/, expected('the ARN of an SNS standard topic'));

/** Lambda sets it. */
export const region = z.string(expected('a region, as Lambda sets it')).min(1);

export const policyFile = z.string().min(1, expected('the path of a policy file')).optional();

/** Reads settings from the environment, once and at cold start: throws a {@link SettingsError} that names every fault. */
export function readSettings<S extends z.ZodRawShape>(shape: S): z.infer<z.ZodObject<S>> {
  const parsed = z.object(shape).safeParse(process.env);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    const isMissing = process.env[name] === undefined;
    return `setting ${name}: ${message}${isMissing ? ', but it is missing' : ''}`;
  });
  throw new SettingsError(lines.join('\n'));
}
