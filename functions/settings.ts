import * as z from 'zod';

/** A function cannot start like this. The message has a line for every setting that is missing or wrong. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

const expected = (what: string) => ({ error: `expected ${what}` });

export const fifoQueueUrl = z.url(expected('the URL of an SQS FIFO queue, which ends in .fifo')).endsWith('.fifo', {
  error: 'expected a FIFO queue, whose URL ends in .fifo',
});

export const queueUrl = z.url(expected('the URL of an SQS queue'));

/** One or more, separated by commas. */
export const queueUrls = z
  .string(expected('the URLs of SQS queues, separated by commas'))
  .transform((list) => list.split(','))
  .pipe(z.array(z.url(expected('the URLs of SQS queues, separated by commas'))));

export const topicArn = z
  .string(expected('the ARN of an SNS topic'))
  .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/, expected('the ARN of an SNS standard topic'));

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
export const incidentTable = z
  .string(expected('the name of a DynamoDB table'))
  .regex(/^[\w.-]{3,255}$/, expected('the name of a DynamoDB table, not its ARN'));

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html */
export const logGroup = z
  .string(expected('the name of a log group'))
  .regex(/^[\w./#-]{1,512}$/, expected('the name of a log group'));

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
