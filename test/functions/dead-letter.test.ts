import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deadLetterIn } from '../../functions/redrive/dead-letter.ts';
import { payload } from '../support/payloads.ts';

const deadLetterOf = (body: unknown, attributes: Readonly<Record<string, string>> = {}) =>
  deadLetterIn({ id: 'id', body: typeof body === 'string' ? body : JSON.stringify(body), attributes });

const requestContext = { functionArn: 'arn:aws:lambda:eu-west-1:1:function:eks-audit', condition: 'EventAgeExceeded' };

describe('what lies in a queue', () => {
  it('is recognised in whatever text or JSON, and nothing of it is told', () => {
    const values = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          requestContext: fc.oneof(fc.constant(requestContext), fc.jsonValue()),
          requestPayload: fc.jsonValue(),
          payload: fc.oneof(fc.string(), fc.jsonValue()),
          awslogs: fc.jsonValue(),
          Records: fc.array(fc.jsonValue()),
          Type: fc.constant('Notification'),
          Message: fc.string(),
        },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), values), (body) => {
        const { reason, origin, task } = deadLetterOf(body);
        const told = ['-', 'EventAgeExceeded', 'not read', 'not delivered', requestContext.functionArn];
        expect(told).toContain(reason);
        expect(told).toContain(origin);
        if (task.kind === 'detect') expect(task.event).toBeTypeOf('object');
      }),
    );
  });

  it('names the rule and the error where EventBridge could not deliver an event', () => {
    const attributes = { RULE_ARN: 'arn:aws:events:eu-west-1:1:rule/trail', ERROR_CODE: 'NO_PERMISSIONS' };
    const event = payload('eventbridge-cloudtrail.json');
    expect(deadLetterOf(event, attributes)).toEqual({
      what: 'event',
      reason: 'NO_PERMISSIONS',
      origin: attributes.RULE_ARN,
      task: { kind: 'detect', event },
    });
  });

  it('is the event alone where a function has a dead-letter queue', () => {
    const event = payload('cloudwatch-logs-k8s-audit.json');
    const attributes = { RequestID: '1', ErrorCode: '200', ErrorMessage: 'out of time' };
    expect(deadLetterOf(event, attributes)).toMatchObject({ what: 'event', task: { kind: 'detect', event } });
  });

  it('is a failed invocation only where it is kept under the prefix that Lambda gives it', () => {
    const notificationOf = (key: string) => ({
      Records: [{ eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'b' }, object: { key } } }],
    });
    const kindOf = (key: string) => deadLetterOf(notificationOf(key)).task.kind;
    expect(kindOf('aws/lambda/async/eks-audit/2026/03/01/a')).toBe('read-failures');
    expect(kindOf('AWSLogs/1/CloudTrail/eu-west-1/2026/03/01/a.json.gz')).toBe('detect');
  });

  it('is an S3 notification where EventBridge could not pass on what it was told of an object', () => {
    const detail = { version: '0', bucket: { name: 'trail' }, object: { key: 'AWSLogs/1/a+b c.json.gz', size: 1 } };
    const { what, origin, task } = deadLetterOf({ source: 'aws.s3', 'detail-type': 'Object Created', detail });
    expect(what).toBe('S3 notification');
    expect(origin).toBe('s3://trail/AWSLogs/1/a+b c.json.gz');
    expect(task).toMatchObject({ kind: 'detect', event: { Records: [{ eventSource: 'aws:sqs', messageId: 'id' }] } });
  });
});
