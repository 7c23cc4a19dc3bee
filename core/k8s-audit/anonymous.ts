import { pathOf, resourceOf } from './request.ts';
import type { AuditEvent } from './schema.ts';

const HEALTH = new Set(['healthz', 'livez', 'readyz']);
/** What `system:public-info-viewer` and `system:service-account-issuer-discovery` hand out, with or without a last slash. */
const PUBLIC = /^\/(?:version|openid\/v1\/jwks|\.well-known\/openid-configuration)\/?$/;
const READS = new Set(['get', 'list', 'watch', 'head', 'options', '']);
const SESSIONS = new Set(['exec', 'attach', 'portforward', 'proxy', 'ephemeralcontainers']);
const REVIEWS = new Set([
  'selfsubjectaccessreviews',
  'selfsubjectrulesreviews',
  'selfsubjectreviews',
  'subjectaccessreviews',
  'localsubjectaccessreviews',
  'tokenreviews',
]);

/**
 * Whether the request is a health check: `/healthz`, `/livez`, `/readyz` or one of their named sub-checks. By path alone,
 * for address and user agent prove nothing; a path that goes elsewhere (`/healthzX`, `/livez/../api`) is none.
 */
export function isHealthCheck(event: AuditEvent): boolean {
  if (resourceOf(event) !== undefined) return false;
  const [root, check = '', ...rest] = pathOf(event).split('/');
  if (root !== '' || !HEALTH.has(check)) return false;
  if (rest.at(-1) === '') rest.pop();
  return rest.every((part) => /^[a-z0-9][\w.-]*$/i.test(part));
}

/** Whether the request asks for what Kubernetes publishes by default: its version, and the issuer's OIDC documents. */
export function isPublicDocument(event: AuditEvent): boolean {
  return resourceOf(event) === undefined && READS.has(event.verb) && PUBLIC.test(pathOf(event));
}

/** Whether a create only asks a question (a SubjectAccessReview and its kin) and stores nothing. */
export function isReview(event: AuditEvent): boolean {
  const { resource = '', apiGroup } = event.objectRef ?? {};
  return REVIEWS.has(resource) && (apiGroup === undefined || /^auth(?:entication|orization)\.k8s\.io$/.test(apiGroup));
}

/** What a request does to a cluster, as far as it matters who may do it without a name. */
export type Reach = 'write' | 'credentials' | 'session' | 'read';

/** Credentials and sessions whatever the verb (exec is `get` over WebSocket), then writes, then the rest. */
export function reachOf(event: AuditEvent): Reach {
  const { resource = '', subresource = '' } = event.objectRef ?? {};
  if (resource === 'secrets' || (resource === 'serviceaccounts' && subresource === 'token')) return 'credentials';
  if (SESSIONS.has(subresource)) return 'session';
  return READS.has(event.verb) || isReview(event) ? 'read' : 'write';
}
