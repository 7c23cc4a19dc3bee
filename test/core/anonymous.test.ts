import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHealthCheck, isPublicDocument, reachOf } from '../../core/k8s-audit/anonymous.ts';
import { auditEventSchema } from '../../core/k8s-audit/schema.ts';

const get = (requestURI: string) => auditEventSchema.parse({ verb: 'get', requestURI });
const does = (verb: string, resource: string, subresource?: string, apiGroup?: string) =>
  reachOf(auditEventSchema.parse({ verb, objectRef: { resource, subresource, apiGroup } }));

describe('a health check', () => {
  it.each([
    '/healthz',
    '/livez/',
    '/readyz?verbose',
    '/livez/poststarthook/rbac/bootstrap-roles',
    '/readyz/etcd-readiness',
  ])('is %s', (uri) => expect(isHealthCheck(get(uri))).toBe(true));

  it.each([
    '/healthzX',
    '/livez/../api/v1/secrets',
    '/livez/%2e%2e/api',
    '/livez%2f..%2fapi',
    '/livez/%252e%252e/api',
    '//livez',
    '/api/../livez',
    '/LIVEZ',
    'livez',
    '/livez//x',
    '/',
    '',
  ])('is not %s', (uri) => expect(isHealthCheck(get(uri))).toBe(false));

  it('is none where the event names a resource, whatever its path', () => {
    const event = auditEventSchema.parse({ verb: 'list', requestURI: '/livez', objectRef: { resource: 'secrets' } });
    expect(isHealthCheck(event)).toBe(false);
  });

  it('never has a path that climbs', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('livez', '..', '.', '%2e', '%2f', 'api', '')), (parts) => {
        const uri = `/livez/${parts.join('/')}`;
        if (isHealthCheck(get(uri))) expect(decodeURIComponent(uri)).not.toMatch(/\/\.|\/\//);
      }),
    );
  });
});

describe('what a request reaches', () => {
  it('knows the documents that anybody may read', () => {
    for (const uri of ['/version', '/version/', '/openid/v1/jwks', '/.well-known/openid-configuration']) {
      expect(isPublicDocument(get(uri))).toBe(true);
    }
    for (const uri of ['/version/x', '/versions', '/openid/v1', '/api']) expect(isPublicDocument(get(uri))).toBe(false);
  });

  it('tells credentials, sessions, writes and reads apart, whatever the verb', () => {
    expect(does('watch', 'secrets')).toBe('credentials');
    expect(does('create', 'serviceaccounts', 'token')).toBe('credentials');
    expect(does('get', 'pods', 'exec')).toBe('session');
    expect(does('get', 'nodes', 'proxy')).toBe('session');
    expect(does('patch', 'pods', 'ephemeralcontainers')).toBe('session');
    expect(does('deletecollection', 'pods')).toBe('write');
    expect(does('post', '')).toBe('write');
    expect(does('list', 'pods')).toBe('read');
    expect(does('create', 'selfsubjectaccessreviews', undefined, 'authorization.k8s.io')).toBe('read');
    expect(does('create', 'tokenreviews', undefined, 'example.com')).toBe('write');
  });
});
