import { describe, expect, it } from 'vitest';
import { severityRank } from '../core/severity.ts';
import { EXPLAINED } from './support/quiet-day-explained.ts';
import { replayed } from './support/replayed.ts';

describe('an ordinary day', () => {
  it('raises no high or critical alert, and no other than those explained', async () => {
    const { alerts, counts } = await replayed(['samples/quiet-day']);
    expect(counts.records).toBeGreaterThanOrEqual(6000);
    expect(counts.quarantined).toBe(0);
    expect(
      alerts.filter(({ severity }) => severityRank(severity) >= severityRank('high')).map(({ title }) => title),
    ).toEqual([]);
    const raised = alerts.map(({ detector, severity, title }) => `${severity} ${detector.id}: ${title}`);
    expect(new Set(raised)).toEqual(new Set(Object.keys(EXPLAINED)));
  });
});
