import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../core/policy.ts';
import * as z from '../../core/zod.ts';
import { detectorIds } from '../../detectors/ids.ts';
import { parseSettings, SettingsError, settingsSchema } from '../../infra/settings.ts';
import { readSite } from '../../infra/site.ts';
import { LEAST, settingsFile, TODAY } from './synthesized.ts';

/** The lines of the message with which settings are refused. */
function faults(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split('\n');
    throw error;
  }
  return [];
}

const faultsOf = (yaml: string) => faults(() => parseSettings(yaml, 'settings.yaml'));

describe('parseSettings', () => {
  it('fills in what need not be said', () => {
    expect(parseSettings(LEAST, 'settings.yaml')).toEqual({
      version: 1,
      name: 'auditwire',
      account: '111122223333',
      region: 'eu-central-1',
      tags: {},
      clusters: ['prod-1'],
      everyCluster: false,
      sourceFilter: false,
      members: [],
      subscribers: [{ name: 'soc', email: 'soc@example.com', filter: {} }],
      operators: ['oncall@example.com'],
      logRetentionDays: 90,
      concurrency: { eksAudit: 50, cloudtrail: 10, publishAlerts: 5 },
    });
  });

  it('names every fault at once, in the order of the file, each with line, field, reason and suggestion', () => {
    expect(
      faultsOf(`version: 1
name: Audit_wire
account: 111122223333
region: eu-centrl-1
clustrs: [prod-1]
clusters: [prod-1, prod-2, prod-1]
members:
  - account: "222233334444"
  - account: "222233334444"
    clusters: [shop-1, shop-1]
  - account: "333344445555"
    everyCluster: true
    clusters: [shop-1]
subscribers:
  - name: soc
    email: nobody
  - name: soc
    sqs: siem-alerts
    https: https://events.example.com
    filter: { severty: [high], severity: high, tactic: [{ prefx: TA }] }
  - name: Pager
    http: https://events.example.com
cloudtrail:
  logGroup: trail
  eventBridge: true
operators: []
logRetentionDays: 31
concurrency: { eksAudit: 0 }
`),
    ).toEqual([
      'settings.yaml:2: name: expected a short name of letters, digits and hyphens, like auditwire, seen "Audit_wire"',
      'settings.yaml:3: account: expected twelve digits in quotes, like "111122223333", seen "111122223333"',
      'settings.yaml:4: region: expected a region of AWS, seen "eu-centrl-1" (did you mean "eu-central-1"?)',
      expect.stringMatching(
        /^settings\.yaml:5: clustrs: no such setting \(did you mean "clusters"\?\); there are version, /,
      ),
      'settings.yaml:6: clusters.2: a cluster of this account that was there before, seen "prod-1"',
      'settings.yaml:7: members: say which organization they belong to',
      'settings.yaml:8: members.0: name clusters, or say everyCluster: true',
      'settings.yaml:9: members.1.account: an account that was there before, seen "222233334444"',
      'settings.yaml:10: members.1.clusters.1: a cluster of this account that was there before, seen "shop-1"',
      'settings.yaml:12: members.2.everyCluster: every cluster and some of them would be delivered twice',
      'settings.yaml:16: subscribers.0.email: expected an address like soc@example.com, seen "nobody"',
      'settings.yaml:17: subscribers.1.name: a subscriber that was there before, seen "soc"',
      'settings.yaml:18: subscribers.1.sqs: expected an ARN like arn:aws:sqs:eu-central-1:111122223333:alerts, seen "siem-alerts"',
      'settings.yaml:20: subscribers.1.filter.severty: no such setting (did you mean "severity"?); there are severity, severityRank, detector, source, tactic, account, region, cluster, namespace, incidentState',
      'settings.yaml:20: subscribers.1.filter.severity: expected a list like [high, critical], seen "high"',
      'settings.yaml:20: subscribers.1.filter.tactic.0.prefx: no such setting (did you mean "prefix"?); there are prefix, suffix, anything-but, numeric, exists',
      'settings.yaml:21: subscribers.2.name: expected a short name, like soc-mail, seen "Pager"',
      'settings.yaml:21: subscribers.2: say one of email, sqs, lambda, https, chat',
      'settings.yaml:22: subscribers.2.http: no such setting (did you mean "https"?); there are name, email, sqs, lambda, https, chat, filter',
      'settings.yaml:23: cloudtrail: say one of logGroup, bucket, eventBridge: two would deliver everything twice',
      'settings.yaml:25: cloudtrail.eventBridge: EventBridge tells of this account only, and not of members',
      'settings.yaml:26: operators: say who is to know when Auditwire itself fails',
      expect.stringMatching(/^settings\.yaml:27: logRetentionDays: expected 30, .*, seen "31"/),
      'settings.yaml:28: concurrency.eksAudit: expected a number from 1, seen "0"',
    ]);
  });

  it('refuses a topic of another region than the deployment, and says nothing of it where the region is misspelt', () => {
    const trail =
      'cloudtrail: { bucket: { name: org-trail, account: "111122223333", announcedBy: topic, topic: "arn:aws:sns:us-east-1:111122223333:t" } }\n';
    expect(faultsOf(LEAST + trail).join()).toMatch(/cloudtrail\.bucket\.topic: .*expected one of eu-central-1/);
    const misspelt = faultsOf((LEAST + trail).replace('eu-central-1', 'eu-centrl-1'));
    expect(misspelt).toEqual([expect.stringContaining('did you mean "eu-central-1"?')]);
  });

  it.each([
    [
      'two ways at once for one subscriber',
      'email: a@example.com, https: "https://x.example.com"',
      'say one of email, sqs, lambda, https, chat',
    ],
    ['none', 'filter: {severity: [high]}', 'say one of email, sqs, lambda, https, chat'],
    [
      'six attributes',
      'email: a@example.com, filter: {severity: [a], source: [a], tactic: [a], account: [a], region: [a]}',
      'SNS filters by five attributes at most, and detector is always one of them',
    ],
  ])('refuses %s', (_, subscriber, fault) => {
    const yaml = LEAST.replace('email: soc@example.com', subscriber);
    expect(faultsOf(yaml)).toEqual([expect.stringContaining(fault)]);
  });

  it('takes one subscriber that is a chat channel, by the ids of its workspace and itself', () => {
    const withChat = (...channels: readonly string[]) =>
      faultsOf(
        LEAST.replace(
          /subscribers: .*/,
          `subscribers: [${channels.map((channel, place) => `{ name: chat-${place}, chat: ${channel} }`).join(', ')}]`,
        ),
      );
    expect(withChat('{ workspace: T0123ABCD, channel: C0123ABCD }')).toEqual([]);
    expect(withChat('{ workspace: example, channel: "#soc" }')).toEqual([
      'settings.yaml:6: subscribers.0.chat.workspace: expected the id of a Slack workspace, like T0123ABCD, seen "example"',
      'settings.yaml:6: subscribers.0.chat.channel: expected the id of a Slack channel, like C0123ABCD, seen "#soc"',
    ]);
    const [first, second] = ['C0123ABCD', 'C0456EFGH'].map((id) => `{ workspace: T0123ABCD, channel: ${id} }`);
    expect(withChat(first ?? '', second ?? '')).toEqual([
      expect.stringMatching(/^settings\.yaml:6: subscribers\.1\.chat: a second channel: alerts go to one/),
    ]);
  });

  it('refuses a deployment that would watch nothing', () => {
    const nothing = LEAST.replace('clusters: [prod-1]\n', '');
    expect(faultsOf(nothing)).toEqual([
      'settings.yaml:1: clusters: name clusters, members or cloudtrail: nothing would be watched',
    ]);
    expect(faultsOf(`${nothing}everyCluster: true\n`)).toEqual([]);
    expect(faultsOf(`${nothing}cloudtrail: { eventBridge: true }\n`)).toEqual([]);
  });

  it.each(['canary', 'operators'])('refuses a subscriber %s, whose queue is there already', (name) => {
    expect(faultsOf(LEAST.replace('name: soc', `name: ${name}`))).toEqual([
      `settings.yaml:6: subscribers.0.name: expected a short name, like soc-mail, seen "${name}"`,
    ]);
  });

  it('takes a topic with the trail’s bucket where it is what announces objects, and nowhere else', () => {
    const trail = (fields: string) => faultsOf(`${LEAST}cloudtrail: { bucket: { name: org-trail, ${fields} } }\n`);
    const topic = 'topic: "arn:aws:sns:eu-central-1:111122223333:trail"';
    expect(trail(`announcedBy: topic, ${topic}`)).toEqual([]);
    expect(trail('announcedBy: s3')).toEqual([]);
    expect(trail('announcedBy: topic')).toEqual([
      expect.stringContaining('cloudtrail.bucket.topic: a topic belongs to'),
    ]);
    expect(trail(`announcedBy: s3, ${topic}`)).toEqual([expect.stringContaining('cloudtrail.bucket.topic: a topic')]);
  });
});

