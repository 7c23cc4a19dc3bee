import * as z from '../zod.ts';
import type { AuditEvent } from './schema.ts';

/**
 * What became of a request.
 * - `succeeded`: it took effect, or for a stream has begun. `decision: allow` alone is not success.
 * - `dry-run`: it would have succeeded, and nothing was stored.
 * - `denied`: the authorizer said no.
 * - `unauthenticated`: 401, with no identity.
 * - `rejected`: authorized, then refused by admission, RBAC escalation checks or validation (400, 403, 422).
 * - `failed`: not found, conflict, server error.
 * - `unknown`: the event was cut before it says. Whoever sends a request can have that happen, refused or not.
 */
export type Outcome = 'succeeded' | 'dry-run' | 'denied' | 'unauthenticated' | 'rejected' | 'failed' | 'unknown';

export function outcomeOf(event: AuditEvent): Outcome {
  const outcome = answeredOutcomeOf(event);
  return outcome === 'succeeded' && isDryRun(event) ? 'dry-run' : outcome;
}

/** Whether a request's outcome is one of these. Looks at its URI only where a dry run makes the difference. */
export function hasOutcome(event: AuditEvent, outcomes: readonly Outcome[]): boolean {
  const minds = outcomes.includes('succeeded') !== outcomes.includes('dry-run');
  return outcomes.includes(minds ? outcomeOf(event) : answeredOutcomeOf(event));
}

/** The outcome by what was answered, as which a dry run `succeeded`. */
function answeredOutcomeOf(event: AuditEvent): Exclude<Outcome, 'dry-run'> {
  const decision = event.annotations?.['authorization.k8s.io/decision'];
  const code = event.responseStatus?.code;
  if (code === 401) return 'unauthenticated';
  if (decision === 'forbid' || (code === 403 && decision === undefined)) return 'denied';
  if (code === undefined) {
    if (event.responseStatus?.status === 'Failure') return 'failed';
    // A whole record without a status does not prove failure; the caller sees it as having worked.
    return event.cut ? 'unknown' : 'succeeded';
  }
  if ((code >= 200 && code < 300) || code === 101) return 'succeeded';
  if (event.stage === 'ResponseStarted' && code < 400) return 'succeeded';
  return code === 400 || code === 403 || code === 422 ? 'rejected' : 'failed';
}

const WRITES = new Set(['create', 'update', 'patch']);
/** Connect requests and token requests take effect whatever `dryRun` says: the parameter is not theirs. */
const IGNORES_DRY_RUN = new Set(['exec', 'attach', 'portforward', 'proxy', 'token']);
const deleteOptions = z.object({ dryRun: z.array(z.unknown()) });

function isDryRun(event: AuditEvent): boolean {
  if (event.verb.startsWith('delete')) {
    // Where DeleteOptions are sent the server does not look at the query, and whether they were is not always logged.
    const options = deleteOptions.safeParse(event.requestObject);
    return options.success && options.data.dryRun.includes('All');
  }
  // Its URI is looked at last: every request has another.
  return (
    WRITES.has(event.verb) &&
    !IGNORES_DRY_RUN.has(event.objectRef?.subresource ?? '') &&
    event.requestURI.includes('?') &&
    queryOf(event).getAll('dryRun').includes('All')
  );
}

/** The decoded query parameters of the request. */
export function queryOf(event: AuditEvent): URLSearchParams {
  const at = event.requestURI.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : event.requestURI.slice(at + 1));
}

/** The request's path, decoded once, without the query. */
export function pathOf(event: AuditEvent): string {
  const [path = ''] = event.requestURI.split('?', 1);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The resource in RBAC notation, `pods/exec`, or `undefined` for a request that names none. */
export function resourceOf(event: AuditEvent): string | undefined {
  const ref = event.objectRef;
  if (!ref?.resource) return undefined;
  return ref.subresource ? `${ref.resource}/${ref.subresource}` : ref.resource;
}
