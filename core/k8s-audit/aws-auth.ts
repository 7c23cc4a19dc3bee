import { Buffer } from 'node:buffer';
import { parseDocument } from 'yaml';
import type { Severity } from '../severity.ts';
import { arnOf, extraOf } from './identity.ts';
import { objectOfJsonPatch } from './json-patch.ts';
import { asObject, objectOf } from './object.ts';
import { isPrivilegedGroup, isPrivilegedUsername } from './privileged-identity.ts';
import type { AuditEvent } from './schema.ts';

const KEYS = ['mapRoles', 'mapUsers', 'mapAccounts'] as const;
/** The time that hostile YAML takes to parse grows with the square of its lines: these bounds keep it to a second. */
const MAX_YAML_CHARACTERS = 96 * 1024;
const MAX_LINE_CHARACTERS = 1024;
const MAX_ALIASES = 100;

/** One line of the map: who in IAM becomes whom in the cluster. */
export interface AwsAuthMapping {
  readonly key: (typeof KEYS)[number];
  /** Of a role or user; for mapAccounts the account. */
  readonly arn: string;
  readonly username: string;
  readonly groups: readonly string[];
}

/** What a write to aws-auth shows of the map. */
export interface AwsAuthChange {
  /** Which keys of `data` the request wrote, absent ones too; all of them where it wrote the whole object. */
  readonly written: readonly string[];
  /** The mappings under the written keys, as they stand afterwards. */
  readonly mappings: readonly AwsAuthMapping[];
  /** Every mapping the event shows, for comparison. */
  readonly all: readonly AwsAuthMapping[];
  /** Written keys whose text could not be read to its end. */
  readonly unreadable: readonly string[];
  /** Whether an unreadable one speaks of system:masters all the same. */
  readonly namesMasters: boolean;
}

/** What the request wrote into aws-auth, or `undefined` where no body was logged, as EKS does for a create. */
export function awsAuthChangeOf(event: AuditEvent): AwsAuthChange | undefined {
  const patch =
    event.verb === 'patch' ? (objectOfJsonPatch(event.requestObject) ?? asObject(event.requestObject)) : undefined;
  const stored = objectOf(event) ?? patch;
  if (!stored) return undefined;
  const data = asObject(stored.data) ?? {};
  // A patch writes the keys it names, or all of them by putting `data` away; everything else writes the whole object.
  const sent = patch && (patch.data === undefined ? {} : asObject(patch.data));
  const written = KEYS.filter((key) => !sent || Object.hasOwn(sent, key));

  const maps = KEYS.flatMap((key) => (Object.hasOwn(data, key) ? [{ key, ...parseMap(key, data[key]) }] : []));
  const rewritten = maps.filter(({ key }) => written.includes(key));
  const unreadable = rewritten.filter(({ readable }) => !readable).map(({ key }) => key);
  return {
    written,
    mappings: rewritten.flatMap(({ mappings }) => mappings),
    all: maps.flatMap(({ mappings }) => mappings),
    unreadable,
    namesMasters: unreadable.some((key) => /system:masters/i.test(textOf(data[key]))),
  };
}

function parseMap(key: AwsAuthMapping['key'], text: unknown): { mappings: AwsAuthMapping[]; readable: boolean } {
  if (typeof text !== 'string') return { mappings: [], readable: false };
  const { value, readable } = parseJson(text) ?? parseYaml(text);
  const list = Array.isArray(value) ? value : [];
  return {
    mappings: list.map((entry) => mappingOf(key, entry)),
    readable: readable && (Array.isArray(value) || value === null || value === undefined),
  };
}

function parseJson(text: string): { value: unknown; readable: boolean } | undefined {
  try {
    return { value: JSON.parse(text), readable: true };
  } catch {
    return undefined;
  }
}

