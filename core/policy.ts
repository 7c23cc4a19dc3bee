import type { Alert } from './alert.ts';
import { type Detector, MODES, type RegisteredDetector } from './detector.ts';
import { textLike } from './fields.ts';
import { ACCOUNT, CLUSTER, LOG_SOURCE_IDS, logSourceKey, REGION } from './log-sources/log-source.ts';
import { didYouMean } from './nearest.ts';
import { SEVERITIES } from './severity.ts';
import { matchesWildcard } from './wildcard.ts';
import { type Fault, fieldsOf, parseYamlFile } from './yaml-file.ts';
import * as z from './zod.ts';

/** Where runbooks are read when a site does not say otherwise. */
const DEFAULT_RUNBOOK_BASE_URL = 'https://github.com/auditwire/auditwire/blob/main/detectors';

/**
 * What a suppression may look at. What the client can set at will is not among them: who reads the policy could ask for
 * its exemption. A session's `arn` is one of those, for it ends in a name that its holder chose; `principalArn` stands in.
 */
export const MATCH_FIELDS = [
  'event.source',
  'event.action',
  'event.outcome',
  'event.cluster',
  'event.account',
  'event.region',
  'actor.username',
  'actor.impersonatedUsername',
  'actor.principalArn',
  'actor.accessKeyId',
  'actor.sourceIp',
  'target.resource',
  'target.namespace',
  'target.name',
] as const;

const HOUR_MS = 3_600_000;
const DURATION_MS = { m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS };

const filled = (wanted: string) => z.string({ error: wanted }).check(z.minLength(1, { error: wanted, abort: true }));

/** A list that may be written as its only element. */
const oneOrMore = <T extends z.ZodMiniType<string>>(element: T) =>
  z.pipe(
    z.transform((value) => (Array.isArray(value) ? value : [value])),
    z.array(element).check(z.minLength(1, 'expected at least one')),
  );

const pattern = filled('expected text in quotes').check(z.regex(/[^*?]/, 'matches everything: leave it out'));

const EXPECTED_DATE = 'expected a day like 2026-12-31';
const date = filled(EXPECTED_DATE).check(
  z.refine((value) => {
    const time = Date.parse(`${value}T00:00:00Z`);
    return /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
  }, EXPECTED_DATE),
);

const suppression = z.strictObject({
  detectors: oneOrMore(filled('expected the id of a detector, or a pattern like "k8s-audit/rbac-*"')),
  match: z
    .record(z.string(), oneOrMore(pattern), { error: 'expected fields and what they hold, like target.namespace: ci' })
    .check(
      z.refine(
        (match) => Object.keys(match).length >= 2,
        'name at least two fields: one alone mutes more than was meant',
      ),
    ),
  reason: textLike(/^.{10}/s, 'say why in a sentence'),
  owner: filled('say who answers for it'),
  until: date,
});

const duration = z.pipe(
  textLike(/^[1-9]\d{0,3}[mhd]$/, 'expected a duration like 30m, 6h or 2d'),
  z.transform((value) => Number.parseInt(value, 10) * DURATION_MS[value.at(-1) as keyof typeof DURATION_MS]),
);

const override = z.strictObject({
  severity: z.optional(z.enum(SEVERITIES)),
  mode: z.optional(z.enum(MODES)),
  incidentWindow: z.optional(duration),
});

/** The watch runs every five minutes. */
const MIN_SILENCE_MS = 5 * DURATION_MS.m;

const logSource = z
  .strictObject({
    source: z.enum(LOG_SOURCE_IDS),
    account: textLike(ACCOUNT, 'expected twelve digits in quotes'),
    region: textLike(REGION, 'expected a region like eu-west-1'),
    cluster: z.optional(textLike(CLUSTER, 'expected the name of a cluster')),
    silence: z.optional(duration.check(z.refine((silence) => silence >= MIN_SILENCE_MS, 'expected 5m or more'))),
  })
  .check(
    z.refine(({ source, cluster }) => source !== 'k8s-audit' || cluster !== undefined, {
      path: ['cluster'],
      error: 'an audit log is of a cluster',
    }),
    z.refine(({ source, cluster }) => source !== 'cloudtrail' || cluster === undefined, {
      path: ['cluster'],
      error: 'CloudTrail is of an account and region: leave it out',
    }),
  );

const logSources = z.array(logSource).check(
  z.superRefine((all, { addIssue }) => {
    const known = new Set<string>();
    for (const [place, one] of all.entries()) {
      const key = logSourceKey(one);
      if (known.has(key)) addIssue({ code: 'custom', path: [place], message: 'is there twice' });
      known.add(key);
    }
  }),
);

const policySchema = z.strictObject({
  version: z.literal(1),
  runbookBaseUrl: z._default(
    z.pipe(
      z.url({ protocol: /^https?$/, error: 'expected an address like https://wiki.example.com/runbooks' }),
      z.transform((url) => url.replace(/\/+$/, '')),
    ),
    DEFAULT_RUNBOOK_BASE_URL,
  ),
  incidentWindow: z._default(duration, HOUR_MS),
  detectors: z._default(z.record(z.string(), override), {}),
  suppressions: z._default(z.array(suppression), []),
  logSources: z._default(logSources, []),
});

/**
 * What a site decided: which detectors are on, how bad their findings are, which findings it chose not to send, and which
 * log sources it expects.
 */
export type Policy = z.infer<typeof policySchema>;
export type Suppression = Policy['suppressions'][number];

