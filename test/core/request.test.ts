import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasOutcome, type Outcome, outcomeOf, pathOf, queryOf, resourceOf } from '../../core/k8s-audit/request.ts';
import { auditEvent } from '../support/build.ts';

const OUTCOMES: readonly Outcome[] = ['succeeded', 'dry-run', 'denied', 'unauthenticated', 'rejected', 'failed'];

const decided = (decision: string | undefined) =>
  decision === undefined ? {} : { 'authorization.k8s.io/decision': decision };

describe('outcomeOf', () => {
  it.each<[number | undefined, string | undefined, string, Outcome]>([
    [200, 'allow', 'ResponseComplete', 'succeeded'],
    [201, 'allow', 'ResponseComplete', 'succeeded'],
    [202, undefined, 'ResponseComplete', 'succeeded'],
    [101, 'allow', 'ResponseStarted', 'succeeded'],
    [101, 'allow', 'ResponseComplete', 'succeeded'],
    [200, 'allow', 'ResponseStarted', 'succeeded'],
    [302, 'allow', 'ResponseStarted', 'succeeded'],
    [302, 'allow', 'ResponseComplete', 'failed'],
    [undefined, 'allow', 'ResponseStarted', 'succeeded'],
    [undefined, undefined, 'ResponseComplete', 'succeeded'],
    [undefined, 'forbid', 'ResponseComplete', 'denied'],
    [403, 'forbid', 'ResponseComplete', 'denied'],
    [403, undefined, 'ResponseComplete', 'denied'],
    [200, 'forbid', 'ResponseComplete', 'denied'],
    [403, 'allow', 'ResponseComplete', 'rejected'],
    [400, 'allow', 'ResponseComplete', 'rejected'],
    [422, 'allow', 'ResponseComplete', 'rejected'],
    [422, 'allow', 'ResponseStarted', 'rejected'],
    [401, undefined, 'ResponseComplete', 'unauthenticated'],
    [401, 'forbid', 'ResponseComplete', 'unauthenticated'],
    [404, 'allow', 'ResponseComplete', 'failed'],
    [409, 'allow', 'ResponseComplete', 'failed'],
    [500, 'allow', 'Panic', 'failed'],
    [503, 'allow', 'ResponseStarted', 'failed'],
  ])('calls code %s with decision %s at %s: %s', (code, decision, stage, outcome) => {
    expect(outcomeOf(auditEvent({ stage, responseStatus: { code }, annotations: decided(decision) }))).toBe(outcome);
  });

  const asked = (query: string, fields: object = {}) =>
    outcomeOf(auditEvent({ verb: 'create', requestURI: `/api/v1/namespaces/shop/pods?${query}`, ...fields }));

  it.each([
    'dryRun=All',
    'x=y&dryRun=All',
    'dryRun=%41ll',
    'dry%52un=%41%6c%6C',
    'dryRun=All&dryRun=All',
    'dryRun=&dryRun=All',
  ])('takes a write with %s for a dry run', (query) => {
    for (const verb of ['create', 'update', 'patch']) expect(asked(query, { verb })).toBe('dry-run');
  });

  it.each([
    '',
    'dryRun=',
    'dryRun=all',
    'dryRun=All%20',
    'dryRunAll',
    'dryrun=All',
    'fieldManager=dryRun=All',
    'x=%26dryRun=All',
  ])('takes a write with "%s" for a real one', (query) => {
    expect(asked(query)).toBe('succeeded');
  });

  it('takes no stream, proxied request or token for a dry run, for they take effect all the same', () => {
    for (const subresource of ['exec', 'attach', 'portforward', 'proxy', 'token'])
      expect(asked('dryRun=All', { objectRef: { resource: 'pods', subresource } })).toBe('succeeded');
    expect(asked('dryRun=All', { objectRef: { resource: 'pods', subresource: 'eviction' } })).toBe('dry-run');
  });

  it('takes no read for a dry run', () => {
    for (const verb of ['get', 'list', 'watch', 'proxy', '']) expect(asked('dryRun=All', { verb })).toBe('succeeded');
  });

  it('calls a dry run that was refused what it would be called without', () => {
    expect(asked('dryRun=All', { annotations: decided('forbid'), responseStatus: { code: 403 } })).toBe('denied');
    expect(asked('dryRun=All', { responseStatus: { code: 409 } })).toBe('failed');
  });
});

describe('hasOutcome', () => {
  it('says what outcomeOf says, whatever is asked', () => {
    const event = fc
      .record({
        code: fc.constantFrom(undefined, 101, 200, 201, 302, 400, 401, 403, 404, 422, 500),
        decision: fc.constantFrom(undefined, 'allow', 'forbid'),
        stage: fc.constantFrom('ResponseStarted', 'ResponseComplete', 'Panic'),
        verb: fc.constantFrom('create', 'get', 'delete'),
        query: fc.constantFrom('', '?dryRun=All', '?x=1'),
      })
      .map(({ code, decision, stage, verb, query }) =>
        auditEvent({
          stage,
          verb,
          requestURI: `/api/v1/pods${query}`,
          responseStatus: { code },
          annotations: decided(decision),
        }),
      );
    fc.assert(
      fc.property(event, fc.subarray([...OUTCOMES]), (one, outcomes) => {
        expect(hasOutcome(one, outcomes)).toBe(outcomes.includes(outcomeOf(one)));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('queryOf and pathOf', () => {
  it('decode once, and take broken escapes as they stand', () => {
    const event = (requestURI: string) => auditEvent({ requestURI });
    expect(queryOf(event('/x?command=sh&command=-c&command=a%20b+c')).getAll('command')).toEqual(['sh', '-c', 'a b c']);
    expect(queryOf(event('/x')).size).toBe(0);
    expect(queryOf(event('/x?a=b?c=d')).get('a')).toBe('b?c=d');
    expect(pathOf(event('/api/v1/n%61mespaces?x=/y'))).toBe('/api/v1/namespaces');
    expect(pathOf(event('/%2561'))).toBe('/%61');
    expect(pathOf(event('/%ZZ'))).toBe('/%ZZ');
    expect(pathOf(event(''))).toBe('');
  });
});

describe('resourceOf', () => {
  it('names the resource as RBAC does', () => {
    expect(resourceOf(auditEvent({ objectRef: { resource: 'pods', subresource: 'exec' } }))).toBe('pods/exec');
    expect(resourceOf(auditEvent({ objectRef: { resource: 'pods' } }))).toBe('pods');
    expect(resourceOf(auditEvent({ objectRef: {} }))).toBeUndefined();
    expect(resourceOf(auditEvent({ objectRef: undefined }))).toBeUndefined();
  });
});
