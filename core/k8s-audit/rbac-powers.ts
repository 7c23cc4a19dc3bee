import { type Severity, severityRank } from '../severity.ts';
import { isSensitiveNamespace, isSystemNamespace } from './object.ts';
import { grants, grantTogether, RBAC_GROUP, type Right, type RoleRule, ruleText } from './rbac.ts';

/** Which detector answers for a power. */
export type PowerTopic = 'admin' | 'exec' | 'secrets';

interface Power {
  readonly topic: PowerTopic;
  /** Reads after "lets its holders". */
  readonly words: string;
  /** How bad for the whole cluster, and in a system namespace, whose service accounts hold cluster rights. */
  readonly cluster: Severity;
  /** How bad in a system namespace, where that is worse than {@link cluster}. */
  readonly system?: Severity;
  /** How bad in one ordinary namespace. */
  readonly namespace: Severity;
  /** How bad where `resourceNames` limits it to objects that {@link grave} does not know; absent for not at all. */
  readonly named?: Severity;
  /** Names that make a limited right as bad as an unlimited one. */
  readonly grave?: RegExp;
  /** Rights that a Role gives as well as a ClusterRole. */
  readonly rights?: readonly Right[];
  /** Rights to what has no namespace: in a Role they are void. */
  readonly clusterRights?: readonly Right[];
  /** Rights beside which this power is nothing more. */
  readonly unless?: readonly Right[];
}

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'update', 'patch'];
const PROXY = ['get', 'create', 'update', 'patch', 'delete'];
const ADMISSION = 'admissionregistration.k8s.io';
const CERTIFICATES = 'certificates.k8s.io';
const AUTHENTICATION = 'authentication.k8s.io';

function rightsTo(group: string, resources: string, verbs: readonly string[]): Right[] {
  return resources.split(' ').flatMap((resource) => verbs.map((verb) => ({ group, resource, verb })));
}

const EXEC = [
  ...rightsTo('', 'pods/exec pods/attach', WRITE),
  ...rightsTo('', 'pods/ephemeralcontainers', ['update', 'patch']),
];

