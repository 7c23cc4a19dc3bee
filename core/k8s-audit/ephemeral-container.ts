import { betrayalsOf } from '../commands/commands.ts';
import { TRAITS } from '../commands/traits.ts';
import { type Severity, severityRank } from '../severity.ts';
import * as z from '../zod.ts';
import { severityOfTrait, standingOf } from './exec.ts';
import { asObject } from './object.ts';
import { addedCapabilitiesOf, type Container, podSpecOf } from './pod-spec.ts';
import type { AuditEvent } from './schema.ts';

const statuses = z.catch(z.array(z.object({ name: z.string() })), []);

/**
 * The ephemeral containers that the request added: those that the answer names but reports no state of. All of them where
 * the answer has no states to tell by, for they may stand in any order.
 */
export function newEphemeralContainersOf(event: AuditEvent): Container[] {
  const all = podSpecOf(event)?.ephemeralContainers ?? [];
  const known = new Set(
    statuses
      .parse(asObject(asObject(event.responseObject)?.status)?.ephemeralContainerStatuses)
      .map(({ name }) => name),
  );
  const added = all.filter(({ name }) => name === undefined || !known.has(name));
  return added.length > 0 ? added : all;
}

/** Capabilities by which a container leaves its own processes and files. */
const STRONG = new Set(
  'ALL SYS_ADMIN SYS_PTRACE SYS_MODULE SYS_RAWIO SYS_CHROOT DAC_READ_SEARCH BPF NET_ADMIN'.split(' '),
);

/** How bad it is, and why where that is worse than usual. */
export function judgeEphemeralContainers(
  event: AuditEvent,
  added: readonly Container[],
): readonly [Severity, string | undefined] {
  const spec = podSpecOf(event);
  const said: (readonly [Severity, string])[] = [];
  for (const one of added) {
    for (const { trait } of betrayalsOf([...one.command, ...one.args]))
      said.push([severityOfTrait(trait), `its command ${TRAITS[trait]}`]);
    const strong = addedCapabilitiesOf(one).filter((name) => STRONG.has(name));
    if (one.securityContext.privileged) said.push(['high', 'it is privileged']);
    if (strong.length > 0)
      said.push([
        'high',
        `it holds ${strong.join(', ')}${one.targetContainerName ? ` over ${one.targetContainerName}` : ''}`,
      ]);
    // The service account's token is not mounted into it unless it asks.
    if (one.volumeMounts.length > 0) said.push(['medium', 'it mounts volumes of the pod']);
  }
  if (spec?.hostPID) said.push(['high', 'the pod shares the processes of its node']);
  const [severity, reason] = [...said, ...standingOf(event, false)].reduce<readonly [Severity, string | undefined]>(
    (a, b) => (severityRank(b[0]) > severityRank(a[0]) ? b : a),
    ['medium', undefined],
  );
  return [severity, reason];
}
