import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../core/alert.ts';
import { type Findings, FindingsByProblem, findingsSchema, MAX_ALERT_IDS } from '../../core/findings.ts';
import { MAX_SAMPLES } from '../../core/incidents/incident.ts';
import { Incidents } from '../../core/incidents/incidents.ts';
import { closeIncident, NEW_PROBLEM, type Problem, takeIn } from '../../core/incidents/problem.ts';
import { MAX_TARGETS } from '../../core/incidents/targets.ts';
import { SEVERITIES, type Severity } from '../../core/severity.ts';
import { alertOf } from '../support/build.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 2, 1, 10);

/** An alert at a minute of the day; alerts with the same number are of the same event. */
function alertAt(minute: number, number = minute, severity: Severity = 'medium', dedup = 'alice'): Alert {
  const time = new Date(START + minute * 60_000).toISOString();
  return alertOf({ severity, dedup: [dedup] }, { auditID: `event-${number}`, requestReceivedTimestamp: time });
}

function gathered(...alerts: readonly Alert[]): Findings[] {
  const findings = new FindingsByProblem();
  for (const alert of alerts) findings.add(alert);
  return findings.all(() => HOUR_MS);
}

/** What is told when findings of one problem are taken in at these minutes, and its memory after that. */
function takenIn(...arrivals: readonly (readonly [minute: number, findings: Findings])[]) {
  let problem: Problem = NEW_PROBLEM;
  const told: Alert[] = [];
  for (const [minute, findings] of arrivals) {
    const step = takeIn(problem, findings, START + minute * 60_000);
    problem = step.problem;
    told.push(...step.told);
  }
  return { problem, told, incidents: told.map(({ incident }) => `${incident.state} ${incident.count}`) };
}

const arbitraryAlerts = fc
  .array(
    fc.record({
      minute: fc.integer({ min: 0, max: 300 }),
      severity: fc.constantFrom(...SEVERITIES),
      dedup: fc.constantFrom('alice', 'bob'),
    }),
    { maxLength: 40 },
  )
  .map((all) =>
    all
      .toSorted((a, b) => a.minute - b.minute)
      .map(({ minute, severity, dedup }, number) => alertAt(minute, number, severity, dedup)),
  );