interface Field {
  readonly name: string;
  readonly isRequired: boolean;
  readonly byDefault: unknown;
}

/** The fields that a schema ends in, by their paths. What subscribers filter by is one: SNS's own language. */
function fieldsOf(
  { properties, items, required = [] }: z.core.JSONSchema.BaseSchema,
  path: readonly string[],
): Field[] {
  if (typeof items === 'object' && !Array.isArray(items)) return fieldsOf(items, path);
  return Object.entries(properties ?? {}).flatMap(([key, schema]) => {
    const inside = typeof schema === 'object' && key !== 'filter' ? fieldsOf(schema, [...path, key]) : [];
    const byDefault = typeof schema === 'object' ? schema.default : undefined;
    return inside.length > 0
      ? inside
      : [{ name: [...path, key].join('.'), isRequired: required.includes(key), byDefault }];
  });
}

describe('docs/operating.md', () => {
  const guide = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const [, table = ''] = /^### Settings$[\s\S]*?^\| --- .*\n([\s\S]*?)\n\n/m.exec(guide) ?? [];
  const rows = table.split('\n').flatMap((row) => {
    const [, names = '', byDefault = '', says = ''] = row.split('|').map((cell) => cell.trim());
    return [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => ({ name, byDefault, says }));
  });
  const fields = fieldsOf(z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' }), []);

  it('says of every setting what it is, and of no other', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual(fields.map(({ name }) => name).sort());
    for (const { says } of rows) expect(says.length).toBeGreaterThan(5);
  });

  it('says what holds of a setting that is left out', () => {
    for (const { name, isRequired, byDefault } of fields) {
      const told = rows.find((row) => row.name === name)?.byDefault;
      if (isRequired) expect([name, told]).toEqual([name, '']);
      else if (typeof byDefault === 'number' || typeof byDefault === 'boolean')
        expect([name, told]).toEqual([name, String(byDefault)]);
      else expect([name, told]).not.toEqual([name, '']);
    }
  });
});

