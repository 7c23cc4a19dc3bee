import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { decodeBase64Gzip } from '../aws/decode.ts';
import { type Alert, alertSchema } from '../core/alert.ts';
import type { Detector, RegisteredDetector } from '../core/detector.ts';
import { deliveriesOf } from '../core/envelope.ts';
import { LOG_SOURCE_IDS } from '../core/log-sources/log-source.ts';
import { holesOf } from '../core/next-steps.ts';
import { createPipeline } from '../core/pipeline.ts';
import { parsePolicy } from '../core/policy.ts';
import { SEVERITIES } from '../core/severity.ts';
import type { Source } from '../core/source.ts';
import { SOURCE_IDS, sources } from '../core/sources.ts';
import { nextStepsIn, RUNBOOK_HEADINGS, sectionsOf } from '../scripts/runbook.ts';
import { catalogueEntries, hasShared } from './support/shared.ts';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

const folders = SOURCE_IDS.flatMap((source) =>
  readdirSync(new URL(`detectors/${source}/`, root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${source}/${entry.name}`),
);

async function load(id: string): Promise<RegisteredDetector> {
  const module: { default: Detector } = await import(new URL(`detectors/${id}/detector.ts`, root).href);
  return { detector: module.default, nextSteps: nextStepsIn(read(`detectors/${id}/runbook.md`)) };
}

function samplesOf(id: string, prefix: 'fires-' | 'quiet-'): string[] {
  const folder = new URL(`detectors/${id}/samples/`, root);
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  return files.filter((file) => file.startsWith(prefix)).map((file) => `detectors/${id}/samples/${file}`);
}

/** What the detector says of a sample through the real recognition, schema, index and alert. */
function alertsOn(registered: RegisteredDetector, sample: string): Alert[] {
  const pipeline = createPipeline({ detectors: [registered], all: true });
  const origin = { cluster: 'prod', account: '111122223333', region: 'eu-west-1', logGroup: '/aws/eks/prod/cluster' };
  const verdicts = [...deliveriesOf(read(sample), origin, decodeBase64Gzip)].map((delivery) =>
    pipeline.receive(delivery),
  );
  expect(verdicts.flatMap(({ quarantined }) => quarantined)).toEqual([]);
  expect(pipeline.counts.records).toBe(1);
  return verdicts.flatMap(({ outgoing }) => outgoing.map(({ alert }) => alert));
}

/** The index keys that the fires- samples answer to. */
function reachedKeys(registered: RegisteredDetector): Set<string> {
  const source: Source<unknown, unknown> = sources[registered.detector.source] as never;
  return new Set(
    samplesOf(registered.detector.id, 'fires-').flatMap((sample) => {
      const [delivery] = deliveriesOf(read(sample), {}, decodeBase64Gzip);
      return delivery?.kind === 'record' ? source.answers(source.schema.parse(delivery.value)) : [];
    }),
  );
}

describe.each(folders)('%s', (id) => {
  it('declares itself as its folder says, with known severities, techniques and covers', async () => {
    const { detector } = await load(id);
    expect(detector.id).toBe(id);
    expect(detector.source).toBe(id.split('/')[0]);
    expect(SEVERITIES).toContain(detector.severity);
    expect(detector.mitre.length).toBeGreaterThan(0);
    for (const technique of detector.mitre) expect(technique).toMatch(/^TA\d{4}:T\d{4}(\.\d{3})?$/);
    // That a log is silent is an entry of the log's own.
    const catalogues = detector.source === 'auditwire' ? LOG_SOURCE_IDS : [detector.source];
    const entries = catalogues.flatMap((source) => catalogueEntries(source) ?? []);
    if (hasShared) for (const entry of detector.covers) expect(entries.map(({ id }) => id)).toContain(entry);
  });

  it('fires on every fires- sample, the same way twice, and says why where the severity is not its own', async () => {
    const registered = await load(id);
    const samples = samplesOf(id, 'fires-');
    expect(samples.length).toBeGreaterThan(0);
    for (const sample of samples) {
      const alerts = alertsOn(registered, sample);
      expect(alerts, sample).toHaveLength(1);
      expect(alertsOn(registered, sample), sample).toEqual(alerts);
      for (const alert of alerts) {
        expect(alertSchema.parse(alert)).toEqual(alert);
        if (alert.severity !== registered.detector.severity) expect(alert.severityReason, sample).toBeTruthy();
      }
    }
  });

  it('stays quiet on every quiet- sample', async () => {
    const registered = await load(id);
    const samples = samplesOf(id, 'quiet-');
    expect(samples.length).toBeGreaterThan(0);
    for (const sample of samples) expect(alertsOn(registered, sample), sample).toEqual([]);
  });

  it('reaches every resource, action or kind of its `when` by a fires- sample', async () => {
    const registered = await load(id);
    const { when } = registered.detector;
    const reached = [...reachedKeys(registered)];
    const byPlace = 'actions' in when ? when.actions : 'resources' in when ? when.resources : undefined;
    for (const one of 'kinds' in when ? when.kinds : (byPlace ?? []))
      expect(
        reached.some((key) => key === one || key.endsWith(` ${one}`)),
        one,
      ).toBe(true);
  });

  it('says of its fires- samples what expected.json holds', async () => {
    const registered = await load(id);
    const said = Object.fromEntries(
      samplesOf(id, 'fires-').map((sample) => {
        const [alert] = alertsOn(registered, sample);
        const { severity, severityReason, title, evidence, nextSteps } = alert ?? {};
        return [sample.split('/').at(-1), { severity, severityReason, title, evidence, nextSteps }];
      }),
    );
    await expect(`${JSON.stringify(said, null, 2)}\n`).toMatchFileSnapshot(
      fileURLToPath(new URL(`detectors/${id}/expected.json`, root)),
    );
  });

  it('has a runbook with the five headings, whose commands name fields that its alerts have', async () => {
    const registered = await load(id);
    const runbook = read(`detectors/${id}/runbook.md`);
    const sections = sectionsOf(runbook);
    expect([...sections.keys()]).toEqual([...RUNBOOK_HEADINGS]);
    expect(runbook.split('\n\n## ')[0]).toMatch(/^# .+$/);
    for (const [heading, text] of sections) expect(text.trim().length, heading).toBeGreaterThan(80);
    expect(registered.nextSteps.length).toBeGreaterThan(0);
    const alerts = samplesOf(id, 'fires-').flatMap((sample) => alertsOn(registered, sample));
    const known = new Set(alerts.flatMap((alert) => pathsOf(alert)));
    for (const hole of holesOf(runbook)) expect([...known], `{${hole}}`).toContain(hole);
    expect(alerts.some(({ nextSteps }) => nextSteps.length > 0)).toBe(true);
  });
});

/** A runbook's `sh` blocks, without the indentation of the list item that they stand in. */
function shellOf(runbook: string): string[] {
  return [...runbook.matchAll(/^([ \t]*)```sh\n([\s\S]*?)^[ \t]*```/gm)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

describe('the runbooks', () => {
  const runbooks = folders.map((id) => ({ id, runbook: read(`detectors/${id}/runbook.md`) }));

  it.each(runbooks)(
    'of $id have commands that a shell reads, once the reader has put in what is missing',
    ({ runbook }) => {
      const commands = shellOf(runbook)
        .join('\n')
        .replace(/<(?!<)[^<>\n]+>/g, 'x');
      const { status, stderr } = spawnSync('sh', ['-n'], { input: commands, encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(status).toBe(0);
    },
  );

  it('ask what a caller may do with all of the caller’s groups, and for the EKS access policies, which go by neither', () => {
    const asking = runbooks.filter(({ runbook }) => runbook.includes('--as={actor.username}'));
    expect(asking.length).toBeGreaterThan(10);
    for (const { id, runbook } of asking) {
      const lines = shellOf(runbook)
        .join('\n')
        .split('\n')
        .filter((line) => line.includes('--as={actor.username}'));
      for (const line of lines) expect(line, id).toContain(' --as-group={actor.groups[]}');
      expect(nextStepsIn(runbook).join('\n'), id).toMatch(/list-associated-access-policies .*\{actor\.principalArn\}/);
      expect(runbook, id).toContain('A "no" may be wrong for an IAM caller');
    }
  });

  it.each(runbooks)('of $id read no file that they did not write before, and name none in passing', ({ runbook }) => {
    const commands = shellOf(runbook).join('\n');
    expect(runbook).not.toContain('file://');
    for (const [whole, file = ''] of commands.matchAll(/\bkubectl .*?(?: -f| --filename)[ =](<[^>]+>|\S+)/g))
      if (file !== '-' && !file.startsWith('<'))
        expect(commands.slice(0, commands.indexOf(whole)), whole).toContain(`> ${file}\n`);
  });

  it('that end sessions by a role’s policy hold the policy, and say what to do for a role that IAM does not let change', () => {
    const ending = runbooks.filter(({ runbook }) => runbook.includes('put-role-policy'));
    expect(ending.length).toBeGreaterThan(5);
    for (const { id, runbook } of ending) {
      const policies = shellOf(runbook).flatMap((block) => [
        ...block.matchAll(/put-role-policy .*--policy-document (\S.*)$/gm),
      ]);
      expect(policies.length, id).toBeGreaterThan(0);
      for (const [, policy = ''] of policies)
        expect(JSON.parse(policy.replace(/^'|'$/g, '')), id).toMatchObject({
          Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
        });
      for (const way of [
        '`AWSReservedSSO_…`',
        'put-inline-policy-to-permission-set',
        'active sessions',
        'delete-access-entry',
      ])
        expect(runbook, id).toContain(way);
    }
  });

  it('that cut off a pod hold the NetworkPolicy for the label they give it, and say when it holds', () => {
    const cutting = runbooks.filter(({ runbook }) =>
      /quarantine=true|that denies all|deny-all NetworkPolicy|kind: NetworkPolicy|cut it from/.test(runbook),
    );
    expect(cutting.length).toBeGreaterThan(5);
    for (const { id, runbook } of cutting) {
      const commands = shellOf(runbook).join('\n');
      const [, manifest = ''] = /kubectl apply .*<<'EOF'\n([\s\S]*?)^EOF$/m.exec(commands) ?? [];
      const [, key = '', value = ''] = /kubectl label pod <pod> .*?(\w+)=(\w+)/.exec(commands) ?? [];
      expect(parse(manifest), id).toMatchObject({
        kind: 'NetworkPolicy',
        spec: { podSelector: { matchLabels: { [key]: value } }, policyTypes: ['Ingress', 'Egress'] },
      });
      expect(runbook, id).toContain('--addon-name vpc-cni');
    }
  });

  it('scale and roll back no workload that cannot be', () => {
    for (const { id, runbook } of runbooks) {
      if (/kubectl scale \{target\.resource\}/.test(runbook))
        for (const other of [
          'kubectl patch daemonset',
          'kubectl patch cronjob',
          'kubectl patch job',
          'kubectl delete pod',
        ])
          expect(shellOf(runbook).join('\n'), id).toContain(other);
      if (/kubectl rollout \w+ \{target\.resource\}/.test(runbook))
        expect(runbook, id).toMatch(/deployments, daemonsets and statefulsets have a rollout/i);
    }
  });

  it('start a trail after making it, and then ask whether it records', () => {
    const commands = shellOf(
      sectionsOf(read('detectors/cloudtrail/trail-stopped-or-deleted/runbook.md')).get('Respond') ?? '',
    );
    const order = [...commands.join('\n').matchAll(/^aws cloudtrail ([\w-]+)/gm)].map(([, name]) => name);
    expect(order).toEqual([
      'start-logging',
      'lookup-events',
      'create-trail',
      'put-event-selectors',
      'start-logging',
      'get-trail-status',
    ]);
    expect(commands.at(-1)).toContain('IsLogging');
  });

  it('that catch up by a replay leave what is high or critical in a file, and say that nobody else is told', () => {
    const catching = runbooks.filter(
      ({ runbook }) => runbook.includes('npm run --silent replay') || runbook.includes('npm run replay'),
    );
    expect(catching.length).toBeGreaterThan(4);
    for (const { id, runbook } of catching) {
      expect(shellOf(runbook).join('\n'), id).toMatch(
        /^aws logs filter-log-events .* > gap\.json\nnpm run --silent replay -- .*--format jsonl --min-severity high gap\.json > alerts\.jsonl$/m,
      );
      expect(runbook, id).toContain('The replay tells nobody');
    }
  });

  it.each(folders)('of %s show suppressions that a policy accepts', (id) => {
    const blocks = [...read(`detectors/${id}/runbook.md`).matchAll(/^([ \t]*)```yaml\n([\s\S]*?)^[ \t]*```/gm)];
    expect(blocks.length).toBeGreaterThan(0);
    for (const [, indent = '', block = ''] of blocks) {
      const yaml = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
      expect(() =>
        parsePolicy(/^version:/m.test(yaml) ? yaml : `version: 1\n${yaml}`, 'runbook.md', folders),
      ).not.toThrow();
    }
  });
});

describe('the registries', () => {
  it('are what `npm run gen` would write now', () => {
    execFileSync(process.execPath, [fileURLToPath(new URL('scripts/gen.ts', root)), '--check'], { stdio: 'pipe' });
  });
});

function pathsOf(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, prefix ? `${prefix}.${key}` : key));
}
