import type { RegisteredDetector } from './detector.ts';
import type { EvidenceValue, Finding } from './finding.ts';
import { alertIdOf, dedupKeyOf } from './identifiers.ts';
import { targetsOf } from './incidents/targets.ts';
import { cut, inert, missingNote } from './inert.ts';
import { linksOf } from './links.ts';
import { nextStepsOf } from './next-steps.ts';
import { redact } from './redact.ts';
import { SEVERITIES, type Severity } from './severity.ts';
import type { EventContext, Origin } from './source.ts';
import * as z from './zod.ts';

/** An alert never takes more than this as UTF-8 JSON; a fourth of what SNS accepts. */
export const MAX_ALERT_BYTES = 64 * 1024;
/** What the ids, times and targets of later findings may add to an alert when its incident is told again. */
const ROOM_FOR_INCIDENT_BYTES = 12 * 1024;
const MAX_TITLE_LENGTH = 240;
/** An audit id is a UUID unless the client chose one, which may be as long as a header. */
const MAX_ID_LENGTH = 256;

/** Kubernetes asks nobody in this group for permission. */
const MASTERS = 'system:masters';

/** How long texts and lists may be: the first that makes the alert fit is taken. The last fits whatever the event holds. */
const LIMITS = [
  { text: 2048, list: 50, evidence: true },
  { text: 512, list: 20, evidence: true },
  { text: 128, list: 8, evidence: true },
  { text: 64, list: 4, evidence: false },
] as const;

type Limits = (typeof LIMITS)[number];

const text = z.string();
const texts = z.array(z.string());

/** The alert, schema version 1. A contract with everybody who reads alerts: fields are added, never renamed. */
export const alertSchema = z.lazy(() =>
  // To build it takes a millisecond or two of a cold start, and whoever only writes alerts needs none of it.
  z.strictObject({
    schemaVersion: z.literal(1),
    alertId: text.check(z.describe('The same for the same detector and event, however often it is delivered.')),
    dedupKey: text.check(z.describe('The same while one problem lasts in one cluster or account.')),
    detector: z.strictObject({
      id: text,
      title: text,
      mitre: z.array(z.strictObject({ tactic: text, technique: text })),
      runbook: z.url(),
    }),
    severity: z.enum(SEVERITIES),
    severityReason: z.optional(text).check(z.describe('Why the severity is not the detector’s own.')),
    title: text,
    description: text,
    event: z.strictObject({
      source: text,
      id: text,
      time: z.optional(text).check(z.describe('RFC 3339, UTC.')),
      action: text,
      outcome: text,
      cluster: z.optional(text),
      account: z.optional(text),
      region: z.optional(text),
      requestUri: z.optional(text),
      partial: z.optional(z.literal(true)).check(z.describe('Only a part of the record could be read.')),
      origin: z
        .optional(z.strictObject({ logGroup: z.optional(text), logStream: z.optional(text) }))
        .check(z.describe('Where the record came from.')),
    }),
    actor: z.strictObject({
      username: z.optional(text),
      groups: z.optional(texts),
      impersonatedUsername: z.optional(text),
      impersonatedGroups: z.optional(texts),
      arn: z.optional(text),
      principalArn: z.optional(text).check(z.describe('The role or user behind arn, without the session name.')),
      accessKeyId: z.optional(text),
      sessionName: z.optional(text),
      sourceIp: z.optional(text),
      forwardedFor: z.optional(texts),
      userAgent: z.optional(text),
      clientChosen: z.optional(texts).check(z.describe('The fields here that the client could set to anything.')),
    }),
    target: z.strictObject({ resource: z.optional(text), namespace: z.optional(text), name: z.optional(text) }),
    evidence: z.record(text, z.union([text, z.number(), z.boolean(), texts])),
    incident: z.strictObject({
      state: z.enum(['opened', 'updated', 'escalated', 'closed']),
      count: z.int().check(z.positive()),
      firstSeen: z.optional(text),
      lastSeen: z.optional(text),
      sampleEventIds: texts,
      targets: z
        .optional(texts)
        .check(
          z.describe('On what it was seen, each target once, sorted, at most 20: `secrets shop`, `pods shop/web-0`.'),
        ),
      moreTargets: z.optional(z.literal(true)).check(z.describe('There were more targets than are named.')),
    }),
    links: z.strictObject({
      logsInsightsQuery: text,
      logsInsights: z.optional(z.url()),
      console: z.optional(z.url()),
    }),
    nextSteps: texts,
  }),
);

export type Alert = z.infer<typeof alertSchema>;

/** What the site decides about an alert: where its runbook is read, and how bad it is there. */
export interface AlertPolicy {
  readonly runbookBaseUrl: string;
  readonly severity?: Severity | undefined;
}