/** A policy that cannot be used. The message has a line for every fault: file, line, field, what is wrong. */
export class PolicyError extends Error {
  override name = 'PolicyError';
}

/** The policy of a site that has written none. */
export const DEFAULT_POLICY: Policy = {
  version: 1,
  runbookBaseUrl: DEFAULT_RUNBOOK_BASE_URL,
  incidentWindow: HOUR_MS,
  detectors: {},
  suppressions: [],
  logSources: [],
};

/**
 * Reads a policy; throws a {@link PolicyError} that names every fault. `file` is for its messages. Where it is told what
 * day `today` is, a suppression that has ended is a fault.
 */
export function parsePolicy(yaml: string, file: string, detectorIds: readonly string[], today?: string): Policy {
  const parsed = parseYamlFile(yaml, {
    file,
    what: 'policy',
    schema: policySchema,
    faultsIn: (written) => [
      ...unknownNames(written, detectorIds),
      ...(today === undefined ? [] : endedSuppressions(written, today)),
    ],
  });
  if ('faults' in parsed) throw new PolicyError(parsed.faults.join('\n'));
  return parsed.value;
}

/** For how many milliseconds repeats of one problem fold: what the site says of the detector, the detector, the site. */
export function incidentWindowOf(policy: Policy, { id, incidentHours }: Detector): number {
  const own = incidentHours === undefined ? policy.incidentWindow : incidentHours * HOUR_MS;
  return policy.detectors[id]?.incidentWindow ?? own;
}

/** The length of an alert's incident, in milliseconds, by its detector. */
export function incidentWindowsOf(policy: Policy, detectors: readonly RegisteredDetector[]): (alert: Alert) => number {
  const windows = new Map<string, number>(
    detectors.map(({ detector }) => [detector.id, incidentWindowOf(policy, detector)]),
  );
  return ({ detector }) => windows.get(detector.id) ?? policy.incidentWindow;
}

/**
 * The suppression that mutes this alert, if one does and had not ended when the event happened. When that was must be
 * known: an alert without a time is never muted.
 */
export function suppressionOf(policy: Policy, alert: Alert): Suppression | undefined {
  return policy.suppressions.find(
    ({ detectors, match, until }) =>
      detectors.some((pattern) => matchesWildcard(pattern, alert.detector.id)) &&
      alert.event.time !== undefined &&
      alert.event.time < `${until}T24` &&
      Object.entries(match).every(([field, patterns]) => fieldMatches(alert, field, patterns)),
  );
}

/** A list matches only if every element does: one exempt image must not excuse the attacker's beside it. */
function fieldMatches(alert: Alert, field: string, patterns: readonly string[]): boolean {
  const [part = '', key = ''] = field.split('.');
  const holder: Readonly<Record<string, unknown>> =
    part === 'event' ? alert.event : part === 'actor' ? alert.actor : part === 'target' ? alert.target : alert.evidence;
  const value = Object.hasOwn(holder, key) ? holder[key] : undefined;
  const values = Array.isArray(value) ? value : [value];
  return (
    values.length > 0 &&
    values.every((one) => one !== undefined && patterns.some((pattern) => matchesWildcard(pattern, String(one))))
  );
}

function endedSuppressions(written: unknown, today: string): Fault[] {
  const { suppressions } = fieldsOf(written);
  return (Array.isArray(suppressions) ? suppressions : []).flatMap((each: unknown, index) => {
    const { until } = fieldsOf(each);
    const hasEnded = date.safeParse(until).success && String(until) < today;
    const message = `ended on ${until}: take the suppression out, or say until when it is to hold`;
    return hasEnded ? [{ path: ['suppressions', index, 'until'], message }] : [];
  });
}

/** Names that nothing has. */
function unknownNames(written: unknown, detectorIds: readonly string[]): Fault[] {
  const noDetector = (id: string, path: readonly PropertyKey[]): Fault => ({
    path,
    message: `no detector "${id}"${didYouMean(id, detectorIds)}`,
  });
  const { detectors, suppressions } = fieldsOf(written);
  return [
    ...Object.keys(fieldsOf(detectors))
      .filter((id) => !detectorIds.includes(id))
      .map((id) => noDetector(id, ['detectors', id])),
    ...(Array.isArray(suppressions) ? suppressions : []).flatMap((each: unknown, index) => {
      const { detectors, match } = fieldsOf(each);
      const patterns: readonly unknown[] = Array.isArray(detectors) ? detectors : [detectors];
      return [
        ...patterns.flatMap((id, position) =>
          typeof id !== 'string' || id === '' || detectorIds.some((known) => matchesWildcard(id, known))
            ? []
            : [noDetector(id, ['suppressions', index, 'detectors', position])],
        ),
        ...Object.keys(fieldsOf(match)).flatMap((field) => {
          const message = matchFieldFault(field);
          return message === undefined ? [] : [{ path: ['suppressions', index, 'match', field], message }];
        }),
      ];
    }),
  ];
}

function matchFieldFault(field: string): string | undefined {
  if ((MATCH_FIELDS as readonly string[]).includes(field) || /^evidence\.\w+$/.test(field)) return undefined;
  const [, name = field] = field.split('.');
  if (/^(?:userAgent|arn|sessionName|forwardedFor)$/.test(name))
    return 'the client chooses this, so that anybody could ask to be muted; actor.principalArn is whom it cannot choose';
  const meant = MATCH_FIELDS.find((known) => known.endsWith(`.${name}`));
  return `no such field${meant ? ` (did you mean "${meant}"?)` : didYouMean(field, MATCH_FIELDS)}; evidence.NAME is allowed too`;
}
