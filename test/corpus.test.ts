import { describe, expect, it } from 'vitest';
import { decodeBase64Gzip } from '../aws/decode.ts';
import { detectors } from '../cli/detectors.ts';
import { deliveriesOfValue } from '../core/envelope.ts';
import { createPipeline } from '../core/pipeline.ts';
import { DISAGREEMENTS } from './support/disagreements.ts';
import { type CorpusCase, catalogueEntries, corpusCases, hasShared } from './support/shared.ts';

const FILES = {
  'k8s-panther.jsonl': 'k8s-audit',
  'k8s-crowdsec.jsonl': 'k8s-audit',
  'k8s-stratus.jsonl': 'k8s-audit',
  'k8s-badpods.jsonl': 'k8s-audit',
  'ct-panther.jsonl': 'cloudtrail',
  'ct-stratus.jsonl': 'cloudtrail',
  'ct-stratus-docs.jsonl': 'cloudtrail',
  'ct-streamalert.jsonl': 'cloudtrail',
  'ct-crowdsec.jsonl': 'cloudtrail',
} as const;

/** badPods names no rules: its manifests say what they carry. */
const BAD_PODS = ['privileged-container', 'host-pid', 'host-ipc', 'host-network', 'hostpath-sensitive'];

const covered = new Set(detectors.flatMap(({ detector }) => detector.covers));

function entriesOf({ peer, rule }: CorpusCase, source: string): string[] {
  if (peer === 'badpods') return BAD_PODS;
  return (catalogueEntries(source) ?? [])
    .filter(({ peers }) => Object.values(peers).flat().includes(rule))
    .map(({ id }) => id);
}

/** The detectors that raise an alert on the case: on its telling events where it says which those are. */
function firing({ event, events = [], indicative_index }: CorpusCase, entries: readonly string[]): string[] {
  const told = event ? [event] : indicative_index ? indicative_index.flatMap((index) => events[index] ?? []) : events;
  const pipeline = createPipeline({ detectors, all: true });
  const alerts = [...deliveriesOfValue(told, {}, decodeBase64Gzip)].flatMap((one) => pipeline.receive(one).outgoing);
  const answering = detectors.filter(({ detector }) => detector.covers.some((entry) => entries.includes(entry)));
  const ids = new Set<string>(alerts.map(({ alert }) => alert.detector.id));
  return answering.map(({ detector }) => detector.id).filter((id) => ids.has(id));
}

describe.skipIf(!hasShared)('the corpora of other systems (skipped where ../shared is absent)', () => {
  const disputed = new Set<string>();

  it.each(Object.entries(FILES))(
    '%s: agrees with every verdict, or the disagreement is written down',
    (file, source) => {
      const wrong: string[] = [];
      for (const one of corpusCases(file)) {
        const entries = entriesOf(one, source);
        if (one.mocks || !entries.some((entry) => covered.has(entry))) continue;
        const fires = firing(one, entries);
        if (fires.length > 0 === one.expected) continue;
        // A rule that stands for several entries may mean one that no detector answers for yet.
        if (one.expected && !entries.every((entry) => covered.has(entry))) continue;
        disputed.add(one.id);
        if (!DISAGREEMENTS[one.id])
          wrong.push(`${one.id}: expected ${one.expected ? 'an alert' : 'quiet'}, got ${fires.join(', ') || 'quiet'}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  it('has no disagreement written down that is none any more', () => {
    expect(Object.keys(DISAGREEMENTS).filter((id) => !disputed.has(id))).toEqual([]);
  });
});
