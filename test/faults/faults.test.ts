import { describe, expect, it } from 'vitest';
import { FAULTS } from '../support/fault.ts';
import { faultRun } from './fault-run.ts';

/** As much as a test may take; `npm run prove` runs more seeds over more events. */
const SEEDS = ['1', '2'];
const EVENTS = 10_000;

describe('with faults of every kind at once', () => {
  it.each(SEEDS)('nothing is lost, counted twice or unaccounted for (seed %s)', async (seed) => {
    const report = await faultRun(seed, EVENTS);
    expect(report.wrong, `seed ${seed}, ${EVENTS} events\n${report.trace.join('\n')}`).toEqual([]);
    for (const fault of FAULTS) expect(report.faults[fault] ?? 0, fault).toBeGreaterThan(0);
    expect(report.problems).toBeGreaterThan(200);
    expect(report.findings).toBeGreaterThan(report.problems);
    expect(report.repeats).toBeGreaterThan(0);
  });
});
