import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import * as z from '../core/zod.ts';

/** What Lambda needs of a queue that it polls with the function's role, and the function to poll one itself. */
export function mayReceive(...queues: readonly Queue[]): PolicyStatement {
  return new PolicyStatement({
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
    resources: queues.map(({ queueArn }) => queueArn),
  });
}

export function maySend(...queues: readonly Queue[]): PolicyStatement {
  return new PolicyStatement({ actions: ['sqs:SendMessage'], resources: queues.map(({ queueArn }) => queueArn) });
}

/** The reason for a wildcard in the name of an object. */
export const YET_TO_BE_WRITTEN =
  'Objects that are still to be written have no names: only their bucket, or what their keys begin with, can be named.';

/** Objects whose keys begin with a prefix. */
export function mayFetch(bucketArn: string, prefix = ''): PolicyStatement {
  return new PolicyStatement({
    actions: ['s3:GetObject', 's3:GetObjectVersion'],
    resources: [`${bucketArn}/${prefix}*`],
  });
}

const joined = z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) });
const reference = z.object({ Ref: z.string() });
const attribute = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });

/** What cdk-nag calls the wildcards in the resources of statements. */
export function wildcardFindings(scope: Construct, statements: readonly PolicyStatement[]): string[] {
  return statements
    .flatMap(({ resources }) => resources)
    .map((resource) => flat(Stack.of(scope).resolve(resource)))
    .filter((resource) => resource.includes('*'))
    .map((resource) => `AwsSolutions-IAM5[Resource::${resource}]`);
}

function flat(value: unknown): string {
  const join = joined.safeParse(value).data;
  if (join) return join['Fn::Join'][1].map(flat).join('');
  const ref = reference.safeParse(value).data;
  if (ref) return `<${ref.Ref}>`;
  const getAtt = attribute.safeParse(value).data;
  return getAtt ? `<${getAtt['Fn::GetAtt'].join('.')}>` : String(value);
}
