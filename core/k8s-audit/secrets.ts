import { type Severity, severityRank } from '../severity.ts';
import { matchesWildcard } from '../wildcard.ts';
import { callerOf, describeCaller, homeNamespaceOf } from './caller.ts';
import { clientKindOf, isHandTool } from './client.ts';
import { isSensitiveNamespace } from './object.ts';
import { outcomeOf, queryOf } from './request.ts';
import type { AuditEvent } from './schema.ts';

/** The control plane at its work; and who came without credentials, which is another detector's word, whatever was read. */
const NOT_JUDGED: ReadonlySet<string> = new Set(['component', 'anonymous']);

/** How bad a read is, and why in words. */
export interface Judged {
  readonly severity: Severity;
  readonly severityReason: string;
}

/**
 * What a list or watch answers.
 * - `all`: every secret in its scope, values included.
 * - `helm`: what Helm stored, every release. `helm-release`: one release.
 * - `changes`: a watch that goes on from a known version: only what changes from then on.
 */
type Reach = 'all' | 'helm' | 'helm-release' | 'changes';

/** What a list or watch of secrets that names no secret answers; `all` wherever the request leaves it in doubt. */
export function reachOf(event: AuditEvent): Reach {
  if (isContinuedWatch(event)) return 'changes';
  const required = requiredLabelsOf(event);
  if (required.get('owner') !== 'helm') return 'all';
  return required.get('name') ? 'helm-release' : 'helm';
}

/**
 * Whether a watch goes on from a resource version, as every informer's does some times an hour. Version 0, no version
 * and `sendInitialEvents` begin with everything there is.
 */
function isContinuedWatch(event: AuditEvent): boolean {
  if (event.verb !== 'watch') return false;
  const query = queryOf(event);
  const versions = query.getAll('resourceVersion');
  return (
    versions.length > 0 && versions.every((version) => /^[1-9]\d*$/.test(version)) && !query.has('sendInitialEvents')
  );
}

/**
 * The labels that every answered secret must have. The API server reads the first `labelSelector` and drops a parameter
 * that holds `;` or a bad `%`, so one selector, all of it plain requirements, is believed; anything else requires nothing.
 */
function requiredLabelsOf(event: AuditEvent): ReadonlyMap<string, string> {
  const selectors = queryOf(event).getAll('labelSelector');
  const requirements = selectors.length === 1 ? (selectors[0] ?? '').split(',') : [];
  const plain = requirements.map((requirement) => /^([\w./-]+)(!=|==?)([\w.-]*)$/.exec(requirement.trim()));
  if (plain.includes(null)) return new Map();
  return new Map(
    plain.flatMap((match) => (match && match[2] !== '!=' ? [[match[1] ?? '', match[3] ?? ''] as const] : [])),
  );
}

/** The selectors of a list as evidence; a client may put anything there, but no secret's value. */
export function selectorsOf(event: AuditEvent): {
  labelSelector: string | undefined;
  fieldSelector: string | undefined;
} {
  const query = queryOf(event);
  return {
    labelSelector: query.get('labelSelector') || undefined,
    fieldSelector: query.get('fieldSelector') || undefined,
  };
}

/** Whether the request lists or watches secrets in every namespace, all of them or all of one name. */
export function isClusterWideList(event: AuditEvent): boolean {
  return event.verb !== 'get' && !event.objectRef?.namespace;
}

/** How bad it is that this caller listed secrets across all namespaces; `undefined` for what operators do all day. */
export function judgeClusterWideList(event: AuditEvent): Judged | undefined {
  const caller = callerOf(event);
  if (NOT_JUDGED.has(caller)) return undefined;
  const who = describeCaller(event);
  const reach = reachOf(event);
  const judged = judgeClusterWideReader(event);
  if (caller === 'node') return judged;
  if (reach === 'changes') {
    if (caller === 'resident' && judged.severity === 'low') return undefined;
    return atMost('medium', judged, `${who} watches for changes to any secret; what was there before is not sent`);
  }
  if (reach !== 'all') {
    return atMost('medium', judged, `${who} asked for what Helm stored only: the values of every release it covers`);
  }
  if (event.objectRef?.name) {
    return atMost('high', judged, `${who} asked for the secrets of one name in every namespace`);
  }
  return judged;
}

