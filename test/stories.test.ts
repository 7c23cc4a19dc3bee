import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

  it.each(stories)('%s: its page names for each step the detectors that tell of it, and no other', async (story) => {
    const folder = new URL(`../samples/stories/${story}/`, import.meta.url);
    const page = readFileSync(new URL('story.md', folder), 'utf8');
    const { alerts } = await replayed([`samples/stories/${story}`]);
    const steps = page.split('\n').filter((line) => line.startsWith('- **'));
    expect(steps.length).toBeGreaterThan(5);
    for (const step of steps) {
      const [happened = '', told = ''] = step.split(' Told by: ');
      const ids = happened.match(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g) ?? [];
      expect(ids.length, step).toBeGreaterThan(0);
      const telling = alerts.filter(({ incident }) => ids.some((id) => incident.sampleEventIds.includes(id)));
      const named = told === 'nothing today.' ? [] : told.match(/(?<=`)[^`, ]+(?=`)/g);
      expect(named?.toSorted(), step).toEqual([...new Set(telling.map(({ detector }) => detector.id))].sort());
    }
    expect(steps.some((step) => /Told by: `/.test(step))).toBe(true);
    // Ids in it are ids of detectors, and files in it are there.
    expect(page).not.toContain('Should wake');
    for (const [, file = ''] of page.matchAll(/`([\w.-]+\.(?:nd)?json)`/g))
      expect(existsSync(new URL(file, folder)), file).toBe(true);
  });
});
