import { textLike } from '../core/fields.ts';
import * as z from '../core/zod.ts';

/** A function cannot start like this. The message has a line for every setting that is missing or wrong. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

const expected = (what: string) => ({ error: `expected ${what}` });

export const fifoQueueUrl = z
  .url(expected('the URL of an SQS FIFO queue, which ends in .fifo'))
  .check(z.endsWith('.fifo', { error: 'expected a FIFO queue, whose URL ends in .fifo' }));

export const queueUrl = z.url(expected('the URL of an SQS queue'));

/** One or more, separated by commas. */
export const queueUrls = z.pipe(
  z.string(expected('the URLs of SQS queues, separated by commas')),
  z.pipe(
    z.transform((list: string) => list.split(',')),
    z.array(z.url(expected('the URLs of SQS queues, separated by commas'))),
  ),
);

export const topicArn = textLike(
  /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/,
  'expected the ARN of an SNS standard topic',
);

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
export const incidentTable = textLike(/^[\w.-]{3,255}$/, 'expected the name of a DynamoDB table, not its ARN');

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html */
export const logGroup = textLike(/^[\w./#-]{1,512}$/, 'expected the name of a log group');

/** Lambda sets it. */
export const region = textLike(/./, 'expected a region, as Lambda sets it');

export const policyFile = z.optional(textLike(/./, 'expected the path of a policy file'));

/** Reads settings from the environment, once and at cold start: throws a {@link SettingsError} that names every fault. */
export function readSettings<S extends z.core.$ZodLooseShape>(shape: S): z.infer<z.ZodMiniObject<S>> {
  const parsed = z.object(shape).safeParse(process.env);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    const isMissing = process.env[name] === undefined;
    return `setting ${name}: ${message}${isMissing ? ', but it is missing' : ''}`;
  });
  throw new SettingsError(lines.join('\n'));
}
