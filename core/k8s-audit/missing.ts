import { callerOf } from './caller.ts';
import { isAnonymous } from './identity.ts';
import type { Weight } from './node-access.ts';
import { WORKLOADS } from './pod-spec.ts';
import { outcomeOf, resourceOf } from './request.ts';
import { MIN_PADDED_LENGTH } from './salvage.ts';
import type { AuditEvent } from './schema.ts';

/** What runs code, grants rights or lets others through: a body of theirs that nobody could read may hold anything. */
const POWERFUL = new Set([
  ...WORKLOADS,
  ...[
    'pods/ephemeralcontainers persistentvolumes nodes apiservices serviceaccounts serviceaccounts/token',
    'roles clusterroles rolebindings clusterrolebindings',
    'certificatesigningrequests certificatesigningrequests/approval certificatesigningrequests/status',
    'mutatingwebhookconfigurations mutatingadmissionpolicies mutatingadmissionpolicybindings',
    'validatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings',
  ].flatMap((names) => names.split(' ')),
]);
const SENDS_AN_OBJECT = new Set(['create', 'update', 'patch']);

/** How bad it is not to know the rest of a partial event, by what is known of it. */
export function weightOfMissing(event: AuditEvent): Weight {
  const outcome = outcomeOf(event);
  if (outcome === 'unknown') return weightOfCutHead(event);
  if (outcome !== 'succeeded') return { severity: 'info', because: `nothing came of the request: ${outcome}` };
  if (!SENDS_AN_OBJECT.has(event.verb))
    return { severity: 'info', because: `a ${event.verb} is judged without a body` };
  if (showsObject(event))
    return { severity: 'info', because: 'the object was read whole, only what follows is missing' };

  const caller = callerOf(event);
  const isMachinery = caller === 'component' || caller === 'node';
  if (!isPowerful(event)) {
    const because = 'what was written neither runs code nor grants rights';
    return { severity: isMachinery || caller === 'resident' ? 'info' : 'low', because };
  }
  if (isMachinery)
    return { severity: 'low', because: 'a control-plane component or a node at its work, as far as one sees' };
  if (caller === 'resident')
    return { severity: 'medium', because: 'a service account in its pod wrote what nobody can see' };
  return { severity: 'high', because: 'what was written may run code or grant rights, and nobody could look into it' };
}

/**
 * Bodies come last. A text that ends before the outcome and is long was filled by the client: with a URI, headers, or
 * whom it claims to be or to forward for. A short one was torn off.
 */
function weightOfCutHead({ cut, user, verb }: AuditEvent): Weight {
  if ((cut?.length ?? 0) < MIN_PADDED_LENGTH)
    return { severity: 'low', because: 'torn off early, as at the end of a file that is still being written' };
  if (isAnonymous(user))
    return { severity: 'medium', because: 'somebody without credentials filled the record until it was cut' };
  const hidden = verb === '' || user.username === '' ? 'who did what' : 'what became of the request';
  return { severity: 'high', because: `the client filled the record until it was cut before it says ${hidden}` };
}

/** Whether the event has the object as it was sent or stands now; of a patch, that what was sent is not. */
function showsObject({ verb, requestObject, responseObject }: AuditEvent): boolean {
  return responseObject !== undefined || (verb !== 'patch' && requestObject !== undefined);
}

function isPowerful(event: AuditEvent): boolean {
  const { resource, namespace, name = 'aws-auth' } = event.objectRef ?? {};
  if (resource === 'configmaps') return namespace === 'kube-system' && name === 'aws-auth';
  return POWERFUL.has(resourceOf(event) ?? '');
}
