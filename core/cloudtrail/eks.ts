import { listOf, orAbsent } from '../fields.ts';
import { matchesWildcard } from '../wildcard.ts';
import * as z from '../zod.ts';
import { reachOf } from './address-space.ts';
import {
  blockField,
  blocksField,
  deniedResourceOf,
  flagField,
  gravest,
  isForeign,
  textField,
  textsField,
  type Weight,
  weight,
  workloadOf,
} from './parameters.ts';
import { outcomeOf, parametersOf, parseJson, principalArnOf, stringParameter } from './predicates.ts';
import type { CloudTrailEvent } from './schema.ts';

/** The cluster that the call names: in either spelling of the parameter, in EKS's answer, or in the refusal. */
export function clusterOf(event: CloudTrailEvent): string | undefined {
  const answer = parametersOf(event.responseElements);
  return (
    stringParameter(event, 'name') ??
    stringParameter(event, 'clusterName') ??
    textField.parse(
      answer.clusterName ?? parametersOf(answer.accessEntry).clusterName ?? parametersOf(answer.cluster).name,
    ) ??
    /:(?:cluster|access-entry)\/([^/]+)/.exec(deniedResourceOf(event) ?? '')?.[1]
  );
}

const accessEntry = z.object({
  principalArn: textField,
  kubernetesGroups: textsField,
  username: textField,
  type: textField,
});

/** An access entry as a call asked for it, or where its parameters were withheld as EKS answered. */
export type AccessEntry = z.infer<typeof accessEntry>;

/** The access entry that `CreateAccessEntry` or `UpdateAccessEntry` asks for. */
export function accessEntryOf(event: CloudTrailEvent): AccessEntry {
  const asked = accessEntry.parse(parametersOf(event.requestParameters));
  if (asked.principalArn) return asked;
  return accessEntry.parse(parametersOf(parametersOf(event.responseElements).accessEntry));
}

const accessScope = orAbsent(blockField(z.object({ type: textField, namespaces: textsField })));
const association = z.object({ principalArn: textField, policyArn: textField, accessScope });

/** An access policy as a call gives it to a principal. `scope` is `cluster` also for a namespace pattern that matches all. */
export interface AccessGrant {
  readonly principalArn: string | undefined;
  /** The policy's name without its ARN. */
  readonly policy: string | undefined;
  readonly scope: 'cluster' | 'namespace' | undefined;
  readonly namespaces: readonly string[];
}

/** The grant that `AssociateAccessPolicy` makes or `DisassociateAccessPolicy` takes back. */
export function accessGrantOf(event: CloudTrailEvent): AccessGrant {
  const asked = association.parse(parametersOf(event.requestParameters));
  const answer = parametersOf(event.responseElements);
  const given = association.parse({ ...answer, ...parametersOf(answer.associatedAccessPolicy) });
  const { type, namespaces = [] } = asked.accessScope ?? given.accessScope ?? {};
  return {
    principalArn: asked.principalArn ?? given.principalArn,
    policy: (asked.policyArn ?? given.policyArn)?.split('/').at(-1),
    scope: type === 'cluster' || namespaces.includes('*') ? 'cluster' : type === 'namespace' ? 'namespace' : undefined,
    namespaces,
  };
}

const ADMIN_POLICIES = new Set(['AmazonEKSClusterAdminPolicy', 'AmazonEKSAdminPolicy']);
/** Reads neither secrets nor RBAC, and changes nothing. */
const VIEW_POLICY = 'AmazonEKSViewPolicy';
/** Namespaces whose service accounts or secrets command the whole cluster or the way into it. */
const COMMANDING_NAMESPACES = [
  ...['kube-system', 'argocd', 'argo', 'flux-system', 'cert-manager', 'external-secrets', 'vault', 'crossplane-system'],
  ...['istio-system', 'istio-ingress', 'gatekeeper-system', 'kyverno', 'amazon-guardduty', 'amazon-cloudwatch'],
];

/** How much an access policy hands out, by what EKS writes in it and where it holds. */
export function weighGrant({ policy, scope, namespaces }: AccessGrant): Weight {
  if (!policy || !scope) {
    return { severity: 'high', severityReason: 'the record does not say which policy was given or where' };
  }
  const commanding = COMMANDING_NAMESPACES.filter((name) =>
    namespaces.some((pattern) => matchesWildcard(pattern, name)),
  );
  if (scope === 'cluster') {
    if (ADMIN_POLICIES.has(policy))
      return { severity: 'critical', severityReason: 'administrator of the whole cluster' };
    return policy === VIEW_POLICY
      ? { severity: 'medium', severityReason: 'reads the whole cluster, but neither secrets nor RBAC' }
      : { severity: 'high', severityReason: `${policy} holds in the whole cluster` };
  }
  if (policy === VIEW_POLICY) return { severity: 'low', severityReason: 'reads named namespaces, but no secrets' };
  return commanding.length > 0
    ? { severity: 'high', severityReason: `${commanding.join(', ')} commands the cluster` }
    : { severity: 'medium', severityReason: 'limited to named namespaces' };
}