describe('findings of one payload', () => {
  it('travel as one message for each problem, told by the first of the worst', () => {
    const all = [
      alertAt(3),
      alertAt(1, 1, 'high'),
      alertAt(2, 2, 'high'),
      alertAt(4, 4, 'low'),
      alertAt(5, 5, 'low', 'bob'),
    ];
    const [alice, bob, ...rest] = gathered(...all);
    expect(rest).toEqual([]);
    expect(alice?.alert.event.id).toBe('event-1');
    expect(alice?.alert.incident).toEqual({
      state: 'opened',
      count: 4,
      firstSeen: '2026-03-01T10:01:00.000Z',
      lastSeen: '2026-03-01T10:04:00.000Z',
      sampleEventIds: ['event-3', 'event-1', 'event-2', 'event-4'],
      targets: ['pods shop/web-0'],
    });
    expect(alice?.alertIds.length).toBe(4);
    expect(bob?.alert).toEqual(all[4]);
  });

  it('are counted once however often their event is in the payload', () => {
    const [findings] = gathered(alertAt(1), alertAt(1, 1, 'high'));
    expect(findings).toMatchObject({ alertIds: [alertAt(1).alertId], alert: { incident: { count: 1 } } });
  });

  it(`name up to ${MAX_ALERT_IDS} ids, and beyond that the alert's own and one made of all, whatever their order`, () => {
    const all = Array.from({ length: MAX_ALERT_IDS + 1 }, (_, number) => alertAt(number));
    expect(gathered(...all.slice(1))[0]?.alertIds.length).toBe(MAX_ALERT_IDS);
    const [flood] = gathered(...all);
    expect(flood?.alertIds.length).toBe(2);
    expect(flood?.alertIds[0]).toBe(flood?.alert.alertId);
    expect(flood?.alert.incident).toMatchObject({ count: all.length, sampleEventIds: { length: MAX_SAMPLES } });
    expect(gathered(...all.toReversed())[0]?.alertIds[1]).toBe(flood?.alertIds[1]);
  });

  it('keep every finding in exactly one message, in the form that stage 2 reads', () => {
    fc.assert(
      fc.property(arbitraryAlerts, (alerts) => {
        const messages = gathered(...alerts);
        expect(messages.reduce((sum, { alert }) => sum + alert.incident.count, 0)).toBe(alerts.length);
        for (const message of messages)
          expect(findingsSchema.parse(JSON.parse(JSON.stringify(message)))).toEqual(message);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the memory of a problem', () => {
  const single = (minute: number, number = minute, severity: Severity = 'medium') => {
    const [findings] = gathered(alertAt(minute, number, severity));
    if (!findings) throw new Error('no findings');
    return findings;
  };

  it('tells the first at once, repeats in a roll-up after the window, and the next as a new incident', () => {
    const { incidents } = takenIn([0, single(0)], [10, single(10)], [59, single(59)], [60, single(60)]);
    expect(incidents).toEqual(['opened 1', 'closed 3', 'opened 1']);
  });

  it('ends an incident without a word when everything about it was told', () => {
    const { problem } = takenIn([0, single(0)]);
    expect(closeIncident(problem, START + HOUR_MS - 1)).toEqual({ problem, told: [] });
    expect(closeIncident(problem, START + HOUR_MS)).toEqual({
      problem: { alertIds: problem.alertIds },
      told: [],
    });
  });

  it('tells a rise in severity at once, and the same severity no more', () => {
    const { incidents } = takenIn([0, single(0)], [1, single(1, 1, 'high')], [2, single(2, 2, 'high')]);
    expect(incidents).toEqual(['opened 1', 'escalated 2']);
  });

  it('is not changed by findings that it knows, also when their incident has ended', () => {
    const once = takenIn([0, single(0)]);
    expect(takenIn([0, single(0)], [5, single(0)]).problem).toEqual(once.problem);
    expect(takenIn([0, single(0)], [600, single(0)])).toMatchObject({ incidents: ['opened 1'] });
  });

  it('counts only what is new of a message that overlaps with others', () => {
    const [pair] = gathered(alertAt(0), alertAt(1));
    if (!pair) throw new Error('no findings');
    const { problem } = takenIn([0, single(0)], [1, pair], [2, pair]);
    expect(problem.incident?.sightings.count).toBe(2);
  });

  it('tells what is new in a message under an id that was not told before', () => {
    const [pair] = gathered(alertAt(0), alertAt(1));
    if (!pair) throw new Error('no findings');
    expect(pair.alert.alertId).toBe(alertAt(0).alertId);
    const { told } = takenIn([0, single(0)], [90, pair], [200, single(1)]);
    expect(told.map(({ alertId, incident }) => [alertId, incident.state, incident.count])).toEqual([
      [alertAt(0).alertId, 'opened', 1],
      [alertAt(1).alertId, 'opened', 1],
    ]);
  });

  it('says of findings one by one what a replay says of them', () => {
    fc.assert(
      fc.property(arbitraryAlerts, (alerts) => {
        const ofAlice = alerts.filter(({ dedupKey }) => dedupKey === alertAt(0).dedupKey);
        const replay = new Incidents(() => HOUR_MS);
        const replayed = [...ofAlice.flatMap((alert) => replay.fold(alert).told), ...replay.closeAll()];
        const arrivals = ofAlice.map((alert) => {
          const [findings] = gathered(alert);
          if (!findings) throw new Error('no findings');
          return [(Date.parse(alert.event.time ?? '') - START) / 60_000, findings] as const;
        });
        const { told, problem } = takenIn(...arrivals);
        expect([...told, ...closeIncident(problem, Infinity).told]).toEqual(replayed);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the targets of an incident', () => {
  /** An alert about the secrets of a namespace; alerts with the same number are of the same event. */
  const aboutSecretsOf = (namespace: string, number: number): Alert =>
    alertOf({}, { auditID: `event-${number}`, objectRef: { resource: 'secrets', namespace } });
  const targetsIn = (problem: Problem) => {
    const { targets, moreTargets } = problem.incident?.sightings ?? {};
    return { targets, moreTargets };
  };

  it('are all in its roll-up', () => {
    const namespaces = ['shop', 'argocd', 'kube-system', 'external-secrets', 'velero', 'shop'];
    const incidents = new Incidents(() => HOUR_MS);
    for (const [number, namespace] of namespaces.entries()) incidents.fold(aboutSecretsOf(namespace, number));
    const [rollUp] = incidents.closeAll();
    const named = ['argocd', 'external-secrets', 'kube-system', 'shop', 'velero'];
    expect(rollUp?.incident.targets).toEqual(named.map((namespace) => `secrets ${namespace}`));
    expect(rollUp?.incident).not.toHaveProperty('moreTargets');
    expect(rollUp?.target.namespace).toBe('shop');
  });

  it('are told with a rise in severity', () => {
    const incidents = new Incidents(() => HOUR_MS);
    incidents.fold(aboutSecretsOf('shop', 0));
    const worse = alertOf({ severity: 'high' }, { auditID: 'event-1' });
    expect(incidents.fold(worse).told[0]?.incident.targets).toEqual(['pods shop/web-0', 'secrets shop']);
  });

  it('are the same in whatever order and groups its findings come, and no more than it may name', () => {
    const sightings = fc.array(
      fc.record({ namespace: fc.integer({ min: 10, max: 40 }), lot: fc.nat(), message: fc.nat(9) }),
      { minLength: 1, maxLength: 60, size: 'max' },
    );
    fc.assert(
      fc.property(sightings, (all) => {
        const distinct = [...new Set(all.map(({ namespace }) => `secrets ${namespace}`))].sort();
        const expected = {
          targets: distinct.slice(0, MAX_TARGETS),
          moreTargets: distinct.length > MAX_TARGETS ? true : undefined,
        };
        const alerts = all.map((one, number) => ({ ...one, alert: aboutSecretsOf(`${one.namespace}`, number) }));
        const shuffled = alerts.toSorted((one, other) => one.lot - other.lot);
        const messages = [...Map.groupBy(shuffled, ({ message }) => message).values()].flatMap((together) =>
          gathered(...together.map(({ alert }) => alert)),
        );
        expect(targetsIn(takenIn(...messages.map((message) => [0, message] as const)).problem)).toEqual(expected);

        const replay = new Incidents(() => HOUR_MS);
        for (const { alert } of alerts) replay.fold(alert);
        const [last = alerts[0]?.alert] = replay.closeAll();
        expect(last?.incident).toMatchObject({ count: all.length, targets: expected.targets });
        expect(last?.incident.moreTargets).toBe(expected.moreTargets);
      }),
      { numRuns: 200 },
    );
  });

  it('are known to be more, whichever of two messages had more', () => {
    const [many] = gathered(
      ...Array.from({ length: MAX_TARGETS + 1 }, (_, number) => aboutSecretsOf(`${10 + number}`, number)),
    );
    const [one] = gathered(aboutSecretsOf('10', 99));
    if (!many || !one) throw new Error('no findings');
    for (const messages of [[one, many] as const, [many, one] as const]) {
      const { problem } = takenIn([0, messages[0]], [1, messages[1]]);
      expect(targetsIn(problem)).toMatchObject({ targets: { length: MAX_TARGETS }, moreTargets: true });
    }
  });

  it('are read where findings and an incident of before say nothing of them', () => {
    const unnamed = ({ incident: { targets: _, ...incident }, ...alert }: Alert): Alert => ({ ...alert, incident });
    const [old] = gathered(unnamed(aboutSecretsOf('shop', 0)), unnamed(aboutSecretsOf('argocd', 1)));
    const [recent] = gathered(aboutSecretsOf('velero', 2));
    if (!old || !recent) throw new Error('no findings');
    expect(old.alert.incident).not.toHaveProperty('targets');
    const read = findingsSchema.parse(JSON.parse(JSON.stringify(old)));
    const { problem } = takenIn([0, read]);
    const stored: Problem = JSON.parse(JSON.stringify(problem));
    expect(closeIncident(stored, Infinity).told).toEqual([]);
    const step = takeIn(stored, recent, START);
    expect(step.problem.incident?.sightings).toMatchObject({ count: 3, targets: ['secrets velero'] });
    expect(targetsIn(takenIn([0, recent], [1, read]).problem).targets).toEqual(['secrets velero']);
  });
});

describe('incidents of a recording', () => {
  it('account for every finding, and tell of all of them', () => {
    fc.assert(
      fc.property(arbitraryAlerts, fc.boolean(), (alerts, twice) => {
        const incidents = new Incidents(() => HOUR_MS);
        const findings = twice ? [...alerts, ...alerts] : alerts;
        const foldings = findings.map((alert) => incidents.fold(alert));
        const told = [...foldings.flatMap((folding) => folding.told), ...incidents.closeAll()];
        const alerted = told.filter(({ incident }) => incident.state !== 'closed').length;
        expect(alerted + foldings.filter(({ folded }) => folded).length).toBe(findings.length);

        // An incident begins with "opened"; the last that is told of it has the whole count.
        const counts = new Map<string, number>();
        let sum = 0;
        for (const { dedupKey, incident } of told) {
          if (incident.state === 'opened') sum += counts.get(dedupKey) ?? 0;
          counts.set(dedupKey, incident.count);
        }
        expect(sum + [...counts.values()].reduce((a, b) => a + b, 0)).toBe(alerts.length);
      }),
      { numRuns: 200 },
    );
  });
});
