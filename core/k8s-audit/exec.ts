import { betrayalsOf } from '../commands/commands.ts';
import { type Betrayal, TRAITS, type Trait } from '../commands/traits.ts';
import { text, texts } from '../fields.ts';
import type { EvidenceValue, Finding } from '../finding.ts';
import { redactCommand } from '../redact.ts';
import { type Severity, severityRank } from '../severity.ts';
import * as z from '../zod.ts';
import { callerOf, describeCaller, homeNamespaceOf, principalOf } from './caller.ts';
import { actorName, effectiveUser, isAnonymous, isNode, serviceAccountOf } from './identity.ts';
import { isSensitiveNamespace, isSystemNamespace } from './object.ts';
import { queryOf, resourceOf } from './request.ts';
import type { AuditEvent } from './schema.ts';

/** The detectors that speak for an exec or attach; exactly one does. */
export type ExecKind = 'host-escape' | 'reverse-shell' | 'credential-theft' | 'download' | 'file-copy' | 'ordinary';

/** Which detector speaks for a trait, and how bad it is. Of two as bad, the one that stands higher here speaks. */
const VERDICTS: Readonly<Record<Trait, readonly [ExecKind, Severity]>> = {
  'enters-host': ['host-escape', 'critical'],
  'kernel-escape': ['host-escape', 'critical'],
  'reverse-shell': ['reverse-shell', 'critical'],
  'runtime-socket': ['host-escape', 'high'],
  'reads-token': ['credential-theft', 'high'],
  'reads-credential': ['credential-theft', 'high'],
  'cloud-metadata': ['credential-theft', 'high'],
  'mints-credential': ['credential-theft', 'high'],
  tunnel: ['reverse-shell', 'high'],
  'terminal-upgrade': ['reverse-shell', 'high'],
  'raw-socket': ['reverse-shell', 'high'],
  'runs-download': ['download', 'high'],
  'download-address': ['download', 'high'],
  'takes-credential-directory': ['file-copy', 'high'],
  'hidden-script': ['ordinary', 'high'],
  'attack-tool': ['ordinary', 'high'],
  'reads-secret': ['credential-theft', 'medium'],
  'reads-accounts': ['credential-theft', 'medium'],
  'dumps-environment': ['credential-theft', 'medium'],
  'looks-at-credentials': ['credential-theft', 'medium'],
  'sends-file': ['download', 'medium'],
  download: ['download', 'medium'],
  'installs-package': ['download', 'medium'],
  'file-out': ['file-copy', 'medium'],
  'file-in': ['file-copy', 'medium'],
  tool: ['ordinary', 'medium'],
  shell: ['ordinary', 'low'],
};
const ORDER = Object.keys(VERDICTS);

/** How bad it is that a command in a pod betrays this, whoever runs it. */
export function severityOfTrait(trait: Trait): Severity {
  return VERDICTS[trait][1];
}

/** A request to run a command in a container, or to attach to what runs there. */
export interface Exec {
  readonly kind: ExecKind;
  readonly severity: Severity;
  /** The worst that the command betrays; absent where it betrays nothing. */
  readonly worst: Betrayal | undefined;
  readonly betrayals: readonly Betrayal[];
  /** As sent: an alert shows it through `redactCommand` only. */
  readonly command: readonly string[];
  readonly isAttach: boolean;
  /** An input that the log does not show, by hand or not. */
  readonly hasInput: boolean;
  readonly hasTerminal: boolean;
}

const options = z.object({
  command: texts,
  container: text,
  stdin: z.catch(z.boolean(), false),
  stdout: z.catch(z.boolean(), false),
  tty: z.catch(z.boolean(), false),
});

/** Six detectors ask the same of every exec, and a long script takes a while to read. */
const known = new WeakMap<AuditEvent, Exec>();

/** Reads the request of `pods/exec` or `pods/attach`, whichever verb and protocol it came by. Total. */
export function execOf(event: AuditEvent): Exec {
  const exec = known.get(event) ?? readExec(event);
  known.set(event, exec);
  return exec;
}

function readExec(event: AuditEvent): Exec {
  const { command, stdin, stdout, tty } = optionsOf(event);
  const betrayals = betrayalsOf(command).filter(
    // What has no stream to go through goes nowhere.
    ({ trait }) =>
      (trait !== 'file-in' || stdin) && ((trait !== 'file-out' && trait !== 'takes-credential-directory') || stdout),
  );
  const [worst] = betrayals.toSorted(
    (a, b) =>
      severityRank(VERDICTS[b.trait][1]) - severityRank(VERDICTS[a.trait][1]) ||
      ORDER.indexOf(a.trait) - ORDER.indexOf(b.trait),
  );
  const [kind, severity]: readonly [ExecKind, Severity] = worst ? VERDICTS[worst.trait] : ['ordinary', 'low'];
  const isAttach = resourceOf(event) === 'pods/attach';
  return { kind, severity, worst, betrayals, command, isAttach, hasInput: stdin, hasTerminal: tty };
}