/** What makes any change of who may enter a cluster graver, whatever the change is: who made it, and for whom. */
export function weighAccessChange(event: CloudTrailEvent, principalArn: string | undefined): (Weight | undefined)[] {
  const workload = workloadOf(event);
  return [
    weight(isForeign(principalArn, event), 'high', 'the principal belongs to another account'),
    weight(/^arn:[^:]+:iam::\d+:root$/.test(principalArn ?? ''), 'high', 'the principal is a root user'),
    weight(
      /^arn:[^:]+:iam::\d+:user\//.test(principalArn ?? ''),
      'high',
      'the principal is an IAM user with lasting keys',
    ),
    weight(workload !== undefined, 'high', `made with the credentials of a ${workload}, which has no business here`),
  ];
}

/** What is left of any judgement where EKS refused the call. */
export function weighRefusal(event: CloudTrailEvent): Weight | undefined {
  if (outcomeOf(event) !== 'denied') return undefined;
  return workloadOf(event)
    ? { severity: 'medium', severityReason: 'refused, but a workload tried to change who may enter a cluster' }
    : { severity: 'low', severityReason: 'refused: nothing changed' };
}

/** Whether the principal that gains is the one that made the call. */
export function isSelfGrant(event: CloudTrailEvent, principalArn: string | undefined): boolean {
  return principalArn !== undefined && principalArn === principalArnOf(event);
}

/** Names that ordinary RBAC bindings give great rights to. EKS refuses `system:` itself; other names it does not know. */
const PRIVILEGED_GROUP = /admin|masters|^system:|^eks:|^argocd/i;
const BORROWED_USERNAME = /^(?:system:|eks:|kubernetes-admin|admin|cluster-admin|root$)/i;

/** Why an entry's groups and username give more than an entry alone does. */
export function weighMapping({ kubernetesGroups = [], username, principalArn }: AccessEntry): Weight | undefined {
  const chosen = username !== undefined && !isDefaultUsername(username, principalArn) ? username : undefined;
  const privileged = kubernetesGroups.filter((group) => PRIVILEGED_GROUP.test(group));
  return gravest([
    weight(privileged.length > 0, 'high', `group ${privileged.join(', ')} sounds like administrators`),
    weight(
      chosen !== undefined && (BORROWED_USERNAME.test(chosen) || /^arn:/.test(chosen)),
      'high',
      'the username is one that belongs to somebody else',
    ),
    weight(kubernetesGroups.length > 0, 'medium', 'groups take whatever rights RBAC gives them inside the cluster'),
    weight(chosen !== undefined, 'medium', 'the username was chosen, so RBAC and the audit log see another name'),
  ]);
}

/** The username that EKS gives when none is asked for, which Terraform sends back on an update. */
function isDefaultUsername(username: string, principalArn: string | undefined): boolean {
  if (!principalArn) return false;
  if (username === principalArn) return true;
  const [, partition, account, path] = /^arn:([^:]+):iam::(\d+):role\/(.+)$/.exec(principalArn) ?? [];
  const assumed = `arn:${partition}:sts::${account}:assumed-role/`;
  return (
    path !== undefined &&
    [path, path.split('/').at(-1)].some((role) =>
      ['{{SessionName}}', '{{SessionNameRaw}}'].some((session) => username === `${assumed}${role}/${session}`),
    )
  );
}

const logSetup = z.catch(z.object({ types: textsField, enabled: flagField }), { types: undefined, enabled: undefined });

const clusterSettings = z.object({
  endpointPublicAccess: flagField,
  endpointPrivateAccess: flagField,
  publicAccessCidrs: textsField,
  subnetIds: textsField,
  securityGroupIds: textsField,
  authenticationMode: textField,
  clusterLogging: orAbsent(blocksField(logSetup)),
});

/** The settings of a cluster that a call names; absent ones it leaves as they are, or to EKS's defaults. */
export type ClusterSettings = z.infer<typeof clusterSettings>;

/**
 * What `CreateCluster` or `UpdateClusterConfig` sets. Where the record withholds what was asked, EKS's answer tells: a new
 * cluster is described whole, an update lists its parameters as text, lists as JSON.
 */