/** The rights of the Kubernetes RBAC good-practice page and the catalogue, worst first. */
const POWERS: readonly Power[] = [
  {
    topic: 'admin',
    words: 'do everything',
    cluster: 'high',
    namespace: 'medium',
    rights: [
      { group: '*', resource: '*', verb: '*' },
      { group: '', resource: '*', verb: '*' },
    ],
  },
  {
    topic: 'admin',
    words: 'give roles rights that they do not hold themselves (escalate)',
    cluster: 'high',
    namespace: 'medium',
    named: 'medium',
    rights: rightsTo(RBAC_GROUP, 'roles', ['escalate']),
    clusterRights: rightsTo(RBAC_GROUP, 'clusterroles', ['escalate']),
  },
  {
    topic: 'admin',
    words: 'bind roles whose rights they do not hold themselves (bind)',
    cluster: 'high',
    namespace: 'medium',
    named: 'low',
    grave: /^(?:cluster-admin|admin|edit|system:.*|eks:.*)$/,
    // The right to bind a ClusterRole inside a namespace is asked of that namespace.
    rights: rightsTo(RBAC_GROUP, 'roles clusterroles', ['bind']),
  },
  {
    topic: 'admin',
    words: 'bind or escalate on bindings, which gives nothing: those verbs belong on roles',
    cluster: 'low',
    namespace: 'low',
    rights: rightsTo(RBAC_GROUP, 'rolebindings', ['bind', 'escalate']),
    clusterRights: rightsTo(RBAC_GROUP, 'clusterrolebindings', ['bind', 'escalate']),
    unless: rightsTo(RBAC_GROUP, 'rolebindings clusterrolebindings', WRITE),
  },
  {
    topic: 'admin',
    words: 'act as other users, groups or service accounts (impersonate)',
    cluster: 'high',
    namespace: 'medium',
    named: 'medium',
    grave: /^system:(?:masters|kube-|node|serviceaccounts)/,
    rights: rightsTo('', 'serviceaccounts', ['impersonate']),
    clusterRights: [
      ...rightsTo('', 'users groups', ['impersonate']),
      ...rightsTo(AUTHENTICATION, 'users groups uids userextras userextras/*', ['impersonate']),
    ],
  },
  {
    topic: 'admin',
    words: 'mint tokens of service accounts',
    cluster: 'high',
    namespace: 'medium',
    named: 'low',
    rights: rightsTo('', 'serviceaccounts/token', ['create']),
  },
  {
    topic: 'admin',
    words: 'approve or sign client certificates',
    cluster: 'high',
    namespace: 'low',
    named: 'low',
    grave: /^kubernetes\.io\//,
    clusterRights: [
      ...rightsTo(CERTIFICATES, 'certificatesigningrequests/approval', ['update', 'patch']),
      ...rightsTo(CERTIFICATES, 'signers', ['approve', 'sign']),
    ],
  },
  {
    topic: 'admin',
    words: 'change what admission control sees, alters and refuses',
    cluster: 'high',
    namespace: 'low',
    named: 'low',
    clusterRights: rightsTo(
      ADMISSION,
      [
        'mutatingwebhookconfigurations validatingwebhookconfigurations validatingadmissionpolicies',
        'validatingadmissionpolicybindings mutatingadmissionpolicies mutatingadmissionpolicybindings',
      ].join(' '),
      [...WRITE, 'delete', 'deletecollection'],
    ),
  },
  {
    topic: 'admin',
    words: 'route API groups to servers of their own (apiservices)',
    cluster: 'high',
    namespace: 'low',
    named: 'low',
    clusterRights: rightsTo('apiregistration.k8s.io', 'apiservices', WRITE),
  },
  {
    topic: 'exec',
    words: 'use the kubelet API of every node: run commands in any pod, read any log (nodes/proxy)',
    cluster: 'high',
    namespace: 'low',
    named: 'medium',
    clusterRights: rightsTo('', 'nodes/proxy', [...PROXY, 'list', 'watch']),
  },
  {
    topic: 'exec',
    words: 'run commands in pods',
    cluster: 'medium',
    system: 'high',
    namespace: 'low',
    named: 'low',
    rights: EXEC,
  },
  {
    topic: 'exec',
    words: 'run commands in pods by what looks like a right to read (get is enough before Kubernetes 1.35)',
    cluster: 'high',
    namespace: 'medium',
    named: 'low',
    rights: rightsTo('', 'pods/exec pods/attach', ['get']),
    unless: EXEC,
  },
  {
    topic: 'exec',
    words: 'reach ports of pods and services past network policy',
    cluster: 'medium',
    namespace: 'low',
    named: 'low',
    rights: [
      ...rightsTo('', 'pods/portforward', ['create', 'get']),
      ...rightsTo('', 'pods/proxy services/proxy', PROXY),
    ],
  },
  {
    topic: 'secrets',
    words: 'read secrets',
    cluster: 'medium',
    system: 'high',
    namespace: 'low',
    rights: rightsTo('', 'secrets', READ),
  },
  {
    topic: 'admin',
    words: 'write roles or bindings, within the rights they hold',
    cluster: 'medium',
    namespace: 'low',
    rights: rightsTo(RBAC_GROUP, 'roles rolebindings', WRITE),
    clusterRights: rightsTo(RBAC_GROUP, 'clusterroles clusterrolebindings', WRITE),
  },
  {
    topic: 'admin',
    words: 'change nodes: their labels, taints and status',
    cluster: 'medium',
    namespace: 'low',
    clusterRights: rightsTo('', 'nodes nodes/status', WRITE),
  },
  {
    topic: 'admin',
    words: 'mount any path of a node through a persistent volume',
    cluster: 'medium',
    namespace: 'low',
    clusterRights: rightsTo('', 'persistentvolumes', ['create']),
  },
  {
    topic: 'admin',
    words: 'change namespaces, Pod Security labels included',
    cluster: 'medium',
    namespace: 'low',
    named: 'low',
    // A request for a namespace counts as one inside it.
    rights: rightsTo('', 'namespaces', ['update', 'patch']),
  },
  {
    topic: 'admin',
    words: 'change custom resource definitions',
    cluster: 'medium',
    namespace: 'low',
    clusterRights: rightsTo('apiextensions.k8s.io', 'customresourcedefinitions', WRITE),
  },
  {
    topic: 'admin',
    words: 'call every path of the API server',
    cluster: 'medium',
    namespace: 'low',
    clusterRights: [{ url: '/any/path', verb: '*' }],
  },
];

/** The API groups that Kubernetes itself serves: a star on them is more than an operator's word for its own kinds. */
const KUBERNETES_GROUPS = new Set([
  ...['*', '', 'apps', 'batch', 'autoscaling', 'policy', 'extensions', 'networking.k8s.io', 'storage.k8s.io'],
  ...[RBAC_GROUP, ADMISSION, CERTIFICATES, AUTHENTICATION, 'apiextensions.k8s.io', 'apiregistration.k8s.io'],
]);

/** Whether a rule is about what Kubernetes itself serves. */
export function touchesKubernetes({ apiGroups }: RoleRule): boolean {
  return apiGroups.some((group) => KUBERNETES_GROUPS.has(group));
}

/** A star that today means little more than what it stands for, and tomorrow whatever is added. */
function isPartialWildcard(rule: RoleRule): boolean {
  if (rule.resourceNames.length > 0 || rule.resources.length === 0) return false;
  const isEveryVerb = rule.verbs.includes('*');
  if (!touchesKubernetes(rule)) return isEveryVerb && rule.resources.includes('*');
  if (isEveryVerb) return true;
  const isCore = rule.apiGroups.some((group) => group === '' || group === '*');
  return rule.resources.includes('*') && (isCore || rule.verbs.some((verb) => !READ.includes(verb)));
}