/** The finding of the detector that speaks for `kind`; `undefined` where another does. */
export function execFinding(event: AuditEvent, kind: ExecKind): Finding | undefined {
  const exec = execOf(event);
  if (exec.kind !== kind) return undefined;
  const { namespace = '-', name = '-' } = event.objectRef ?? {};
  const [severity, severityReason] = judged(event, exec);
  return {
    title: `${actorName(event)} ${doneBy(exec)} in pod ${namespace}/${name}`,
    severity,
    severityReason,
    // Another thing taken from the same pod is another thing to rotate.
    dedup: [principalOf(event), namespace, name, kind === 'ordinary' ? '' : (exec.worst?.trait ?? '')],
    evidence: evidenceOf(event, exec),
  };
}

function doneBy({ worst, command, isAttach, hasInput, hasTerminal }: Exec): string {
  if (isAttach) return hasInput ? 'attached to the main process, with an input,' : 'attached to the output';
  if (worst && worst.trait !== 'shell') return `ran a command that ${TRAITS[worst.trait]}`;
  if (worst) return hasTerminal ? 'opened a shell' : hasInput ? 'fed a script to a shell' : 'started a shell';
  return command.length > 0 ? 'ran a command' : 'ran a command that the record does not show';
}

function evidenceOf(event: AuditEvent, { betrayals, command }: Exec): Record<string, EvidenceValue> {
  const { container, stdin, tty } = optionsOf(event);
  return {
    command: command.length > 0 ? redactCommand(command) : undefined,
    betrays:
      betrayals.length > 0
        ? betrayals.map(({ trait, sign }) => redactCommand([`${TRAITS[trait]} (${sign})`]).join(''))
        : undefined,
    container,
    interactive: stdin && tty,
    stdin,
    caller: describeCaller(event),
  };
}

/** How bad it is: by what the command betrays, and by who runs it and where, whichever is worse. */
function judged(event: AuditEvent, exec: Exec): Judgement {
  return [byCommand(event, exec), ...standingOf(event, exec.hasTerminal)].reduce((a, b) =>
    severityRank(b[0]) > severityRank(a[0]) ? b : a,
  );
}

function byCommand(event: AuditEvent, { worst, severity, isAttach, hasInput, hasTerminal }: Exec): Judgement {
  if (worst && worst.trait !== 'shell') return [severity, `the command ${TRAITS[worst.trait]}`];
  if (isAtHome(event) && !hasTerminal) return ['low', 'a service account at work in its own namespace'];
  if (hasInput || hasTerminal) return ['medium', 'what is typed into the session is not logged'];
  return ['low', isAttach ? 'it reads what the process prints' : 'a single command that betrays nothing'];
}

type Judgement = readonly [Severity, string];

/** A service account in its pod, in its own namespace: how CI runners and operators work. */
function isAtHome(event: AuditEvent): boolean {
  return callerOf(event) === 'resident' && homeNamespaceOf(event) === event.objectRef?.namespace;
}

/**
 * What the identity and the namespace say of somebody who reaches into a pod, whatever they do there: severities with
 * their reasons. `byHand` where they have a terminal, which no workload needs.
 */
export function standingOf(event: AuditEvent, byHand: boolean): Judgement[] {
  const namespace = event.objectRef?.namespace;
  const caller = callerOf(event);
  const acting = effectiveUser(event);
  const said: Judgement[] = [];
  if (caller === 'anonymous' || isAnonymous(acting)) said.push(['critical', 'nobody proved who they are to do it']);
  if (caller === 'displaced') said.push(['high', 'a service account used from an address on the internet']);
  if (caller === 'unbound') said.push(['high', 'a service account by a token that is bound to no pod']);
  if (caller === 'node' || caller === 'component' || isNode(acting))
    said.push(['high', 'neither nodes nor the control plane reach into pods through the API']);
  if (event.impersonatedUser) {
    const isWorkload = serviceAccountOf(acting) !== undefined;
    said.push(isWorkload ? ['high', 'in the name of a service account'] : ['medium', 'in the name of another user']);
  }
  if (caller === 'resident' && byHand) said.push(['high', 'a service account with a terminal: a person is behind it']);
  else if (caller === 'resident' && !isAtHome(event))
    said.push(['medium', 'a service account outside its own namespace']);
  if (isSystemNamespace(namespace)) said.push(['high', `${namespace} runs what the cluster itself depends on`]);
  else if (isSensitiveNamespace(namespace) && (byHand || !isAtHome(event)))
    said.push(['high', `${namespace} holds the keys to other namespaces`]);
  return said;
}

interface Options extends z.infer<typeof options> {}

/**
 * The command is in the query, one `command` for each word, decoded once. Some exports carry it as a PodExecOptions body
 * instead.
 */
function optionsOf(event: AuditEvent): Options {
  const query = queryOf(event);
  const inQuery = query.getAll('command');
  const none: Options = { command: [], container: undefined, stdin: false, stdout: false, tty: false };
  const sent = inQuery.length > 0 ? none : (options.safeParse(event.requestObject).data ?? none);
  // As the API server reads a boolean: anything but these, and the empty text too, is true.
  const isSet = (name: string) => query.has(name) && !/^(?:false|0)$/i.test(query.get(name) ?? '');
  return {
    command: inQuery.length > 0 ? inQuery : sent.command,
    container: query.get('container') ?? sent.container,
    stdin: isSet('stdin') || sent.stdin,
    stdout: isSet('stdout') || sent.stdout,
    tty: isSet('tty') || sent.tty,
  };
}