function judgeClusterWideReader(event: AuditEvent): Judged {
  const who = describeCaller(event);
  const client = event.userAgent || 'a client without a name';
  switch (callerOf(event)) {
    case 'node':
      return { severity: 'high', severityReason: 'no kubelet lists secrets: it asks for those of its pods by name' };
    case 'unbound':
      return { severity: 'high', severityReason: `${who}: no operator's pod has such a token` };
    case 'resident': {
      const kind = clientKindOf(event);
      if (isHandTool(event)) {
        return { severity: 'high', severityReason: `${who}, by ${client}: a command in the pod, not its program` };
      }
      if (event.impersonatedUser) return { severity: 'medium', severityReason: `${who}, acting as somebody else` };
      if (kind) return { severity: 'medium', severityReason: `${who}, by a client that does not say what it is` };
      return { severity: 'low', severityReason: `${who}: what operators do when they start` };
    }
    default:
      return { severity: 'critical', severityReason: `${who} had every secret of the cluster in one answer` };
  }
}

/** How bad it is that this caller listed the secrets of one namespace; `undefined` for ordinary work. */
export function judgeNamespaceList(event: AuditEvent): Judged | undefined {
  const caller = callerOf(event);
  if (NOT_JUDGED.has(caller)) return undefined;
  const who = describeCaller(event);
  const namespace = event.objectRef?.namespace;
  const sensitive = isSensitiveNamespace(namespace);
  const byKubectl = clientKindOf(event) === 'kubectl';
  const reach = reachOf(event);
  if (caller === 'resident' && !byKubectl && (reach !== 'all' || homeNamespaceOf(event) === namespace))
    return undefined;

  const judged = ((): Judged => {
    if (caller === 'node') {
      return { severity: 'high', severityReason: 'no kubelet lists secrets: it asks for those of its pods by name' };
    }
    if (caller !== 'resident' && caller !== 'outsider') return { severity: 'high', severityReason: who };
    if (sensitive && (caller === 'outsider' || byKubectl) && homeNamespaceOf(event) !== namespace) {
      return { severity: 'high', severityReason: `${who}, and what ${namespace} keeps opens other doors` };
    }
    return { severity: 'medium', severityReason: who };
  })();
  if (reach === 'all' || caller === 'node') return judged;
  const selected =
    reach === 'changes'
      ? 'watches for changes from now on; what was there before is not sent'
      : 'asked for what Helm stored only, as every upgrade does; release values may hold passwords';
  return atMost(byKubectl ? 'medium' : 'low', judged, `${who} ${selected}`);
}

/** What a read of one secret by its name is judged as; `undefined` for ordinary work or an ordinary secret. */
export function judgeHighValueRead(event: AuditEvent): (Judged & { readonly opens: string }) | undefined {
  const caller = callerOf(event);
  const byHand = isHandTool(event);
  // The node authorizer lets a kubelet have what its own pods mount, and nothing else.
  if (NOT_JUDGED.has(caller) || (caller === 'node' && !byHand)) return undefined;
  const { name, namespace } = event.objectRef ?? {};
  const opens = name && namespace ? opensOf(namespace, name) : undefined;
  if (!opens) return undefined;
  const who = describeCaller(event);
  if (caller === 'node') return { opens, severity: 'high', severityReason: 'a node by a tool that no kubelet uses' };
  if (caller === 'resident') {
    if (homeNamespaceOf(event) === namespace) {
      return byHand
        ? { opens, severity: 'medium', severityReason: `${who}, which may own the secret, but by a tool for people` }
        : undefined;
    }
    if (byHand)
      return { opens, severity: 'high', severityReason: `${who}, from another namespace, by a tool for people` };
    return opens === HELM
      ? undefined
      : { opens, severity: 'medium', severityReason: `${who}, from another namespace: an operator may do so` };
  }
  if (opens === HELM && /^helm\//i.test(event.userAgent)) {
    return { opens, severity: 'low', severityReason: `${who}, by a client that says it is Helm, as anyone may` };
  }
  return { opens, severity: 'high', severityReason: who };
}

const HELM = 'the values and manifests of a Helm release, passwords among them';

