import type { EvidenceValue, Finding } from '../finding.ts';
import * as z from '../zod.ts';
import { actorName } from './identity.ts';
import { metadataOf } from './object.ts';
import {
  builtInOf,
  calmedForWorkload,
  isRbacUpkeep,
  type Judged,
  type RoleRule,
  rbacDedup,
  rbacObjectOf,
  rbacObjectText,
  roleRulesOf,
  ruleText,
} from './rbac.ts';
import { type Held, type PowerTopic, powersOf, touchesKubernetes } from './rbac-powers.ts';
import type { AuditEvent } from './schema.ts';

const FEEDS = /^rbac\.authorization\.k8s\.io\/aggregate-to-(.+)$/;

/** The roles that a ClusterRole's labels pour its rules into: `admin`, `edit`, `view` and others of that form. */
function fedRolesOf(object: Record<string, unknown> | undefined): string[] {
  const { labels = {} } = metadataOf(object);
  return Object.entries(labels).flatMap(([label, value]) => (value === 'true' ? (FEEDS.exec(label)?.[1] ?? []) : []));
}

const selector = z.object({
  matchLabels: z.catch(z.record(z.string(), z.string()), {}),
  matchExpressions: z.catch(z.array(z.unknown()), []),
});
const aggregation = z.object({
  aggregationRule: z.object({ clusterRoleSelectors: z.catch(z.array(z.unknown()), []) }),
});

/** The selectors by which a ClusterRole gathers the rules of others, as `label=value`; `every role` where one is open. */
function gatheredBy(object: Record<string, unknown> | undefined): string[] {
  const parsed = aggregation.safeParse(object);
  if (!parsed.success) return [];
  return parsed.data.aggregationRule.clusterRoleSelectors.map((item) => {
    const { matchLabels = {}, matchExpressions = [] } = selector.safeParse(item).data ?? {};
    // The value of a label may be anything; that it is one of many is all that matters.
    const labels = Object.entries(matchLabels).map(([label, value]) => `${label}=${value === 'true' ? value : '…'}`);
    if (labels.length > 0) return labels.join(',');
    return matchExpressions.length > 0 ? OPEN_EXPRESSION : OPEN;
  });
}

const OPEN = 'every role';
const OPEN_EXPRESSION = 'roles by an expression';

/** A role as a write left it, and what that means. */
export interface RoleWrite {
  /** Which one of the detectors speaks of this write; `undefined` for none but the inventory. */
  readonly topic: 'built-in' | 'aggregated' | PowerTopic | undefined;
  readonly rules: readonly RoleRule[];
  /** Whether the event shows the rules of the role: a patch without an answer may speak of its labels only. */
  readonly isShown: boolean;
  /** Worst first. */
  readonly powers: readonly Held[];
  /** The roles that this one's rules are poured into by its labels. */
  readonly feeds: readonly string[];
  /** By which labels it gathers the rules of others. */
  readonly gathers: readonly string[];
}

const judgedWrites = new WeakMap<AuditEvent, RoleWrite | undefined>();

/**
 * The role that a write left behind; `undefined` for the control plane's upkeep and for writes that changed nothing.
 * Worked out once for an event: half a dozen detectors ask, and an attacker may write a role of ten thousand rules.
 */
export function roleWriteOf(event: AuditEvent): RoleWrite | undefined {
  if (!judgedWrites.has(event)) judgedWrites.set(event, judgeRoleWrite(event));
  return judgedWrites.get(event);
}

function judgeRoleWrite(event: AuditEvent): RoleWrite | undefined {
  if (isRbacUpkeep(event)) return undefined;
  const object = rbacObjectOf(event);
  const rules = roleRulesOf(event) ?? [];
  const { resource, namespace } = event.objectRef ?? {};
  const isClusterRole = resource === 'clusterroles';
  const powers = powersOf(rules, isClusterRole ? undefined : (namespace ?? ''));
  const feeds = isClusterRole ? fedRolesOf(object) : [];
  const gathers = isClusterRole ? gatheredBy(object) : [];

  const builtIn = builtInOf(event);
  const isNew = event.verb === 'create' || event.responseStatus?.code === 201;
  const isBuiltIn = builtIn !== undefined && !(isNew && builtIn === 'system');
  const isShown = object !== undefined && (Object.hasOwn(object, 'rules') || event.verb !== 'patch');
  const feedsMore = feeds.length > 0 && (!isShown || rules.some(touchesKubernetes));
  const topic = isBuiltIn ? 'built-in' : feedsMore || gathers.length > 0 ? 'aggregated' : powers[0]?.topic;
  return { topic, rules, isShown, powers, feeds, gathers };
}

/** How bad the worst power of a role is, given who wrote it; low for a role without any. */
export function judgedByPowers(event: AuditEvent, { powers: [worst] }: RoleWrite): Judged {
  if (!worst) return { severity: 'low', severityReason: 'its rules give none of the powers that attackers look for' };
  return calmedForWorkload(event, {
    severity: worst.severity,
    severityReason: `lets its holders ${worst.words}, ${worst.reason}`,
  });
}

/** How bad a role is whose rules flow into others or that gathers the rules of others, given who wrote it. */
export function aggregationJudged(event: AuditEvent, role: RoleWrite): Judged {
  const { feeds, gathers } = role;
  const open = gathers.filter((by) => by === OPEN || by.includes('kubernetes.io/bootstrapping='));
  if (open.length > 0) return { severity: 'high', severityReason: 'gathers the rules of cluster-admin among others' };
  const indirect = gathers.filter((by) => by === OPEN_EXPRESSION || by.includes('/aggregate-to-'));
  if (indirect.length > 0) {
    const severityReason = `gathers the rules of roles that are not its own: ${indirect.join('; ')}`;
    return calmedForWorkload(event, { severity: 'medium', severityReason });
  }
  if (feeds.length > 0 && !role.isShown) {
    return { severity: 'medium', severityReason: `the event does not show which rules flow into ${feeds.join(', ')}` };
  }
  const [worst] = role.powers;
  if (feeds.length === 0 || !worst) return judgedByPowers(event, role);
  const held = ['exec', 'secrets'].includes(worst.topic) && !worst.words.includes('nodes/proxy');
  const gainsLittle = held && feeds.every((name) => name === 'admin' || name === 'edit');
  return calmedForWorkload(event, {
    severity: gainsLittle ? 'medium' : 'high',
    severityReason: gainsLittle
      ? `every holder of ${feeds.join(', ')} may ${worst.words}, as those roles allow by default in a namespace`
      : `every holder of ${feeds.join(', ')} may now ${worst.words}`,
  });
}

/** A role as evidence. */
export function roleEvidence({ rules, powers, feeds }: RoleWrite): Record<string, EvidenceValue> {
  return {
    powers: powers.map(({ words, severity, reason }) => `${words} (${severity}: ${reason})`),
    rules: rules.map(ruleText),
    aggregatedInto: feeds.length > 0 ? feeds : undefined,
  };
}

/** What the detector of one topic says of a role that was written; nothing where another speaks. */
export function powerFinding(event: AuditEvent, topic: PowerTopic): Finding | undefined {
  const role = roleWriteOf(event);
  if (role?.topic !== topic) return undefined;
  return {
    title: `${actorName(event)} wrote ${rbacObjectText(event)}, which lets its holders ${role.powers[0]?.words}`,
    ...judgedByPowers(event, role),
    dedup: rbacDedup(event),
    evidence: roleEvidence(role),
  };
}