describe('the example', () => {
  const example = readFileSync('infra/policy.example.yaml', 'utf8');

  it('is read, on whatever day', () => {
    for (const today of [TODAY, '2027-11-21', '2099-01-01'])
      expect(faults(() => readSite('infra/auditwire.config.example.yaml', today))).toEqual([]);
  });

  it('expects the logs that its settings name, and those that they cannot name', () => {
    const { policy } = readSite('infra/auditwire.config.example.yaml', TODAY);
    const { logSources } = parsePolicy(policy, 'policy.yaml', detectorIds);
    expect(logSources.map(({ cluster, account, silence }) => [cluster ?? account, silence])).toEqual([
      ['prod-2', 2 * 3_600_000],
      ['payments-1', undefined],
      ['111122223333', undefined],
      ['prod-1', undefined],
      ['shop-1', undefined],
      ['shop-2', undefined],
    ]);
  });

  it('mutes nothing, and shows a suppression that would be accepted and ends within a year', () => {
    expect(parsePolicy(example, 'policy.yaml', detectorIds).suppressions).toEqual([]);
    const shown = example.replace(/^# (?=suppressions:$| {2})/gm, '');
    const [suppression, ...others] = parsePolicy(shown, 'policy.yaml', detectorIds, TODAY).suppressions;
    expect(others).toEqual([]);
    expect(suppression?.until).toBe('2027-03-31');
    expect(Date.parse(suppression?.until ?? '') - Date.parse(TODAY)).toBeLessThan(365 * 86_400_000);
  });
});

describe('readSite', () => {
  it('refuses a suppression that has ended, naming file, line and field', () => {
    const policy = `version: 1
suppressions:
  - detectors: k8s-audit/pod-exec
    match: { actor.username: alice, target.namespace: shop }
    reason: reviewed with the platform team
    owner: platform@example.com
    until: 2026-11-20
`;
    const file = settingsFile(`${LEAST}policy: policy.yaml\n`, policy);
    expect(faults(() => readSite(file, '2026-11-20'))).toEqual([]);
    expect(faults(() => readSite(file, '2026-11-21'))).toEqual([
      expect.stringMatching(
        /policy\.yaml:7: suppressions\.0\.until: ended on 2026-11-20: take the suppression out, or /,
      ),
    ]);
  });

  it('refuses a policy that the functions would refuse', () => {
    const file = settingsFile(`${LEAST}policy: policy.yaml\n`, 'version: 1\ndetectors:\n  k8s-audit/pod-exce: {}\n');
    expect(faults(() => readSite(file, TODAY))).toEqual([
      expect.stringMatching(
        /policy\.yaml:3: detectors\.k8s-audit\/pod-exce: no detector .*did you mean "k8s-audit\/pod-exec"/,
      ),
    ]);
  });

  it('refuses a file that is not there', () => {
    expect(faults(() => readSite('nowhere.yaml', TODAY))).toEqual([expect.stringContaining('nowhere.yaml')]);
    const file = settingsFile(`${LEAST}policy: nowhere.yaml\n`);
    expect(faults(() => readSite(file, TODAY))).toEqual([expect.stringContaining('nowhere.yaml')]);
  });

  it('refuses a runbook address that both files say', () => {
    const address = 'runbookBaseUrl: https://wiki.example.com\n';
    const file = settingsFile(`${LEAST}policy: policy.yaml\n${address}`, `version: 1\n${address}`);
    expect(faults(() => readSite(file, TODAY))).toEqual([expect.stringContaining('say it in one place')]);
  });

  it('gives the functions the policy, with the runbooks’ address and the log of every cluster that is named', () => {
    const policy = `version: 1
incidentWindow: 6h
logSources:
  - { source: k8s-audit, account: "111122223333", region: eu-central-1, cluster: prod-1, silence: 2h }
`;
    const settings = `${LEAST.replace('[prod-1]', '[prod-1, prod-2]')}policy: policy.yaml
runbookBaseUrl: https://wiki.example.com
organization: o-a1b2c3d4e5
members: [{ account: "222233334444", clusters: [shop-1] }]
`;
    const { incidentWindow, runbookBaseUrl, logSources } = parsePolicy(
      readSite(settingsFile(settings, policy), TODAY).policy,
      'policy.yaml',
      detectorIds,
    );
    expect({ incidentWindow, runbookBaseUrl }).toEqual({
      incidentWindow: 6 * 3_600_000,
      runbookBaseUrl: 'https://wiki.example.com',
    });
    expect(logSources.map(({ account, cluster, silence }) => [account, cluster, silence])).toEqual([
      ['111122223333', 'prod-1', 2 * 3_600_000],
      ['111122223333', 'prod-2', undefined],
      ['222233334444', 'shop-1', undefined],
    ]);
  });

  it('filters at the source by the detectors that the policy leaves on', () => {
    const filters = (policy: string) =>
      readSite(settingsFile(`${LEAST}policy: policy.yaml\nsourceFilter: true\n`, policy), TODAY).filterPatterns;
    expect(filters('version: 1\n').audit).not.toContain('podsecuritypolicies');
    expect(filters('version: 1\n').audit).toContain('^token$');
    const off = 'version: 1\ndetectors: { k8s-audit/serviceaccount-token-request: { mode: off } }\n';
    expect(filters(off).audit).not.toContain('^token$');
    expect(Object.keys(filters(off))).toEqual(['audit', 'partial']);
    expect(readSite(settingsFile(LEAST), TODAY).filterPatterns).toEqual({ audit: '' });
  });
});
