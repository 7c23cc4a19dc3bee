import { TRUNCATED } from './partial.ts';
import type { Outcome } from './request.ts';
import type { AuditWhen } from './source.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_SubscriptionFilter.html */
export const MAX_FILTER_PATTERN_LENGTH = 1024;

/**
 * Lets through events of which parts are missing: lines that were cut, which are no JSON any more and so match no pattern
 * for JSON, and those of which the API server left out the bodies.
 */
export const PARTIAL_EVENT_PATTERN = `?"[Truncated" ?"${TRUNCATED}"`;

/** Lets through every audit event, and none of the other logs of the control plane. */
export const AUDIT_EVENT_PATTERN = '{$.auditID=*}';

/** The API server says 403 with every denial. */
const DENIED = '$.responseStatus.code=403';
const FAILED = '$.responseStatus.code>=400';
/** A record without a status may be of anything. */
const WITHOUT_STATUS = '$.responseStatus.code NOT EXISTS';

/** Patterns cannot ask what an array contains; the API server gives an anonymous user this group and no other. */
const ANONYMOUS = ['$.user.username="system:anonymous"', '$.user.groups[0]="system:unauthenticated"'];

const CALLERS: Readonly<Record<NonNullable<AuditWhen['caller']>, readonly string[]>> = {
  anonymous: ANONYMOUS,
  nobody: [...ANONYMOUS, '$.user.username NOT EXISTS'],
  impersonator: ['$.impersonatedUser.username=*'],
};

const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);
/** Every kind has these, and controllers write them all the time: of these it matters whose they are. */
const COMMON_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'scale']);

/**
 * A CloudWatch Logs filter pattern that lets through every event that a detector with one of these `when` could fire on,
 * and drops most others. Partial events are {@link PARTIAL_EVENT_PATTERN}'s. It asks less than `when` does where the language, or {@link MAX_FILTER_PATTERN_LENGTH}, does not
 * allow more. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function filterPatternOf(whens: readonly AuditWhen[]): string {
  const wanted = wantedOf(whens);
  const patterns = wanted ? [patternOf(wanted, true), patternOf(wanted, false)] : [];
  return patterns.find(({ length }) => length <= MAX_FILTER_PATTERN_LENGTH) ?? AUDIT_EVENT_PATTERN;
}

/** What detectors want, taken apart into what is each enough. */
interface Wanted {
  /** Conditions that do not ask for the verb. */
  readonly others: Set<string>;
  readonly reads: Requests;
  readonly writes: Requests;
  /** Whatever the verb, and of whatever resource. */
  readonly subresources: Set<string>;
}

interface Requests {
  readonly verbs: Set<string>;
  readonly resources: Set<string>;
}

/** `undefined` if a detector wants what the language cannot tell from the rest. */
function wantedOf(whens: readonly AuditWhen[]): Wanted | undefined {
  const requests = (): Requests => ({ verbs: new Set(), resources: new Set() });
  const wanted: Wanted = { others: new Set(), reads: requests(), writes: requests(), subresources: new Set() };
  for (const { partial, caller, outcomes, verbs, resources } of whens) {
    if (partial) continue;
    if (caller) {
      for (const condition of CALLERS[caller]) wanted.others.add(condition);
      continue;
    }
    const mayBe = (outcome: Outcome) => outcomes?.includes(outcome) ?? true;
    const mayRead = verbs?.some((verb) => READS.has(verb)) ?? true;
    if (!mayBe('succeeded') && mayRead) {
      // Reads fail seldom, and what is read succeeds all the time.
      wanted.others.add(outcomes?.every((outcome) => outcome === 'denied') ? DENIED : FAILED).add(WITHOUT_STATUS);
      if (!mayBe('dry-run')) continue;
    }
    if (!resources) return undefined;
    for (const name of resources) {
      const [resource = '', subresource] = name.split('/');
      if (subresource && COMMON_SUBRESOURCES.has(subresource))
        wanted.others.add(`($.objectRef.subresource="${subresource}"&&$.objectRef.resource="${resource}")`);
      else if (subresource) wanted.subresources.add(subresource);
      else if (!verbs) return undefined;
      else addRequests(wanted, resource, mayBe('succeeded') ? verbs : verbs.filter((verb) => !READS.has(verb)));
    }
  }
  if (wanted.others.has(FAILED)) wanted.others.delete(DENIED);
  return wanted;
}

function addRequests({ reads, writes }: Wanted, resource: string, verbs: readonly string[]): void {
  for (const verb of verbs) {
    const requests = READS.has(verb) ? reads : writes;
    requests.verbs.add(verb);
    requests.resources.add(resource);
  }
}

function patternOf({ others, reads, writes, subresources }: Wanted, namesResources: boolean): string {
  const requests = [
    requestsOf(writes, namesResources && matches('$.objectRef.resource', writes.resources)),
    requestsOf(reads, namesResources && anyOf(equals('$.objectRef.resource', reads.resources))),
  ].filter((condition) => condition !== undefined);
  const conditions = [
    ...others,
    ...(subresources.size > 0 ? [matches('$.objectRef.subresource', subresources)] : []),
    ...(requests.length > 0 ? [`($.objectRef.subresource NOT EXISTS&&${anyOf(requests)})`] : []),
  ];
  return conditions.length === 0 ? AUDIT_EVENT_PATTERN : `{${conditions.join('||')}}`;
}

function requestsOf({ verbs }: Requests, resources: string | false): string | undefined {
  if (verbs.size === 0) return undefined;
  const verb = anyOf(equals('$.verb', verbs));
  return resources ? `(${verb}&&${resources})` : verb;
}

function equals(field: string, values: Iterable<string>): string[] {
  return [...values].map((value) => `${field}="${value}"`);
}

/** Shorter than {@link equals} for many values, but a pattern may hold two regular expressions only. */
function matches(field: string, values: Iterable<string>): string {
  return `${field}=%${[...values].map((value) => `^${value}$`).join('|')}%`;
}

function anyOf(conditions: readonly string[]): string {
  return conditions.length === 1 ? conditions.join() : `(${conditions.join('||')})`;
}
