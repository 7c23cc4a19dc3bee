import { asObject } from './object.ts';
import type { AuditEvent } from './schema.ts';

/** What kubectl and the API server use where a request names no lifetime. */
const DEFAULT_EXPIRATION_SECONDS = 3600;
/** The audiences by which EKS's API server takes a token for its own: its service's name, or the cluster's issuer. */
const API_SERVER_AUDIENCE =
  /^(?:https:\/\/)?kubernetes\.default(?:\.svc(?:\.cluster\.local)?)?\/?$|^https:\/\/oidc[.-]eks\./;

/** A TokenRequest as it was sent. */
export interface TokenRequest {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  /** `Pod/web-1`; `undefined` for a token that outlives everything but its expiry and its service account. */
  readonly boundTo: string | undefined;
  readonly isBoundToPod: boolean;
  /** Whether the API server itself would take the token: it names no audience, or its own. */
  readonly isForApiServer: boolean;
  /** Whether AWS gives the role of its service account for the token: through STS, or through EKS Pod Identity. */
  readonly isForAws: boolean;
}

const AWS_AUDIENCE = /^(?:sts\.(?:[a-z0-9-]+\.)?|pods\.eks\.)amazonaws\.com(?:\.cn)?$/;

/** What token was asked for, or `undefined` where the body was not logged. The token itself is never logged. */
export function tokenRequestOf(event: AuditEvent): TokenRequest | undefined {
  const body = asObject(event.requestObject);
  const spec = body && asObject(body.spec ?? {});
  if (!spec) return undefined;
  const { kind, name } = asObject(spec.boundObjectRef) ?? {};
  const audiences = Array.isArray(spec.audiences) ? spec.audiences.filter((one) => typeof one === 'string') : [];
  return {
    audiences,
    expirationSeconds: typeof spec.expirationSeconds === 'number' ? spec.expirationSeconds : DEFAULT_EXPIRATION_SECONDS,
    boundTo: typeof kind === 'string' && typeof name === 'string' ? `${kind}/${name}` : undefined,
    isBoundToPod: kind === 'Pod' && typeof name === 'string' && name !== '',
    isForApiServer: audiences.length === 0 || audiences.some((audience) => API_SERVER_AUDIENCE.test(audience)),
    isForAws: audiences.some((audience) => AWS_AUDIENCE.test(audience)),
  };
}
