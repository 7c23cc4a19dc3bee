import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegisteredDetector } from '../../core/detector.ts';
import { createPipeline, type PipelineOptions } from '../../core/pipeline.ts';
import { parsePolicy } from '../../core/policy.ts';
import { type Delivery, quarantined } from '../../core/record.ts';
import { auditRecord, podDetector } from '../support/build.ts';

const says = (title: string) => () => ({ title, dedup: [title], evidence: {} });
const quiet = podDetector('k8s-audit/quiet', () => undefined);
const loud = podDetector('k8s-audit/loud', says('loud'));
const crashing = podDetector('k8s-audit/crashing', (event) => {
  if (event.user.username === 'mallory') throw new Error(`cannot judge ${event.user.username}`);
  return undefined;
});
const choosy = podDetector('k8s-audit/choosy', (event) => (event.user.username === 'bob' ? says('bob')() : undefined));
const last = podDetector('k8s-audit/last', says('last'));
const shadowy: RegisteredDetector = {
  ...loud,
  detector: { ...loud.detector, id: 'k8s-audit/shadowy', mode: 'shadow' },
};
const resting: RegisteredDetector = { ...loud, detector: { ...loud.detector, id: 'k8s-audit/resting', mode: 'off' } };

const record = (fields: object = {}): Delivery => ({
  kind: 'record',
  source: 'k8s-audit',
  value: auditRecord(fields),
  origin: {},
});
const by = (username: string) => record({ user: { username } });

/** What became of one delivery: the detectors whose alerts go out, those muted and by what, and the quarantine. */
function outcome(options: PipelineOptions, delivery: Delivery) {
  const { outgoing, quarantined } = createPipeline(options).receive(delivery);
  return {
    sent: outgoing.filter(({ muted }) => !muted).map(({ alert }) => alert.detector.id.replace('k8s-audit/', '')),
    muted: outgoing.filter(({ muted }) => muted).map(({ alert }) => alert.detector.id.replace('k8s-audit/', '')),
    quarantined: quarantined.map(({ reason }) => reason),
  };
}

const policy = (yaml: string, ...detectors: readonly RegisteredDetector[]) =>
  parsePolicy(
    `version: 1\n${yaml}`,
    'policy.yaml',
    detectors.map(({ detector }) => detector.id),
  );