/** Whether a rule lets its holders change anything. */
export function grantsWrites({ verbs, resources }: RoleRule): boolean {
  const writes = ['*', ...WRITE, 'delete', 'deletecollection'];
  return resources.length > 0 && verbs.some((verb) => writes.includes(verb));
}

const DELETED_EVENTS = ['', 'events.k8s.io'].flatMap((group) =>
  rightsTo(group, 'events', ['delete', 'deletecollection']),
);

/** Whether a role lets its holders delete events, in either of the API groups that serve them. */
export function deletesEvents({ rules }: { readonly rules: readonly RoleRule[] }): boolean {
  return DELETED_EVENTS.some((right) => grantTogether(rules, right));
}

/** A power that some rules give, and how bad that is there. */
export interface Held {
  readonly topic: PowerTopic;
  readonly words: string;
  readonly severity: Severity;
  /** Why it is milder or worse than the same right in another place. */
  readonly reason: string;
}

function heldOf(power: Power, rules: readonly RoleRule[], namespace: string | undefined): Held | undefined {
  const { topic, words, rights = [], clusterRights = [] } = power;
  if (power.unless?.some((right) => grantTogether(rules, right))) return undefined;
  const isRole = namespace !== undefined;
  const usable = isRole ? rights : [...rights, ...clusterRights];

  if (usable.some((right) => grantTogether(rules, right))) {
    if (!isRole) return { topic, words, severity: power.cluster, reason: 'in the whole cluster' };
    if (isSystemNamespace(namespace)) {
      const reason = `in ${namespace}, whose service accounts hold rights over the cluster`;
      return { topic, words, severity: power.system ?? power.cluster, reason };
    }
    const holdsKeys = isSensitiveNamespace(namespace) && power.namespace === 'low';
    return holdsKeys
      ? { topic, words, severity: 'medium', reason: `in ${namespace}, whose workloads hold keys to others` }
      : { topic, words, severity: power.namespace, reason: `in the one namespace ${namespace}` };
  }

  const limited = rules.filter(
    (rule) => rule.resourceNames.length > 0 && usable.some((right) => grants({ ...rule, resourceNames: [] }, right)),
  );
  if (limited.length > 0) {
    const grave = limited.flatMap((rule) => rule.resourceNames).filter((name) => power.grave?.test(name));
    const severity = isRole ? power.namespace : power.cluster;
    if (grave.length > 0) return { topic, words, severity, reason: `limited to names, among them ${grave.join(', ')}` };
    return power.named && { topic, words, severity: power.named, reason: 'limited to objects of certain names' };
  }

  const named = rules.map((rule) => ({ ...rule, resources: rule.resources.filter((one) => !one.startsWith('*')) }));
  if (isRole && clusterRights.some((right) => named.some((rule) => grants(rule, right)))) {
    return { topic, words, severity: 'low', reason: 'void in a Role, for what it names has no namespace' };
  }
  return undefined;
}

/** The configmap that maps IAM identities to users and groups, in rules that name it or can mean little else. */
function awsAuthOf(rules: readonly RoleRule[], namespace: string | undefined): Held[] {
  if (namespace !== undefined && namespace !== 'kube-system') return [];
  const writing = rules.filter((rule) =>
    ['update', 'patch'].some((verb) => grants(rule, { group: '', resource: 'configmaps', verb, name: 'aws-auth' })),
  );
  const words = 'map IAM identities to any user and group (aws-auth)';
  if (writing.some(({ resourceNames }) => resourceNames.length > 0)) {
    return [{ topic: 'admin', words, severity: 'high', reason: 'by its name' }];
  }
  if (writing.length === 0 || namespace === undefined) return [];
  return [{ topic: 'admin', words, severity: 'medium', reason: 'for it may change every configmap of kube-system' }];
}

function starsOf(rules: readonly RoleRule[], namespace: string | undefined): Held[] {
  const stars = rules.filter(isPartialWildcard);
  if (stars.length === 0) return [];
  const words = `do whatever a star stands for (${stars.map(ruleText).join('; ')})`;
  if (!stars.some(touchesKubernetes)) {
    return [{ topic: 'admin', words, severity: 'low', reason: 'in API groups that are not Kubernetes’ own' }];
  }
  const isWide = namespace === undefined || isSystemNamespace(namespace);
  const reason = namespace === undefined ? 'in the whole cluster' : `in the namespace ${namespace}`;
  return [{ topic: 'admin', words, severity: isWide ? 'medium' : 'low', reason }];
}

/** What a role lets its holders do that an attacker would want, worst first. */
export function powersOf(rules: readonly RoleRule[], namespace: string | undefined): Held[] {
  return [
    ...POWERS.flatMap((power) => heldOf(power, rules, namespace) ?? []),
    ...awsAuthOf(rules, namespace),
    ...starsOf(rules, namespace),
  ].sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
}