/** As the authenticator reads it: YAML 1.1 with merge keys, the last of equal keys, the first of several documents. */
function parseYaml(text: string): { value: unknown; readable: boolean } {
  const isTooMuch =
    text.length > MAX_YAML_CHARACTERS || text.split('\n').some((line) => line.length > MAX_LINE_CHARACTERS);
  if (isTooMuch) return { value: undefined, readable: false };
  try {
    const document = parseDocument(text, { version: '1.1', merge: true, uniqueKeys: false, logLevel: 'silent' });
    // Without maps as Map, a key that is itself a nested map is written out as text at each of its levels.
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES, mapAsMap: true });
    return { value, readable: document.errors.length === 0 };
  } catch {
    // Nesting or aliases beyond what any real map has.
    return { value: undefined, readable: false };
  }
}

/** The authenticator decodes by Go's JSON rules, for which `Groups` and `RoleARN` are the fields too. */
function mappingOf(key: AwsAuthMapping['key'], entry: unknown): AwsAuthMapping {
  // An account with leading zeros and no quotes was a number to YAML.
  if (key === 'mapAccounts') return { key, arn: textOf(entry).trim().padStart(12, '0'), username: '', groups: [] };
  const fields: [unknown, unknown][] = entry instanceof Map ? [...entry] : Object.entries(asObject(entry) ?? {});
  const valuesOf = (name: string) =>
    fields
      .filter(([field]) => textOf(field).trim().toLowerCase() === name)
      .flatMap(([, value]): unknown[] => (Array.isArray(value) ? value : [value]))
      .map((value) => textOf(value).trim())
      .filter((value) => value !== '');
  const [arn = ''] = valuesOf(key === 'mapRoles' ? 'rolearn' : 'userarn').slice(-1);
  const [username = ''] = valuesOf('username').slice(-1);
  return { key, arn, username, groups: valuesOf('groups') };
}

/** YAML's `!!binary` is a string to the authenticator. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
}

const NODE_GROUPS = new Set(['system:bootstrappers', 'system:nodes', 'system:node-proxier', 'eks:kube-proxy-windows']);
const NODE_USERNAME = /^system:node:\{\{(?:EC2PrivateDNSName|SessionName)\}\}$/;

/** Whether a mapping is the one EKS itself writes for a node group or a Fargate profile. */
function isNodeMapping({ key, arn, username, groups }: AwsAuthMapping): boolean {
  return (
    key === 'mapRoles' &&
    NODE_USERNAME.test(username) &&
    groups.includes('system:nodes') &&
    groups.every((group) => NODE_GROUPS.has(group)) &&
    !arn.includes('*')
  );
}

/**
 * The account that owns the cluster: that of its nodes, for they run there, or where the map names none or several, the
 * caller's own. `undefined` where the event shows neither.
 */
function ownerAccountOf(event: AuditEvent, { all }: AwsAuthChange): string | undefined {
  const accounts = new Set(all.filter(isNodeMapping).flatMap(({ arn }) => accountOf(arn) ?? []));
  const [only] = accounts;
  return accounts.size === 1 ? only : accountOf(extraOf(event.user, 'canonicalArn') ?? arnOf(event.user) ?? '');
}

function accountOf(arn: string): string | undefined {
  return /^arn:[\w-]*:\w+::(\d{12}):/i.exec(arn)?.[1];
}

const CONSOLE_ADMINS = /^eks-console-dashboard-full-access/i;

/** Why a mapping hands out the cluster, or is no ordinary one; empty for an ordinary mapping. */
function privilegesOfMapping(mapping: AwsAuthMapping): string[] {
  const { key, arn, username, groups } = mapping;
  if (key === 'mapAccounts') return ['every IAM user and role of the account may log in'];
  if (isNodeMapping(mapping)) return [];
  const reserved = groups.filter(
    (group) =>
      isPrivilegedGroup(group) ||
      CONSOLE_ADMINS.test(group) ||
      (/^\s*system:/i.test(group) && group !== 'system:authenticated'),
  );
  return [
    ...reserved.map((group) => `group ${group}`),
    ...(isPrivilegedUsername(username) || /^\s*system:/i.test(username) ? [`username ${username}`] : []),
    ...(/:root$/i.test(arn) ? ['the root of an account'] : []),
    ...(/[*?]/.test(arn) ? ['a wildcard in the ARN'] : []),
  ];
}

