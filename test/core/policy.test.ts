import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_POLICY,
  incidentWindowOf,
  MATCH_FIELDS,
  PolicyError,
  parsePolicy,
  suppressionOf,
} from '../../core/policy.ts';
import { alertOf, podDetector } from '../support/build.ts';

const IDS = [
  'k8s-audit/pod-deleted',
  'k8s-audit/pod-exec',
  'k8s-audit/rbac-role-changed',
  'cloudtrail/eks-access-entry',
];

const parse = (yaml: string) => parsePolicy(yaml, 'policy.yaml', IDS);

/** The lines of the message with which a policy is refused. */
function faults(yaml: string): string[] {
  try {
    parse(yaml);
  } catch (error) {
    if (error instanceof PolicyError) return error.message.split('\n');
    throw error;
  }
  return [];
}

/** A policy with one suppression, whose `match` is given; other fields may be replaced. */
function muting(match: string, { detectors = '"*"', until = '2026-12-31' } = {}): string {
  return `version: 1
suppressions:
  - detectors: ${detectors}
    match: {${match}}
    reason: reviewed with the platform team
    owner: platform@example.com
    until: ${until}
`;
}

describe('parsePolicy', () => {
  it('reads what a site may decide', () => {
    const policy = parse(`
version: 1
runbookBaseUrl: https://wiki.example.com/runbooks/
incidentWindow: 6h
detectors:
  k8s-audit/pod-exec: { severity: low, mode: off, incidentWindow: 30m }
suppressions:
  - detectors: [k8s-audit/pod-*, cloudtrail/eks-access-entry]
    match:
      actor.principalArn: arn:aws:iam::111122223333:role/ci-*
      target.namespace: [ci, ci-test]
    reason: reviewed with the platform team
    owner: platform@example.com
    until: 2026-12-31
`);
    expect(policy.runbookBaseUrl).toBe('https://wiki.example.com/runbooks');
    expect(policy.incidentWindow).toBe(6 * 3_600_000);
    expect(policy.detectors['k8s-audit/pod-exec']).toEqual({ severity: 'low', mode: 'off', incidentWindow: 1_800_000 });
    expect(policy.suppressions).toEqual([
      {
        detectors: ['k8s-audit/pod-*', 'cloudtrail/eks-access-entry'],
        match: {
          'actor.principalArn': ['arn:aws:iam::111122223333:role/ci-*'],
          'target.namespace': ['ci', 'ci-test'],
        },
        reason: 'reviewed with the platform team',
        owner: 'platform@example.com',
        until: '2026-12-31',
      },
    ]);
  });

  it('takes a policy that says nothing for the default', () => {
    expect(parse('version: 1')).toEqual(DEFAULT_POLICY);
  });

  it('names every fault at once, in the order of the file, each with line, field, reason and suggestion', () => {
    expect(
      faults(`version: 2
incidentWindow: 30
incidentWindw: 1h
runbookBaseUrl: ftp://files.example.com
detectors:
  k8s-audit/pod-exce:
    severity: hihg
  k8s-audit/pod-exec:
    mode: true
    serverity: high
  cloudtrail/eks-access-entry: high
suppressions:
  - detectors: [k8s-audit/*, k8s-audt/*]
    match:
      namespace: ci
      event.account: 012345678901
      target.name: "*"
    reason: ok
    owner:
    until: 2026-02-30
  - detectors: k8s-audit/pod-exec
    match: { actor.username: alice }
    owner: platform
    until: soon
  - just mute it
`),
    ).toEqual([
      'policy.yaml:1: version: expected 1, seen "2"',
      'policy.yaml:2: incidentWindow: expected a duration like 30m, 6h or 2d, seen "30"',
      'policy.yaml:3: incidentWindw: no such setting (did you mean "incidentWindow"?); there are version, runbookBaseUrl, incidentWindow, detectors, suppressions, logSources',
      'policy.yaml:4: runbookBaseUrl: expected an address like https://wiki.example.com/runbooks, seen "ftp://files.example.com"',
      'policy.yaml:6: detectors.k8s-audit/pod-exce: no detector "k8s-audit/pod-exce" (did you mean "k8s-audit/pod-exec"?)',
      'policy.yaml:7: detectors.k8s-audit/pod-exce.severity: expected info, low, medium, high, critical, seen "hihg" (did you mean "high"?)',
      'policy.yaml:9: detectors.k8s-audit/pod-exec.mode: expected on, shadow, off, seen "true"',
      'policy.yaml:10: detectors.k8s-audit/pod-exec.serverity: no such setting (did you mean "severity"?); there are severity, mode, incidentWindow',
      'policy.yaml:11: detectors.cloudtrail/eks-access-entry: expected names and values, seen "high"',
      'policy.yaml:13: suppressions.0.detectors.1: no detector "k8s-audt/*"',
      'policy.yaml:15: suppressions.0.match.namespace: no such field (did you mean "target.namespace"?); evidence.NAME is allowed too',
      'policy.yaml:16: suppressions.0.match.event.account.0: expected text in quotes, seen "012345678901"',
      'policy.yaml:17: suppressions.0.match.target.name.0: matches everything: leave it out, seen "*"',
      'policy.yaml:18: suppressions.0.reason: say why in a sentence, seen "ok"',
      'policy.yaml:19: suppressions.0.owner: say who answers for it',
      'policy.yaml:20: suppressions.0.until: expected a day like 2026-12-31, seen "2026-02-30"',
      'policy.yaml:21: suppressions.1.reason: say why in a sentence, but it is missing',
      'policy.yaml:22: suppressions.1.match: name at least two fields: one alone mutes more than was meant',
      'policy.yaml:24: suppressions.1.until: expected a day like 2026-12-31, seen "soon"',
      'policy.yaml:25: suppressions.2: expected names and values, seen "just mute it"',
    ]);
  });

  it.each([
    ['an empty file', '', 'policy.yaml:1: version: expected 1, but it is missing'],
    ['a list', '- version: 1', 'policy.yaml:1: the policy: expected names and values'],
    [
      'the same key twice',
      'version: 1\ndetectors: {}\ndetectors: {}',
      'policy.yaml:3: the key on this line was there before',
    ],
    ['two documents', 'version: 1\n---\nversion: 1', 'policy.yaml:2: a second document begins here; a policy is one'],
    [
      'an alias to nothing',
      'version: 1\ndetectors: *x',
      'policy.yaml:1: Unresolved alias (the anchor must be set before the alias): x',
    ],
    ['a tab', 'version: 1\ndetectors:\n\tx: 1', 'policy.yaml:3: '],
    ['an open bracket', 'version: 1\nsuppressions: [', 'policy.yaml:2: '],
    ['a list for a map', 'version: 1\ndetectors: [a]', 'policy.yaml:2: detectors: expected names and values'],
    ['a map for a list', 'version: 1\nsuppressions: {a: b}', 'policy.yaml:2: suppressions: expected a list'],
    [
      'no detectors',
      muting('actor.username: a, target.name: b', { detectors: '[]' }),
      'policy.yaml:3: suppressions.0.detectors: expected at least one',
    ],
    [
      'no values',
      muting('actor.username: [], target.name: b'),
      'policy.yaml:4: suppressions.0.match.actor.username: expected at least one',
    ],
    [
      'an empty value',
      muting('actor.username: "", target.name: b'),
      'policy.yaml:4: suppressions.0.match.actor.username.0: expected text in quotes, seen ""',
    ],
    [
      'a date with a time',
      muting('actor.username: a, target.name: b', { until: '2026-12-31T00:00:00Z' }),
      'policy.yaml:7: suppressions.0.until: expected a day like 2026-12-31',
    ],
    [
      'a wildcard for a setting',
      'version: 1\ndetectors:\n  "*": {mode: off}',
      'policy.yaml:3: detectors.*: no detector "*"',
    ],
  ])('refuses %s', (_, yaml, message) => {
    const [first = ''] = faults(yaml);
    expect(first.slice(0, message.length)).toBe(message);
  });

  it('refuses as fields what the client chooses, and says which to take', () => {
    for (const field of ['actor.userAgent', 'userAgent', 'actor.arn', 'actor.sessionName', 'actor.forwardedFor']) {
      expect(faults(muting(`${field}: x, target.name: b`))[0]).toMatch(/the client chooses this.*actor\.principalArn/);
    }
  });

  it('allows every field that it offers, and any evidence', () => {
    for (const field of [...MATCH_FIELDS, 'evidence.image', 'evidence.noSuchFact'])
      expect(faults(muting(`${field}: x, evidence.other: b`))).toEqual([]);
    expect(faults(muting('evidence.a.b: x, evidence.c: y'))).toHaveLength(1);
  });

  it('refuses any other text with a message, and throws nothing else', () => {
    const piece = fc.constantFrom(
      ...[
        'version: 1',
        '\n',
        '  ',
        '- ',
        'detectors:',
        'suppressions:',
        'match:',
        '{',
        '}',
        '[',
        ']',
        ': ',
        '"',
        '&a',
        '*a',
        '<<: ',
        '!!x',
        '|',
      ],
      ...['__proto__: ', 'constructor', 'until: 2026-12-31', '---', '#', '\t', '? '],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        for (const fault of faults(pieces.join(''))) expect(fault).toMatch(/^policy\.yaml:\d+: ./);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('suppressionOf', () => {
  const alert = (evidence = {}, fields = {}) => alertOf({ evidence }, fields);
  const mutes = (yaml: string, ...args: Parameters<typeof alert>) =>
    suppressionOf(parse(yaml), alert(...args)) !== undefined;

  it('mutes what fits in every field, and gives the suppression with its reason', () => {
    const policy = parse(muting('actor.username: alice, target.namespace: [ci, sh?p]'));
    expect(suppressionOf(policy, alert())).toBe(policy.suppressions[0]);
    expect(mutes(muting('actor.username: alice, target.namespace: ci'))).toBe(false);
    expect(mutes(muting('actor.username: bob, target.namespace: shop'))).toBe(false);
    expect(mutes(muting('actor.username: Alice, target.namespace: shop'))).toBe(false);
  });

  it('takes a detector by its id or a pattern of it', () => {
    const fits = 'actor.username: alice, target.namespace: shop';
    expect(mutes(muting(fits, { detectors: 'k8s-audit/pod-deleted' }))).toBe(true);
    expect(mutes(muting(fits, { detectors: 'k8s-audit/*' }))).toBe(true);
    expect(mutes(muting(fits, { detectors: '[cloudtrail/*, "*-deleted"]' }))).toBe(true);
    expect(mutes(muting(fits, { detectors: 'k8s-audit/pod-exec' }))).toBe(false);
    expect(mutes(muting(fits, { detectors: 'cloudtrail/*' }))).toBe(false);
  });

  it('needs every element of a list to fit, and a list to have elements', () => {
    const yaml = muting('actor.username: alice, evidence.images: ["ours/*", "also-ours/*"]');
    expect(mutes(yaml, { images: ['ours/a', 'also-ours/b'] })).toBe(true);
    expect(mutes(yaml, { images: 'ours/a' })).toBe(true);
    expect(mutes(yaml, { images: ['ours/a', 'evil/b'] })).toBe(false);
    expect(mutes(yaml, { images: [] })).toBe(false);
    expect(mutes(yaml, {})).toBe(false);
    expect(mutes(yaml, { images: Array(200).fill('ours/a') })).toBe(false);
  });

  it('compares numbers and truth values as they are written', () => {
    expect(mutes(muting('evidence.count: "3", evidence.privileged: "true"'), { count: 3, privileged: true })).toBe(
      true,
    );
    expect(mutes(muting('evidence.count: "3", evidence.privileged: "true"'), { count: 3, privileged: false })).toBe(
      false,
    );
  });

  it('is not fooled by what every object inherits', () => {
    expect(mutes(muting('evidence.constructor: "*Object*", evidence.toString: "*native*"'))).toBe(false);
  });

  it('ends with its last day, by the time of the event in UTC', () => {
    const yaml = muting('actor.username: alice, target.namespace: shop', { until: '2026-02-28' });
    const at = (time: string) => mutes(yaml, {}, { requestReceivedTimestamp: time });
    expect(at('2026-02-27T10:00:00.000000Z')).toBe(true);
    expect(at('2026-02-28T23:59:59.999999Z')).toBe(true);
    expect(at('2026-03-01T00:00:00.000000Z')).toBe(false);
    expect(at('2026-03-01T00:30:00.000000+01:00')).toBe(true);
    expect(at('2027-01-01T00:00:00Z')).toBe(false);
  });

  it('mutes nothing whose time is unknown, for it may have ended', () => {
    const timeless = { requestReceivedTimestamp: undefined, stageTimestamp: undefined };
    expect(mutes(muting('actor.username: alice, target.namespace: shop'), {}, timeless)).toBe(false);
  });
});

describe('logSources', () => {
  it('are cluster by cluster and trail by trail, with what silence is tolerated', () => {
    const { logSources } = parse(`version: 1
logSources:
  - { source: k8s-audit, account: "111122223333", region: eu-west-1, cluster: prod, silence: 20m }
  - { source: cloudtrail, account: "111122223333", region: us-gov-west-1 }
`);
    expect(logSources).toEqual([
      { source: 'k8s-audit', account: '111122223333', region: 'eu-west-1', cluster: 'prod', silence: 1_200_000 },
      { source: 'cloudtrail', account: '111122223333', region: 'us-gov-west-1' },
    ]);
    expect(DEFAULT_POLICY.logSources).toEqual([]);
  });

  it('names every fault of them', () => {
    expect(
      faults(`version: 1
logSources:
  - { source: k8s-audit, account: 111122223333, region: Ireland, cluster: prod }
  - { source: k8s-audit, account: "111122223333", region: eu-west-1 }
  - { source: cloudtrail, account: "111122223333", region: eu-west-1, cluster: prod }
  - { source: cloud-trail, account: "111122223333", region: eu-west-1 }
  - { source: cloudtrail, account: "111122223333", region: eu-west-1, silence: 1m }
  - { source: cloudtrail, account: "1111", region: eu-west-1, silent: 1h }
  - { source: k8s-audit, account: "111122223333", region: eu-west-1, cluster: "prod/../x" }
`),
    ).toEqual([
      'policy.yaml:3: logSources.0.account: expected twelve digits in quotes, seen "111122223333"',
      'policy.yaml:3: logSources.0.region: expected a region like eu-west-1, seen "Ireland"',
      'policy.yaml:4: logSources.1.cluster: an audit log is of a cluster, but it is missing',
      'policy.yaml:5: logSources.2.cluster: CloudTrail is of an account and region: leave it out, seen "prod"',
      'policy.yaml:6: logSources.3.source: expected k8s-audit, cloudtrail, seen "cloud-trail" (did you mean "cloudtrail"?)',
      'policy.yaml:7: logSources.4.silence: expected 5m or more, seen "1m"',
      'policy.yaml:8: logSources.5.account: expected twelve digits in quotes, seen "1111"',
      'policy.yaml:8: logSources.5.silent: no such setting (did you mean "silence"?); there are source, account, region, cluster, silence',
      'policy.yaml:9: logSources.6.cluster: expected the name of a cluster, seen "prod/../x"',
    ]);
    expect(
      faults(`version: 1
logSources:
  - { source: cloudtrail, account: "111122223333", region: eu-west-1 }
  - { source: cloudtrail, account: "111122223333", region: eu-west-1, silence: 6h }
`),
    ).toEqual(['policy.yaml:4: logSources.1: is there twice']);
  });
});

describe('incidentWindowOf', () => {
  it('is what the site says of the detector, else the detector, else the site in general', () => {
    const { detector } = podDetector('k8s-audit/pod-exec', () => undefined);
    const hour = 3_600_000;
    expect(incidentWindowOf(DEFAULT_POLICY, detector)).toBe(hour);
    expect(incidentWindowOf(parse('version: 1\nincidentWindow: 2d'), detector)).toBe(48 * hour);
    expect(incidentWindowOf(parse('version: 1\nincidentWindow: 2d'), { ...detector, incidentHours: 6 })).toBe(6 * hour);
    const said = parse('version: 1\ndetectors: {k8s-audit/pod-exec: {incidentWindow: 30m}}');
    expect(incidentWindowOf(said, { ...detector, incidentHours: 6 })).toBe(hour / 2);
  });
});
