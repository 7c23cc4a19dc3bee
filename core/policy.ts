import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import type { Alert } from './alert.ts';
import { type Detector, MODES } from './detector.ts';
import { cut, inert } from './inert.ts';
import { didYouMean } from './nearest.ts';
import { SEVERITIES } from './severity.ts';
import { matchesWildcard } from './wildcard.ts';

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

const filled = (wanted: string) => z.string({ error: wanted }).min(1, { error: wanted, abort: true });

/** A list that may be written as its only element. */
const oneOrMore = <T extends z.ZodType<string>>(element: T) =>
  z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(element).min(1, 'expected at least one'));

const pattern = filled('expected text in quotes').regex(/[^*?]/, 'matches everything: leave it out');

const EXPECTED_DATE = 'expected a day like 2026-12-31';
const date = filled(EXPECTED_DATE).refine((value) => {
  const time = Date.parse(`${value}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}, EXPECTED_DATE);

const suppression = z.strictObject({
  detectors: oneOrMore(filled('expected the id of a detector, or a pattern like "k8s-audit/rbac-*"')),
  match: z
    .record(z.string(), oneOrMore(pattern), { error: 'expected fields and what they hold, like target.namespace: ci' })
    .refine((match) => Object.keys(match).length >= 2, 'name at least two fields: one alone mutes more than was meant'),
  reason: filled('say why in a sentence').min(10, 'say why in a sentence'),
  owner: filled('say who answers for it'),
  until: date,
});

const EXPECTED_DURATION = 'expected a duration like 30m, 6h or 2d';
const duration = z
  .string({ error: EXPECTED_DURATION })
  .regex(/^[1-9]\d{0,3}[mhd]$/, EXPECTED_DURATION)
  .transform((value) => Number.parseInt(value, 10) * DURATION_MS[value.at(-1) as keyof typeof DURATION_MS]);

const override = z.strictObject({
  severity: z.enum(SEVERITIES).optional(),
  mode: z.enum(MODES).optional(),
  incidentWindow: duration.optional(),
});

const policySchema = z.strictObject({
  version: z.literal(1),
  runbookBaseUrl: z
    .url({ protocol: /^https?$/, error: 'expected an address like https://wiki.example.com/runbooks' })
    .transform((url) => url.replace(/\/+$/, ''))
    .default(DEFAULT_RUNBOOK_BASE_URL),
  incidentWindow: duration.default(HOUR_MS),
  detectors: z.record(z.string(), override).default({}),
  suppressions: z.array(suppression).default([]),
});

/** What a site decided: which detectors are on, how bad their findings are, and which findings it chose not to send. */
export type Policy = z.infer<typeof policySchema>;
export type Suppression = Policy['suppressions'][number];

/** A policy that cannot be used. The message has a line for every fault: file, line, field, what is wrong. */
export class PolicyError extends Error {
  override name = 'PolicyError';
}

/** The policy of a site that has written none. */
export const DEFAULT_POLICY: Policy = policySchema.parse({ version: 1 });

/** Reads a policy; throws a {@link PolicyError} that names every fault. `file` is for its messages. */
export function parsePolicy(yaml: string, file: string, detectorIds: readonly string[]): Policy {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const fail = (faults: readonly { readonly offset: number; readonly message: string }[]) => {
    const inOrder = [...faults].sort((a, b) => a.offset - b.offset);
    return new PolicyError(
      inOrder.map(({ offset, message }) => `${file}:${lines.linePos(offset).line}: ${inert(message)}`).join('\n'),
    );
  };
  if (document.errors.length > 0) {
    throw fail(
      document.errors.map(({ code, message, pos }) => ({ offset: pos[0], message: YAML_FAULTS[code] ?? message })),
    );
  }

  const written = contentOf(document);
  if ('fault' in written) throw fail([{ offset: 0, message: written.fault }]);
  const parsed = policySchema.safeParse(written.value);
  const faults = [
    ...(parsed.error?.issues.flatMap((issue) => faultsOf(issue, document)) ?? []),
    ...unknownNames(written.value, detectorIds),
  ];
  if (!parsed.success || faults.length > 0) {
    throw fail(
      faults.map(({ path, message }) => ({
        offset: offsetOf(document, path),
        message: `${fieldOf(path)}: ${message}`,
      })),
    );
  }
  return parsed.data;
}

const YAML_FAULTS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'the key on this line was there before',
  MULTIPLE_DOCS: 'a second document begins here; a policy is one',
};

/** What a document says; not every one can be told: aliases may lead nowhere, or to more than memory holds. */
function contentOf(document: Document): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: document.toJS() ?? {} };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

/** For how many milliseconds repeats of one problem fold: what the site says of the detector, the detector, the site. */
export function incidentWindowOf(policy: Policy, { id, incidentHours }: Detector): number {
  const own = incidentHours === undefined ? policy.incidentWindow : incidentHours * HOUR_MS;
  return policy.detectors[id]?.incidentWindow ?? own;
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

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Names that nothing has, looked for in whatever was written, so that no other fault hides them. */
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

function faultsOf(issue: z.core.$ZodIssue, document: Document): Fault[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(
      (path[0] === 'detectors' ? override : path[0] === 'suppressions' ? suppression : policySchema).shape,
    );
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `no such setting${didYouMean(key, known)}; there are ${known.join(', ')}`,
    }));
  }
  const node = nodeAt(document, path);
  const seen = isScalar(node) && node.value !== null ? (node.source ?? String(node.value)) : undefined;
  const message =
    issue.code === 'invalid_value'
      ? `expected ${issue.values.join(', ')}`
      : issue.code === 'invalid_type'
        ? issue.message
            .replace(/^Invalid input: expected (?:object|record), .*/, 'expected names and values')
            .replace(/^Invalid input: expected array, .*/, 'expected a list')
        : issue.message;
  if (seen === undefined) return [{ path, message: node === undefined ? `${message}, but it is missing` : message }];
  const meant = issue.code === 'invalid_value' ? didYouMean(seen, issue.values.map(String)) : '';
  return [{ path, message: `${message}, seen "${cut(seen, 80)}"${meant}` }];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function fieldOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the policy' : path.map(String).join('.');
}

/** The node that was written at a path; a list's only element may stand in the list's place. */
function nodeAt(document: Document, path: readonly PropertyKey[]): unknown {
  const node: unknown = document.getIn(path, true);
  const holder: unknown = document.getIn(path.slice(0, -1), true);
  return node === undefined && isScalar(holder) ? holder : node;
}

/** Where a field, or the nearest part of its path that was written, begins in the file. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const holder: unknown = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const node: unknown = isMap(holder)
      ? holder.items.find(({ key }) => isScalar(key) && key.value === last)?.key
      : isSeq(holder) && holder.items[Number(last)];
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}
