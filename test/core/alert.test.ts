import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Alert, alertSchema, MAX_ALERT_BYTES } from '../../core/alert.ts';
import { Incidents } from '../../core/incidents/incidents.ts';
import { MAX_TARGETS } from '../../core/incidents/targets.ts';
import { SEVERITIES, severityRank, worst } from '../../core/severity.ts';
import { alertOf } from '../support/build.ts';

const bytes = (alert: Alert) => Buffer.byteLength(JSON.stringify(alert));

const STEPS = [
  'kubectl -n {target.namespace} get pod {target.name} -o yaml',
  'kubectl auth can-i --list --as={actor.username}',
  'aws logs filter-log-events --filter-pattern {event.id}',
];

const hostile = fc.string({
  unit: fc.constantFrom(
    'a',
    '\u0000',
    '\u001b',
    '\u202e',
    '\ufeff',
    '\ud800',
    '\uffff',
    '"',
    '\\',
    "'",
    '$',
    '🙂',
    '\n',
    '<',
  ),
  maxLength: 3000,
});

describe('an alert', () => {
  it('is valid, inert and small enough whatever its event is made of', () => {
    const texts = fc.array(hostile, { maxLength: 80 });
    fc.assert(
      fc.property(hostile, texts, hostile, (one, many, other) => {
        const alert = alertOf(
          { title: one, dedup: many, evidence: { one, many, other }, severityReason: other },
          {
            auditID: one,
            requestURI: other,
            verb: one,
            user: { username: one, groups: many, extra: { arn: [other], sessionName: [one], accessKeyId: [other] } },
            impersonatedUser: { username: other, groups: many },
            sourceIPs: many,
            userAgent: other,
            objectRef: { resource: 'pods', namespace: one, name: other, subresource: one },
          },
          {
            origin: { logGroup: one, logStream: other, cluster: other, account: one, region: other },
            nextSteps: STEPS,
          },
        );
        expect(alertSchema.parse(alert)).toEqual(alert);
        expect(bytes(alert)).toBeLessThanOrEqual(MAX_ALERT_BYTES);
        expect(JSON.stringify(alert)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Noncharacter_Code_Point}]/u);
        expect(alert.title.length).toBeLessThanOrEqual(240);
        expect(JSON.parse(JSON.stringify(alert))).toEqual(alert);
      }),
      { numRuns: 60 },
    );
  });

  const huge = 'é"\\'.repeat(350_000);
  const list = Array.from({ length: 5000 }, (_, index) => `${index} ${'é'.repeat(5000)}`);

  it.each<[string, Parameters<typeof alertOf>]>([
    ['a list of 5,000', [{ evidence: { list } }]],
    ['a text of a megabyte', [{ evidence: { huge }, title: huge, severityReason: huge }]],
    [
      'twenty facts of both',
      [{ evidence: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i % 2 ? huge : list])) }],
    ],
    [
      'a thousand facts',
      [{ evidence: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, huge.slice(0, 999)])) }],
    ],
    [
      'everything in the event',
      [
        { evidence: { list } },
        {
          auditID: huge,
          requestURI: `/${huge}`,
          verb: huge,
          userAgent: huge,
          user: {
            username: huge,
            groups: list,
            extra: { arn: [huge], canonicalArn: [huge], accessKeyId: [huge], sessionName: [huge] },
          },
          impersonatedUser: { username: huge, groups: list },
          sourceIPs: list,
          objectRef: { resource: huge, subresource: huge, namespace: huge, name: huge },
        },
        { origin: { logGroup: huge, logStream: huge, cluster: huge, account: huge, region: huge }, nextSteps: STEPS },
      ],
    ],
  ])('stays under the limit with %s, also when its incident is told again', (_, args) => {
    const alert = alertOf(...args);
    expect(bytes(alert)).toBeLessThanOrEqual(MAX_ALERT_BYTES);
    expect(alertSchema.parse(alert)).toEqual(alert);
    const incidents = new Incidents(() => 3_600_000);
    for (let repeat = 0; repeat < 8; repeat++) incidents.fold({ ...alert, alertId: `${repeat}` });
    for (const rollUp of incidents.closeAll()) expect(bytes(rollUp)).toBeLessThanOrEqual(MAX_ALERT_BYTES);
  });

  it.each(['"', '€', '\u001b'])(
    'leaves room for what its incident adds, at every size, where names are of %j',
    (unit) => {
      const others = Array.from({ length: MAX_TARGETS + 1 }, (_, number) =>
        alertOf(
          {},
          {
            auditID: `${number}${unit.repeat(300)}`,
            objectRef: { resource: 'pods', namespace: `${10 + number}${unit.repeat(300)}` },
          },
        ),
      );
      for (let length = 600; length < 2000; length += 20) {
        const alert = alertOf(
          { evidence: { list: Array(50).fill('x'.repeat(length)) } },
          { auditID: unit.repeat(300), objectRef: { resource: 'pods', namespace: 'z', name: unit.repeat(300) } },
        );
        const incidents = new Incidents(() => 3_600_000);
        for (const one of [alert, ...others]) incidents.fold(one);
        const [rollUp, ...rest] = incidents.closeAll();
        expect(rest).toEqual([]);
        expect(rollUp?.incident).toMatchObject({ targets: { length: MAX_TARGETS }, moreTargets: true });
        expect(rollUp && bytes(rollUp)).toBeLessThanOrEqual(MAX_ALERT_BYTES);
      }
    },
  );

  it('has a title of one short line, however long a name in it is', () => {
    expect(alertOf({ title: `${'é'.repeat(1000)} did it\nand more` }).title).toMatch(/^é{220,}…\[\d+ more\]$/);
  });

  it('says where a list was cut, and marks evidence that was cut to fit', () => {
    const { evidence } = alertOf({ evidence: { names: Array(120).fill('a') } });
    expect(evidence).toEqual({ names: [...Array(50).fill('a'), '…[70 more]'] });
    const cut = alertOf({ evidence: { huge, list, count: 3 } });
    expect(cut.evidence).toMatchObject({ evidenceCut: true, count: 3 });
    expect(cut.evidence.list).toContain('…[4980 more]');
    expect(cut.title).toBe('alice deleted a pod');
    expect(alertOf({ evidence: { count: 3 } }).evidence).toEqual({ count: 3 });
  });

  it('keeps who, what and where whole when only the evidence is long', () => {
    const { actor, target, event } = alertOf({ evidence: { huge, list } });
    const { actor: plain, target: plainTarget, event: plainEvent } = alertOf();
    expect({ actor, target, event }).toEqual({ actor: plain, target: plainTarget, event: plainEvent });
  });

  it('leaves out facts that are absent, and writes numbers that JSON has no word for', () => {
    const { evidence } = alertOf({
      evidence: { none: undefined, no: false, zero: 0, wrong: Number.NaN, far: Infinity, list: [] },
    });
    expect(evidence).toEqual({ no: false, zero: 0, wrong: 'NaN', far: 'Infinity', list: [] });
  });

  it('links the runbook of its detector and splits tactic from technique', () => {
    const { detector } = alertOf();
    expect(detector.runbook).toBe('https://runbooks.example.com/k8s-audit/pod-deleted/runbook.md');
    expect(detector.mitre).toEqual([
      { tactic: 'TA0002', technique: 'T1609' },
      { tactic: 'TA0006', technique: 'T1552.007' },
    ]);
  });

  it('opens an incident of one', () => {
    expect(alertOf().incident).toEqual({
      state: 'opened',
      count: 1,
      firstSeen: '2026-03-01T10:00:00.000Z',
      lastSeen: '2026-03-01T10:00:00.000Z',
      sampleEventIds: ['5f0c2d3e-4b6a-4c1d-9e8f-a1b2c3d4e5f6'],
      targets: ['pods shop/web-0'],
    });
  });

  it.each<[object, string[] | undefined]>([
    [{ objectRef: { resource: 'secrets', namespace: 'shop' } }, ['secrets shop']],
    [{ objectRef: { resource: 'clusterroles', name: 'admin' } }, ['clusterroles admin']],
    [{ objectRef: { resource: 'secrets' } }, ['secrets']],
    [{ objectRef: undefined, requestURI: '/metrics?token=hunter2' }, ['/metrics']],
    [{ objectRef: undefined, requestURI: '' }, undefined],
    [
      { objectRef: { resource: 'pods', namespace: '\u001b[2J', name: 'x'.repeat(200) } },
      [`pods \\u{1b}[2J/${'x'.repeat(102)}…[98 more]`],
    ],
  ])('names its target in a short text that is as inert as the rest: %j', (fields, targets) => {
    expect(alertOf({}, fields).incident.targets).toEqual(targets);
  });

  it('keeps the group that may do everything, however many others somebody is in', () => {
    const many = [...Array.from({ length: 80 }, (_, number) => `team-${number}`), 'system:masters'];
    const fields = { user: { username: 'x', groups: many }, impersonatedUser: { username: 'y', groups: many } };
    for (const evidence of [{}, { huge: Array(50).fill('x'.repeat(5000)) }]) {
      const { actor } = alertOf({ evidence }, fields);
      expect(actor.groups?.slice(0, 3)).toEqual(['system:masters', 'team-0', 'team-1']);
      expect(actor.impersonatedGroups?.at(0)).toBe('system:masters');
    }
    expect(alertOf({}, { user: { username: 'x', groups: ['b', 'a'] } }).actor.groups).toEqual(['b', 'a']);
  });

  it('marks what the client could choose', () => {
    const fields = {
      sourceIPs: ['198.51.100.1', '203.0.113.7'],
      user: { username: 'x', extra: { arn: ['a'], sessionName: ['s'] } },
    };
    const { actor } = alertOf({}, fields);
    expect(actor).toMatchObject({ sourceIp: '203.0.113.7', forwardedFor: ['198.51.100.1'] });
    expect(actor.clientChosen).toEqual(['userAgent', 'sessionName', 'arn', 'forwardedFor']);
    expect(alertOf().actor.clientChosen).toEqual(['userAgent']);
  });

  it('keeps its dedup key while the problem and the place are the same', () => {
    const key = (dedup: readonly string[], cluster: string, fields = {}) =>
      alertOf({ dedup }, fields, { origin: { cluster } }).dedupKey;
    expect(key(['a'], 'prod', { auditID: 'x', verb: 'create' })).toBe(key(['a'], 'prod'));
    expect(key(['a'], 'prod')).not.toBe(key(['b'], 'prod'));
    expect(key(['a'], 'prod')).not.toBe(key(['a'], 'test'));
  });
});

describe('severities', () => {
  it('are ranked from info to critical', () => {
    expect(SEVERITIES.map(severityRank)).toEqual([0, 1, 2, 3, 4]);
    expect(SEVERITIES).toEqual(['info', 'low', 'medium', 'high', 'critical']);
    expect(worst('low', 'info', 'high', 'medium')).toBe('high');
    expect(worst('low')).toBe('low');
  });
});