export function clusterSettingsOf(event: CloudTrailEvent): ClusterSettings {
  const answer = parametersOf(event.responseElements);
  return clusterSettings.parse({
    ...settingsIn(answer.cluster),
    ...updateIn(answer.update),
    ...settingsIn(event.requestParameters),
  });
}

function settingsIn(block: unknown): Record<string, unknown> {
  const { resourcesVpcConfig, logging, accessConfig } = parametersOf(block);
  const { endpointPublicAccess, endpointPrivateAccess, publicAccessCidrs, subnetIds, securityGroupIds } =
    parametersOf(resourcesVpcConfig);
  const settings = {
    ...{ endpointPublicAccess, endpointPrivateAccess, publicAccessCidrs, subnetIds, securityGroupIds },
    authenticationMode: parametersOf(accessConfig).authenticationMode,
    clusterLogging: parametersOf(logging).clusterLogging,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined && value !== null));
}

const updateParameters = listOf(z.object({ type: z.string(), value: z.string() }));

const UPDATE_PARAMETERS: Readonly<Record<string, keyof ClusterSettings>> = {
  EndpointPublicAccess: 'endpointPublicAccess',
  EndpointPrivateAccess: 'endpointPrivateAccess',
  PublicAccessCidrs: 'publicAccessCidrs',
  Subnets: 'subnetIds',
  SecurityGroups: 'securityGroupIds',
  AuthenticationMode: 'authenticationMode',
  ClusterLogging: 'clusterLogging',
};

/** An update's `params`: `{type: "PublicAccessCidrs", value: "[\"0.0.0.0/0\"]"}`. */
function updateIn(update: unknown): Record<string, unknown> {
  const named = updateParameters.parse(parametersOf(update).params).flatMap(({ type, value }) => {
    const setting = UPDATE_PARAMETERS[type];
    const parsed = parseJson(value) ?? value;
    return setting ? [[setting, setting === 'clusterLogging' ? parametersOf(parsed).clusterLogging : parsed]] : [];
  });
  return Object.fromEntries(named);
}

/** The control-plane logs that the settings switch on or off. An entry that names none stands for all. */
export function loggingTypesOf({ clusterLogging = [] }: ClusterSettings, enabled: boolean): string[] {
  const types = clusterLogging.flatMap((entry) =>
    entry.enabled === enabled
      ? (entry.types ?? ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'])
      : [],
  );
  return [...new Set(types)];
}

/** A share of the internet as large as one /8: whoever rents a machine from the right provider is inside. */
const BROAD_SHARE = 1 / 256;

/**
 * How far the settings open the API endpoint; `undefined` where they close it or leave it. Absent settings of a new
 * cluster are EKS's defaults, open to all. A new cluster weighs less: its maker meant nobody else's cluster.
 */
export function weighEndpoint(
  settings: ClusterSettings,
  isNew: boolean,
): { readonly internetShare: number | undefined; readonly judged: Weight } | undefined {
  const { endpointPublicAccess, endpointPrivateAccess, subnetIds, securityGroupIds } = settings;
  const named = settings.publicAccessCidrs?.length ? settings.publicAccessCidrs : undefined;
  const cidrs = named ?? (isNew ? ['0.0.0.0/0'] : undefined);
  const reach = cidrs && endpointPublicAccess !== false ? reachOf(cidrs) : undefined;
  const { share = 0, unreadable = [] } = reach ?? {};
  const broad = isNew ? 'medium' : 'high';
  const judged = gravest([
    weight(share >= 0.5, broad, named ? 'open to the whole internet' : 'open to the whole internet by default'),
    weight(share >= BROAD_SHARE && share < 0.5, broad, `open to ${(share * 100).toFixed(1)} % of the internet`),
    weight(unreadable.length > 0, 'medium', `no address blocks: ${unreadable.join(', ')}`),
    weight(!isNew && reach !== undefined && share < BROAD_SHARE, 'medium', 'open to listed addresses, old or new'),
    weight(
      !isNew && endpointPublicAccess === true && !named,
      'medium',
      'public again, for the addresses that were set before, if any were',
    ),
    weight(
      !isNew && endpointPrivateAccess === false,
      'medium',
      'private endpoint off: nodes come in over the internet',
    ),
    weight(
      !isNew && Boolean(subnetIds?.length || securityGroupIds?.length),
      'low',
      'other subnets or security groups in front of the private endpoint',
    ),
  ]);
  return judged && { internetShare: reach && Number(share.toFixed(6)), judged };
}
