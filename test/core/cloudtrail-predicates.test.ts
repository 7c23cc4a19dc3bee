import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actionOf,
  actorName,
  decoded,
  type Outcome,
  outcomeOf,
  parametersOf,
  parseJson,
  principalArnOf,
  sessionNameOf,
  stringParameter,
  targetOf,
} from '../../core/cloudtrail/predicates.ts';
import { type CloudTrailEvent, cloudTrailEventSchema } from '../../core/cloudtrail/schema.ts';

function trail(fields: object = {}): CloudTrailEvent {
  return cloudTrailEventSchema.parse({ eventSource: 'eks.amazonaws.com', eventName: 'DeleteCluster', ...fields });
}

describe('outcomeOf', () => {
  it.each<[object, Outcome]>([
    [{}, 'succeeded'],
    [{ errorCode: 'Success' }, 'succeeded'],
    [{ errorCode: '' }, 'succeeded'],
    [{ errorCode: 'AccessDenied' }, 'denied'],
    [{ errorCode: 'AccessDeniedException' }, 'denied'],
    [{ errorCode: 'Client.UnauthorizedOperation' }, 'denied'],
    [{ errorCode: 'VpceAccessDenied' }, 'denied'],
    [{ errorCode: 'NotAccessDenied' }, 'failed'],
    [{ errorCode: 'ResourceNotFoundException' }, 'failed'],
    [{ errorCode: 'Client.DryRunOperation' }, 'dry-run'],
    [{ errorMessage: 'Failed authentication' }, 'failed'],
    [{ eventName: 'ConsoleLogin', responseElements: { ConsoleLogin: 'Failure' } }, 'failed'],
    [{ eventName: 'ConsoleLogin', responseElements: { ConsoleLogin: 'Success' } }, 'succeeded'],
    [{ responseElements: { ConsoleLogin: 'Failure' } }, 'succeeded'],
  ])('of %j is %s', (fields, outcome) => {
    expect(outcomeOf(trail(fields))).toBe(outcome);
  });
});

describe('actionOf', () => {
  it.each([
    ['eks.amazonaws.com', 'CreateAccessEntry', 'eks:CreateAccessEntry'],
    ['lambda.amazonaws.com', 'UpdateFunctionCode20150331v2', 'lambda:UpdateFunctionCode'],
    ['cloudfront.amazonaws.com', 'CreateDistribution2020_05_31', 'cloudfront:CreateDistribution2020_05_31'],
    ['ec2.amazonaws.com.cn', 'RunInstances', 'ec2:RunInstances'],
    ['evil.example.com', 'X', 'evil.example.com:X'],
  ])('writes %s %s as %s', (eventSource, eventName, action) => {
    expect(actionOf(trail({ eventSource, eventName }))).toBe(action);
  });
});

describe('parametersOf', () => {
  it('reads an object, or text that holds one, and nothing else', () => {
    expect(parametersOf({ name: 'prod' })).toEqual({ name: 'prod' });
    expect(parametersOf('{"name":"prod"}')).toEqual({ name: 'prod' });
    expect(parametersOf('%7B%22name%22%3A%22prod%22%7D')).toEqual({ name: 'prod' });
    for (const other of [null, undefined, 'HIDDEN_DUE_TO_SECURITY_REASONS', '[1]', 7, true, ['a']])
      expect(parametersOf(other)).toEqual({});
  });

  it('answers for any block', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.string(),
          fc.string().map((text) => `%7B${text}`),
        ),
        (block) => {
          expect(typeof parametersOf(block)).toBe('object');
          expect(() => parseJson(String(block))).not.toThrow();
          expect(typeof decoded(String(block))).toBe('string');
        },
      ),
    );
    expect('polluted' in parametersOf(JSON.parse('{"__proto__":{"polluted":1}}'))).toBe(false);
  });
});

describe('stringParameter', () => {
  it('is text, decoded as the path was encoded', () => {
    const of = (name: unknown) => stringParameter(trail({ requestParameters: { name } }), 'name');
    expect(of('arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fx')).toBe('arn:aws:iam::111122223333:role/x');
    expect(of('100%')).toBe('100%');
    expect(of('%ff%20')).toBe('%ff%20');
    for (const other of ['', 7, null, ['a'], undefined]) expect(of(other)).toBeUndefined();
    expect(stringParameter(trail({ requestParameters: {} }), 'constructor')).toBeUndefined();
  });
});

describe('the caller', () => {
  const session = {
    type: 'AssumedRole',
    arn: 'arn:aws:sts::111122223333:assumed-role/admin/alice@example.com',
    sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::111122223333:role/admin' } },
  };

  it('is a principal without the session name, and a session with it', () => {
    const event = trail({ userIdentity: session });
    expect(principalArnOf(event)).toBe('arn:aws:iam::111122223333:role/admin');
    expect(sessionNameOf(event)).toBe('alice@example.com');
    expect(actorName(event)).toBe(session.arn);
  });

  it('has no principal where only the session is known', () => {
    expect(principalArnOf(trail({ userIdentity: { type: 'AssumedRole', arn: session.arn } }))).toBeUndefined();
    const user = { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/bob', userName: 'bob' };
    expect(principalArnOf(trail({ userIdentity: user }))).toBe(user.arn);
    expect(sessionNameOf(trail({ userIdentity: user }))).toBeUndefined();
  });

  it('has a name, whatever is left out', () => {
    expect(actorName(trail({ userIdentity: { type: 'Root', accountId: '111122223333' } }))).toBe(
      'The root user of 111122223333',
    );
    expect(actorName(trail({ userIdentity: { type: 'AWSService', invokedBy: 'eks.amazonaws.com' } }))).toBe(
      'eks.amazonaws.com',
    );
    expect(actorName(trail())).toBe('An unknown caller');
  });
});

describe('targetOf', () => {
  it('is what the service names it by', () => {
    expect(targetOf(trail({ requestParameters: { name: 'prod' } }))).toEqual({ resource: 'cluster', name: 'prod' });
    expect(targetOf(trail({ requestParameters: { clusterName: 'prod', principalArn: 'x' } }))).toEqual({
      resource: 'cluster',
      name: 'prod',
    });
    for (const eventSource of ['evil.example.com', 'constructor', '__proto__'])
      expect(targetOf(trail({ eventSource, requestParameters: { name: 'prod' } }))).toEqual({});
  });
});
