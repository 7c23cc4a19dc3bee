import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { detectors } from '../cli/detectors.ts';
import { replayed } from './support/replayed.ts';

interface Step {
  readonly id: string;
  readonly what: string;
  readonly covers: readonly string[];
}

const labels = new URL('stories/', import.meta.url);
const stories = readdirSync(labels).map((file) => file.replace('.json', ''));

const covered = new Set(detectors.flatMap(({ detector }) => detector.covers));

describe('the attack stories', () => {
  it.each(stories)('%s: every step for which a detector answers is told by one that does', async (story) => {
    const steps: Step[] = JSON.parse(readFileSync(new URL(`${story}.json`, labels), 'utf8'));
    const { alerts, counts } = await replayed([`samples/stories/${story}`]);
    expect(counts.quarantined).toBe(0);
    // Steps for which no detector answers yet are told in the story, and bind as soon as one does.
    const binding = steps.filter(({ covers }) => covers.some((entry) => covered.has(entry)));
    expect(binding.length).toBeGreaterThan(0);
    const missed = binding.filter(({ id, covers }) => {
      const told = alerts
        .filter(({ incident }) => incident.sampleEventIds.includes(id))
        .map((alert) => alert.detector.id);
      return !detectors.some(
        ({ detector }) => told.includes(detector.id) && detector.covers.some((entry) => covers.includes(entry)),
      );
    });
    expect(missed.map(({ what, covers }) => `${what} (${covers.join(', ')})`)).toEqual([]);
  });
});