/**
 * The alert for one finding, as the first of its incident. Every string in it is inert, redacted and of bounded length,
 * and the whole at most {@link MAX_ALERT_BYTES}, also when its incident is told again; `evidence.evidenceCut` marks one
 * that had to be shortened for that.
 */
export function buildAlert(
  { detector, nextSteps }: RegisteredDetector,
  finding: Finding,
  eventKey: string,
  { event, actor, target }: EventContext,
  origin: Origin,
  policy: AlertPolicy,
): Alert {
  const { account = '', region = '', cluster = '' } = event;
  const judged = finding.severity ?? detector.severity;
  const severity = policy.severity ?? judged;
  const reasons = [
    finding.severityReason,
    severity === judged ? undefined : `set to ${severity} by policy, judged ${judged}`,
  ].filter((reason) => reason !== undefined);

  const within = (limits: Limits): Alert => {
    const facts = safe(
      {
        ...(reasons.length > 0 ? { severityReason: reasons.join('; ') } : {}),
        title: withoutSessionArns(finding.title),
        description: detector.description,
        event: {
          ...event,
          ...(origin.logGroup ? { origin: { logGroup: origin.logGroup, logStream: origin.logStream } } : {}),
        },
        actor: {
          ...actor,
          groups: mastersFirst(actor.groups),
          impersonatedGroups: mastersFirst(actor.impersonatedGroups),
        },
        target,
        evidence: {
          ...(limits.evidence ? finding.evidence : {}),
          ...(limits === LIMITS[0] ? {} : { evidenceCut: true }),
        },
      },
      limits,
    );
    return {
      schemaVersion: 1,
      alertId: alertIdOf(detector.id, eventKey),
      dedupKey: dedupKeyOf(detector.id, finding.dedup, `${account}/${region}/${cluster}`),
      detector: {
        id: detector.id,
        title: detector.title,
        mitre: detector.mitre.map((id) => {
          const [tactic = '', technique = ''] = id.split(':');
          return { tactic, technique };
        }),
        runbook: `${policy.runbookBaseUrl}/${detector.id}/runbook.md`,
      },
      severity,
      ...facts,
      incident: {
        state: 'opened',
        count: 1,
        firstSeen: facts.event.time,
        lastSeen: facts.event.time,
        sampleEventIds: [facts.event.id],
        ...targetsOf(facts),
      },
      links: linksOf(facts.event),
      nextSteps: nextStepsOf(nextSteps, facts),
    };
  };

  const [full, ...shorter] = LIMITS;
  return shorter.reduce((alert, limits) => (fits(alert) ? alert : within(limits)), within(full));
}

function fits(alert: Alert): boolean {
  return Buffer.byteLength(JSON.stringify(alert)) <= MAX_ALERT_BYTES - ROOM_FOR_INCIDENT_BYTES;
}

type Facts = { readonly [key: string]: EvidenceValue | Facts };
/** A copy of a T, which nobody else holds. */
type Fresh<T> = T extends readonly (infer Item)[]
  ? Item[]
  : T extends object
    ? { -readonly [Key in keyof T]: Fresh<T[Key]> }
    : T;

/** Groups in an order in which the one that may do everything is not cut off, however many others somebody is in. */
function mastersFirst(groups: readonly string[] | undefined): readonly string[] | undefined {
  if (!groups?.includes(MASTERS)) return groups;
  return [MASTERS, ...groups.filter((group) => group !== MASTERS)];
}

/** A title with `role/session` for the ARN of an assumed role, which is long and stands in full under `actor`. */
function withoutSessionArns(title: string): string {
  return title.replace(/\barn:aws[\w-]*:sts::\d{12}:assumed-role\//g, '');
}

/** The same structure with every string made safe to show, absent values left out and long ones cut. */
function safe<T>(facts: T, limits: Limits, key?: string): Fresh<T>;
function safe(facts: Facts | EvidenceValue, limits: Limits, key?: string): Facts | EvidenceValue {
  if (typeof facts === 'string') {
    const length = key === 'title' ? MAX_TITLE_LENGTH : key === 'id' ? MAX_ID_LENGTH : limits.text;
    return cut(inert(redact(facts)), length);
  }
  if (Array.isArray(facts)) {
    const kept = facts.slice(0, limits.list).map((item: string) => safe(item, limits));
    return facts.length > kept.length ? [...kept, missingNote(facts.length - kept.length)] : kept;
  }
  // JSON has no word for NaN and the infinities.
  if (typeof facts === 'number') return Number.isFinite(facts) ? facts : String(facts);
  if (typeof facts !== 'object') return facts;
  return Object.fromEntries(
    Object.entries(facts)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, safe(value, limits, name)]),
  );
}
