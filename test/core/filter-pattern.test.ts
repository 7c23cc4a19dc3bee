import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Gzip } from '../../aws/decode.ts';
import { auditTraffic } from '../../bench/traffic.ts';
import { createEngine } from '../../core/engine.ts';
import { deliveriesOfValue } from '../../core/envelope.ts';
import {
  filterPatternOf,
  MAX_FILTER_PATTERN_LENGTH,
  PARTIAL_EVENT_PATTERN,
} from '../../core/k8s-audit/filter-pattern.ts';
import { auditEventSchema } from '../../core/k8s-audit/schema.ts';
import { type AuditWhen, k8sAudit } from '../../core/k8s-audit/source.ts';
import { k8sAuditDetectors } from '../../detectors/k8s-audit/index.ts';
import { hasTermOf, matchesFilterPattern } from '../support/filter-pattern.ts';
import { corpusCases, hasShared } from '../support/shared.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const enabled = k8sAuditDetectors.filter(({ detector }) => detector.mode !== 'off');
const whensOf = (detectors: typeof enabled) => detectors.map(({ detector }) => detector.when as AuditWhen);
const pattern = filterPatternOf(whensOf(enabled));
const engine = createEngine(k8sAudit, enabled);

/** By one of the two filters that a log group may have. */
function passes(pattern: string, event: object): boolean {
  return matchesFilterPattern(pattern, event) || hasTermOf(PARTIAL_EVENT_PATTERN, JSON.stringify(event));
}

/** The events of which the pattern would rob a detector. */
function robbed(events: Iterable<object>): string[] {
  return [...events].flatMap((event) => {
    const { data } = auditEventSchema.safeParse(event);
    if (!data || passes(pattern, event)) return [];
    return engine.judge(data).map(({ registered }) => `${registered.detector.id}: ${JSON.stringify(event)}`);
  });
}

function eventsIn(file: string): object[] {
  const bytes = readFileSync(`${root}${file}`);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const values = file.includes('.ndjson') ? text.trim().split('\n') : [text];
  return values
    .flatMap((value) => [...deliveriesOfValue(JSON.parse(value), {}, decodeBase64Gzip)])
    .flatMap((delivery) => (delivery.kind === 'record' && delivery.source === 'k8s-audit' ? [delivery.value] : []));
}

describe('the filter pattern of the detectors that are on', () => {
  it('fits, names what they want, and drops most of a cluster’s traffic', () => {
    expect(pattern.length).toBeLessThanOrEqual(MAX_FILTER_PATTERN_LENGTH);
    expect(pattern).toContain('^clusterrolebindings$');
    const events = [...auditTraffic('filter', 5000)];
    const passed = events.filter((event) => matchesFilterPattern(pattern, event));
    expect(passed.length / events.length).toBeLessThan(0.2);
  });

  it('robs no detector of an event of its own samples, the stories or the quiet day', () => {
    const files =
      '{detectors/k8s-audit/*/samples/*.json,samples/stories/*/events.ndjson,samples/quiet-day/k8s-audit.ndjson.gz}';
    const events = globSync(files, { cwd: root }).flatMap(eventsIn);
    expect(events.length).toBeGreaterThan(300);
    expect(robbed(events)).toEqual([]);
  });

  it('robs no detector of an event of a large cluster', () => {
    expect(robbed(auditTraffic('filter', 20_000))).toEqual([]);
  });

  it.skipIf(!hasShared)('robs no detector of an event of the corpora (skipped where ../shared is absent)', () => {
    const files = ['k8s-panther.jsonl', 'k8s-crowdsec.jsonl', 'k8s-stratus.jsonl', 'k8s-badpods.jsonl'];
    const cases = files.flatMap((file) => corpusCases(file));
    expect(cases.length).toBeGreaterThan(50);
    expect(robbed(cases.flatMap(({ event, events = [] }) => event ?? events))).toEqual([]);
  });
});

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const RESOURCES = ['pods', 'secrets', 'leases', 'roles', 'pods/exec', 'pods/status', 'nodes/status', 'nodes/proxy'];
const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });

const whens = fc.array(
  fc.record(
    {
      verbs: some(VERBS),
      resources: some(RESOURCES),
      outcomes: some(['succeeded', 'dry-run', 'denied', 'unauthenticated', 'rejected', 'failed'] as const),
      caller: fc.constantFrom('anonymous', 'nobody', 'impersonator'),
      partial: fc.constant(true as const),
    },
    { requiredKeys: [] },
  ),
  { minLength: 1, maxLength: 4 },
);

/** Events as an API server writes them: it leaves out what is empty, and says 403 with every denial. */
const events = fc
  .record({
    verb: fc.constantFrom(...VERBS),
    resource: fc.constantFrom(...RESOURCES, undefined),
    username: fc.constantFrom('alice', 'system:anonymous', undefined),
    impersonated: fc.boolean(),
    code: fc.constantFrom(101, 200, 201, 400, 401, 403, 404, 422, 500, undefined),
    isForbidden: fc.boolean(),
    isDryRun: fc.boolean(),
    isTruncated: fc.boolean(),
  })
  .map(({ verb, resource, username, impersonated, code, isForbidden, isDryRun, isTruncated }) => {
    const [kind, subresource] = resource?.split('/') ?? [];
    return {
      auditID: '5f0c2d3e-4b6a-4c1d-9e8f-a1b2c3d4e5f6',
      stage: 'ResponseComplete',
      requestURI: isDryRun ? '/api/v1/x?dryRun=All' : '/api/v1/x',
      verb,
      user: username ? { username } : {},
      ...(impersonated && { impersonatedUser: { username: 'bob' } }),
      ...(kind && { objectRef: { resource: kind, ...(subresource && { subresource }) } }),
      ...(isDryRun && verb.startsWith('delete') && { requestObject: { dryRun: ['All'] } }),
      ...(code && { responseStatus: { code } }),
      annotations: {
        ...(isTruncated && { 'audit.k8s.io/truncated': 'true' }),
        'authorization.k8s.io/decision': isForbidden && (code ?? 403) === 403 ? 'forbid' : 'allow',
      },
    };
  });

describe('the filter pattern of any detectors', () => {
  it('lets everything through that one of them would be given', () => {
    fc.assert(
      fc.property(whens, events, (whens, event) => {
        const parsed = auditEventSchema.parse(event);
        const answers = k8sAudit.answers(parsed);
        const isWanted = whens.some(
          (when) => k8sAudit.selects(when).some((key) => answers.includes(key)) && k8sAudit.admits(when, parsed),
        );
        expect(!isWanted || passes(filterPatternOf(whens), event)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });

  it('drops other streams only, where a detector wants what the language cannot tell', () => {
    expect(filterPatternOf([{ outcomes: ['succeeded'] }])).toBe('{$.auditID=*}');
    expect(matchesFilterPattern('{$.auditID=*}', { level: 'info', msg: 'from another stream' })).toBe(false);
  });

  it('names no resources where there are too many for it', () => {
    const many = Array.from({ length: 100 }, (_, place) => `resource${place}`);
    const short = filterPatternOf([{ verbs: ['create'], resources: many, outcomes: ['succeeded'] }]);
    expect(short).toBe('{($.objectRef.subresource NOT EXISTS&&$.verb="create")}');
  });

  it('holds no more than two regular expressions, which is what CloudWatch Logs takes', () => {
    fc.assert(
      fc.property(whens, (whens) => {
        expect(filterPatternOf(whens).split('%').length).toBeLessThanOrEqual(5);
      }),
    );
  });
});

describe('the pattern for partial events', () => {
  it('lets a line through that was cut, by the mark that stands for the rest', () => {
    expect(hasTermOf(PARTIAL_EVENT_PATTERN, '{"kind":"Event","auditID":"5f0c[Truncated...]')).toBe(true);
    expect(hasTermOf(PARTIAL_EVENT_PATTERN, '{"kind":"Event","auditID":"5f0c"}')).toBe(false);
  });
});