/** Names of secrets of which one opens the rest, and what each opens. Kubernetes has names in lower case only. */
const HIGH_VALUE: readonly (readonly [namespace: string, name: string, opens: string])[] = [
  ['*', 'sh.helm.release.v1.*', HELM],
  ['*', 'sealed-secrets-key*', 'every SealedSecret ever committed'],
  ['kube-system', 'bootstrap-token-*', 'the right to join a node'],
  ['*', 'argocd-initial-admin-secret', 'Argo CD as its administrator'],
  ['*', 'argocd-secret', 'Argo CD: its signing key and administrator hash'],
  ['argocd', 'cluster-*', 'a cluster that Argo CD deploys to'],
  ['argo-cd', 'cluster-*', 'a cluster that Argo CD deploys to'],
  ['argocd', 'repo-*', 'a repository that Argo CD deploys from'],
  ['argo-cd', 'repo-*', 'a repository that Argo CD deploys from'],
  ['flux-system', 'flux-system', 'the repository that Flux deploys from'],
  ['flux-system', 'sops-*', 'every secret encrypted by SOPS'],
  ['*', 'sops-age', 'every secret encrypted by SOPS'],
  ['*', 'sops-gpg', 'every secret encrypted by SOPS'],
  ['*', '*kubeconfig*', 'a cluster, as whoever the kubeconfig is'],
  ['*', '*aws*credential*', 'an AWS account'],
  ['*', 'aws-creds*', 'an AWS account'],
  ['*', 'aws-secret*', 'an AWS account'],
  ['velero', 'cloud-credentials', 'the backups of the cluster, in AWS'],
  ['*', '*vault-unseal*', 'Vault and all that it holds'],
  ['*', '*vault-root*', 'Vault and all that it holds'],
  ['*', 'vault-keys*', 'Vault and all that it holds'],
  ['istio-system', '*-tls', 'the traffic of an ingress gateway'],
  ['istio-system', 'cacerts', 'the mesh: its certificate authority'],
  ['istio-system', 'istio-ca-secret', 'the mesh: its certificate authority'],
  ['linkerd', 'linkerd-identity-issuer', 'the mesh: its certificate authority'],
];

// The letters that Kubernetes generates names from, so that api-token-prod is none.
const LEGACY_TOKEN = /-token-[bcdfghjklmnpqrstvwxz2456789]{5}$/;

function opensOf(namespace: string, name: string): string | undefined {
  const known = HIGH_VALUE.find(([where, what]) => matchesWildcard(where, namespace) && matchesWildcard(what, name));
  return (
    known?.[2] ?? (LEGACY_TOKEN.test(name) ? 'whatever its service account may do, until it is deleted' : undefined)
  );
}

/** How bad a read or attempt by a scripting client is; `undefined` for another client, or ordinary work. */
export function judgeScriptedRead(event: AuditEvent): Judged | undefined {
  const kind = clientKindOf(event);
  const caller = callerOf(event);
  if ((kind !== 'http-tool' && kind !== 'http-library') || NOT_JUDGED.has(caller)) return undefined;
  const who = describeCaller(event);
  const listed = event.verb === 'get' || event.objectRef?.name ? undefined : reachOf(event);
  const atHome = caller === 'resident' && homeNamespaceOf(event) === event.objectRef?.namespace;
  if (atHome && kind === 'http-library') {
    if (listed === 'changes') return undefined;
    return { severity: 'low', severityReason: `${who}, in its own namespace, by a plain HTTP library` };
  }
  if (outcomeOf(event) === 'denied')
    return { severity: 'medium', severityReason: `${who}, and the API server refused` };
  if (atHome) return { severity: 'medium', severityReason: `${who}, in its own namespace` };
  if (caller === 'resident' && kind === 'http-library') {
    return { severity: 'medium', severityReason: `${who}, from another namespace, by a plain HTTP library` };
  }
  return { severity: 'high', severityReason: who };
}

/** The milder of two judgements: the ceiling with its own reason, unless `judged` is below it already. */
function atMost(ceiling: Severity, judged: Judged, severityReason: string): Judged {
  return severityRank(judged.severity) <= severityRank(ceiling) ? judged : { severity: ceiling, severityReason };
}