describe('a pipeline', () => {
  it('accounts for every delivery, whatever comes in whatever order', () => {
    const delivery = fc.oneof(
      fc.constantFrom(by('alice'), by('bob'), by('mallory'), record({ objectRef: { resource: 'nodes' } })),
      fc.constant<Delivery>({ kind: 'control', what: 'cloudwatch-logs-control', origin: {} }),
      fc.constant<Delivery>(quarantined('not-json', 'not JSON', {})),
      fc.jsonValue().map((value) => record({ user: value })),
      fc.jsonValue().map((value) => record({ requestObject: value, objectRef: value, annotations: value })),
      fc
        .jsonValue()
        .map((value): Delivery => ({ kind: 'record', source: 'cloudtrail', value: { ...Object(value) }, origin: {} })),
    );
    fc.assert(
      fc.property(fc.array(delivery, { maxLength: 30 }), (deliveries) => {
        const pipeline = createPipeline({
          detectors: [quiet, crashing, choosy],
          wants: ({ actor }) => actor.username !== 'alice',
        });
        const verdicts = deliveries.map((one) => pipeline.receive(one));
        const { records, quiet: silent, found, quarantined: bad, control, skipped, findings } = pipeline.counts;
        expect(records).toBe(deliveries.length);
        expect(silent + found + bad + control + skipped).toBe(records);
        expect(found).toBe(
          verdicts.filter(({ outgoing, quarantined }) => outgoing.length > 0 && quarantined.length === 0).length,
        );
        expect(findings).toBe(verdicts.flatMap(({ outgoing }) => outgoing).length);
        expect(bad).toBe(verdicts.filter(({ quarantined }) => quarantined.length > 0).length);
      }),
      { numRuns: 300 },
    );
  });

  it('quarantines a crash, and lets the neighbours speak', () => {
    expect(outcome({ detectors: [loud, crashing, last] }, by('mallory'))).toEqual({
      sent: ['loud', 'last'],
      muted: [],
      quarantined: ['detector-crashed'],
    });
  });

  it('names in a crash the detector and the place, and nothing of the event', () => {
    const { quarantined } = createPipeline({ detectors: [crashing] }).receive(by('mallory'));
    expect(quarantined[0]?.detail).toMatch(/^k8s-audit\/crashing: Error/);
    expect(JSON.stringify(quarantined)).not.toContain('mallory');
  });

  it.each<[string, unknown]>([
    ['throws nothing that is an error', undefined],
    ['throws null', null],
  ])('survives a detector that %s', (_, thrown) => {
    const rude = podDetector('k8s-audit/rude', () => {
      throw thrown;
    });
    expect(outcome({ detectors: [rude, last] }, by('alice'))).toEqual({
      sent: ['last'],
      muted: [],
      quarantined: ['detector-crashed'],
    });
  });

  it('quarantines a record that is no event of its source, saying what was wanted', () => {
    const { quarantined } = createPipeline({ detectors: [loud] }).receive(record({ user: 'alice' }));
    expect(quarantined).toEqual([
      {
        kind: 'quarantined',
        reason: 'schema-mismatch',
        detail: expect.stringMatching(/^k8s-audit event: user: /),
        origin: {},
      },
    ]);
  });

  it('asks detectors that are on, counts those in shadow, and leaves those that are off alone', () => {
    const detectors = [loud, shadowy, resting];
    expect(outcome({ detectors }, by('alice'))).toEqual({ sent: ['loud'], muted: ['shadowy'], quarantined: [] });
    expect(outcome({ detectors, all: true }, by('alice')).sent).toEqual(['loud', 'shadowy', 'resting']);
    const reversed = policy(
      'detectors: {k8s-audit/loud: {mode: off}, k8s-audit/shadowy: {mode: on}, k8s-audit/resting: {mode: shadow}}',
      ...detectors,
    );
    expect(outcome({ detectors, policy: reversed }, by('alice'))).toEqual({
      sent: ['shadowy'],
      muted: ['resting'],
      quarantined: [],
    });
  });

  it('sets a severity as policy says, and tells the reader', () => {
    const [outgoing] = createPipeline({
      detectors: [loud],
      policy: policy('detectors: {k8s-audit/loud: {severity: critical}}', loud),
    }).receive(by('alice')).outgoing;
    expect(outgoing?.alert.severity).toBe('critical');
    expect(outgoing?.alert.severityReason).toBe('set to critical by policy, judged medium');
  });

  it('gives a muted alert with the suppression that mutes it, and counts it as found', () => {
    const muting = policy(
      `suppressions:
  - detectors: k8s-audit/loud
    match: {actor.username: alice, target.namespace: shop}
    reason: reviewed with the platform team
    owner: platform@example.com
    until: 2026-12-31`,
      loud,
    );
    const pipeline = createPipeline({ detectors: [loud], policy: muting });
    expect(pipeline.receive(by('alice')).outgoing).toMatchObject([{ muted: { owner: 'platform@example.com' } }]);
    expect(pipeline.receive(by('bob')).outgoing).toMatchObject([{ alert: { title: 'loud' } }]);
    expect(pipeline.receive(by('bob')).outgoing[0]).not.toHaveProperty('muted');
    expect(pipeline.counts).toMatchObject({ found: 3, findings: 3, quiet: 0 });
  });

  it('gives one event the same alert ids at every stage, and another event others', () => {
    const pipeline = createPipeline({ detectors: [loud, last] });
    const ids = (fields: object) => pipeline.receive(record(fields)).outgoing.map(({ alert }) => alert.alertId);
    const opened = ids({ stage: 'ResponseStarted' });
    expect(ids({ stage: 'ResponseComplete', stageTimestamp: '2026-03-01T11:00:00.000000Z' })).toEqual(opened);
    expect(new Set(opened).size).toBe(2);
    expect(ids({ auditID: 'another' })).not.toEqual(opened);
    expect(ids({ requestURI: '/api/v1/namespaces/shop/pods/web-1' })).not.toEqual(opened);
  });
});