/** Whether a mapping lets in an identity of another account than the cluster's owner. */
function isForeign({ key, arn }: AwsAuthMapping, owner: string | undefined): boolean {
  const account = key === 'mapAccounts' ? arn : accountOf(arn);
  return owner !== undefined && account !== undefined && account !== owner;
}

/** How bad a write to aws-auth is, by the mappings it leaves behind. */
export interface AwsAuthJudgement {
  readonly privileged: readonly AwsAuthMapping[];
  /** Why each privileged mapping is, one line each. */
  readonly why: readonly string[];
  readonly severity: { readonly severity?: Severity; readonly severityReason?: string };
}

/**
 * Judges what a write to aws-auth put there. The event does not hold the old map, so a privileged mapping that was there
 * before counts as well where its key was written again.
 */
export function judgeMappings(event: AuditEvent, change: AwsAuthChange | undefined): AwsAuthJudgement {
  const { written, mappings, unreadable } = change ?? { written: KEYS, mappings: [], unreadable: [] };
  const owner = change && ownerAccountOf(event, change);
  const judged = mappings.map((mapping) => {
    const privileges = privilegesOfMapping(mapping);
    const foreign = isForeign(mapping, owner) ? [`another account than the cluster’s ${owner}`] : [];
    return { mapping, reasons: [...privileges, ...foreign], isAdmin: privileges.length > 0 };
  });
  const flagged = judged.filter(({ reasons }) => reasons.length > 0);
  const why = flagged.map(({ mapping, reasons }) => `${mapping.arn || '(no ARN)'}: ${reasons.join(', ')}`);
  const severity = (): AwsAuthJudgement['severity'] => {
    if (flagged.some(({ isAdmin }) => isAdmin)) {
      return { severity: 'critical', severityReason: 'maps IAM identities to more than ordinary rights' };
    }
    if (flagged.length > 0) return { severityReason: 'maps identities of another AWS account' };
    if (change?.namesMasters) {
      return { severity: 'critical', severityReason: 'could not be read, and speaks of system:masters' };
    }
    if (unreadable.length > 0)
      return { severityReason: `what was written to ${unreadable.join(', ')} could not be read` };
    if (written.length === 0) return { severity: 'low', severityReason: 'only labels or annotations were written' };
    if (change && mappings.length === 0) {
      return { severityReason: `leaves nobody under ${written.join(', ')}: whom the map let in is locked out` };
    }
    if (mappings.length > 0 && mappings.every(isNodeMapping)) {
      return { severity: 'medium', severityReason: 'what was written maps nodes only, in the way EKS does it' };
    }
    return {};
  };
  return { privileged: flagged.map(({ mapping }) => mapping), why, severity: severity() };
}

/** One mapping in one line: `arn:… -> username, groups`. */
export function describeMapping({ key, arn, username, groups }: AwsAuthMapping): string {
  if (key === 'mapAccounts') return `everybody of account ${arn}`;
  const as = [username, ...groups.map((group) => `group ${group}`)].filter(Boolean).join(', ');
  return `${arn || '(no ARN)'} -> ${as || '(no name, no groups)'}`;
}

/** Whether a field selector leaves aws-auth out of a deletion of many. */
export function sparesAwsAuth(fieldSelector: string): boolean {
  return fieldSelector.split(',').some((term) => {
    const [, not, name] = /^metadata\.name(!)?==?([^=].*)$/.exec(term.trim()) ?? [];
    return name !== undefined && (not === undefined) === (name !== 'aws-auth');
  });
}

/** Whether a label selector only takes objects that have some label; `!x`, `x!=y` and `x notin (y)` take those without. */
export function demandsLabel(labelSelector: string): boolean {
  return labelSelector
    .replace(/\([^()]*\)/g, '')
    .split(',')
    .some((term) => /^[\w./-]+(?:=|\s+in$|$)/.test(term.trim()));
}
