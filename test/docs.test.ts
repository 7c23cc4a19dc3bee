import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { detectors } from '../cli/detectors.ts';
import type { Detector } from '../core/detector.ts';
import { auditEventSchema } from '../core/k8s-audit/schema.ts';
import { MATCH_FIELDS, parsePolicy } from '../core/policy.ts';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'auditwire-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

function blockOf(page: string, language: string): string {
  const block = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'm').exec(read(page))?.[1];
  if (block === undefined) throw new Error(`${page} has no ${language} block`);
  return block;
}

/** The pages of this project, by their paths. */
const pages = readdirSync(root, { withFileTypes: true })
  .filter(({ name }) => !['node_modules', '.git', 'dist', 'coverage'].includes(name))
  .flatMap((entry) =>
    entry.isDirectory()
      ? readdirSync(new URL(`${entry.name}/`, root), { recursive: true, encoding: 'utf8' }).map(
          (path) => `${entry.name}/${path}`,
        )
      : [entry.name],
  )
  .filter((path) => path.endsWith('.md'));

const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));

/** The `npm run` commands that a page shows, each in one line: in its text between backticks, in a block by lines. */
function commandsIn(page: string): string[] {
  const blocks = /^[ \t]*```[\s\S]*?^[ \t]*```/gm;
  const text = read(page);
  const lines = [...text.matchAll(blocks)].flatMap(([block]) => block.replace(/\\\n\s*/g, ' ').split('\n'));
  const spans = [...text.replace(blocks, '').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replace(/\s+/g, ' '));
  return [...lines, ...spans].flatMap((line) => line.match(/\bnpm run .*?(?= && | \| | # |$)/g) ?? []);
}

/** The options that a command's own help names. */
const optionsOf = new Map<string, readonly string[]>();
function optionsKnownTo(script: string): readonly string[] {
  const known = optionsOf.get(script);
  if (known) return known;
  const [program, ...args] = scripts[script]?.split(' ') ?? [];
  expect(program, script).toBe('node');
  const { stdout, status } = spawnSync(process.execPath, [...args, '--help'], {
    cwd: fileURLToPath(root),
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(status, `npm run ${script} -- --help`).toBe(0);
  const options = stdout.match(/--[a-z][\w-]*/g) ?? [];
  optionsOf.set(script, options);
  return options;
}

describe('the commands that the pages show', () => {
  const commands = pages.flatMap((page) => commandsIn(page).map((command) => ({ page, command })));

  it('are found', () => {
    expect(pages).toContain('detectors/auditwire/canary/runbook.md');
    expect(commands.length).toBeGreaterThan(30);
    expect(commands.filter(({ command }) => / -- .*--\w/.test(command)).length).toBeGreaterThan(15);
  });

  it('are scripts of package.json, with options that their help knows', { timeout: 60_000 }, () => {
    for (const { page, command } of commands) {
      const [before = '', after = ''] = command.split(/ --(?= |$)/);
      const [, script = ''] = /^npm run (?:--silent )?([\w:-]+)/.exec(before) ?? [];
      expect(Object.keys(scripts), `${page}: ${command}`).toContain(script);
      // Without a `--` before it, npm keeps an option for itself.
      expect(before.replace(' --silent', ''), page).not.toMatch(/ --\w/);
      for (const option of after.match(/(?<=\s)--[a-z][\w-]*/g) ?? [])
        if (option !== '--help') expect(optionsKnownTo(script), `${page}: ${command}`).toContain(option);
    }
  });
});

/** Text that begins as a screen does and goes on like it, but for what its `…` leaves out: lines, or the rest of one. */
function shownAs(screen: string): RegExp {
  const lines = screen.trimEnd().split('\n');
  const source = lines.map((line) =>
    line.trim() === '…' ? '(?:.*\\n)*?' : `${line.split('…').map(RegExp.escape).join('.*')}\\n`,
  );
  return new RegExp(`^${source.join('')}`);
}

describe('README.md', () => {
  it('shows what the stories print', () => {
    const args = ['cli/auditwire.ts', 'replay', '--format', 'pretty', 'samples/stories'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: fileURLToPath(root), encoding: 'utf8' });
    const [screen = ''] = /(?<=^```\n\$ npm start\n)[\s\S]*?(?=^```)/m.exec(read('README.md')) ?? [];
    expect(screen.split('\n').length).toBeGreaterThan(10);
    expect(stdout).toMatch(shownAs(screen));
    expect(read('README.md')).toContain(stderr.trimEnd().split('\n').at(-1));
  });
});

describe('docs/writing-a-detector.md', () => {
  it('shows a detector that runs, fires on a deleted namespace and leaves the control plane alone', async () => {
    const file = join(folder, 'detector.ts');
    writeFileSync(
      file,
      blockOf('docs/writing-a-detector.md', 'ts').replaceAll('../../../core/', new URL('core/', root).href),
    );
    const { default: detector }: { default: Detector<'k8s-audit'> } = await import(file);
    const deletion = (username: string, name: string) =>
      auditEventSchema.parse({ verb: 'delete', user: { username }, objectRef: { resource: 'namespaces', name } });
    expect(detector.detect(deletion('alice', 'shop'))?.title).toBe('alice deleted namespace shop');
    expect(detector.detect(deletion('alice', 'kube-system'))?.severity).toBe('high');
    expect(detector.detect(deletion('system:serviceaccount:kube-system:namespace-controller', 'shop'))).toBeUndefined();
  });
});

describe('docs/operating.md', () => {
  it.each([
    ['deploy', 'infra/run.ts'],
    ['synth', 'infra/run.ts'],
    ['redrive', 'functions/redrive/command.ts'],
  ])('gives npm run %s no option that it has not', (command, script) => {
    const args = [script, '--help'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: fileURLToPath(root), encoding: 'utf8' });
    const calls = [...read('docs/operating.md').matchAll(new RegExp(`npm run ${command} -- ([^\`]+)`, 'g'))];
    const options = calls.flatMap(([, typed = '']) => typed.match(/--[a-z-]+/g) ?? []);
    expect(options.length).toBeGreaterThan(0);
    for (const option of new Set(options)) expect(stdout).toMatch(new RegExp(`^ +${option}\\b`, 'm'));
  });
});

describe('docs/policy.md', () => {
  it('shows a policy that is accepted, for detectors that exist', () => {
    const ids = detectors.map(({ detector }) => detector.id);
    expect(parsePolicy(blockOf('docs/policy.md', 'yaml'), 'policy.yaml', ids).suppressions).toHaveLength(1);
  });

  it('names every field that a suppression may match', () => {
    const page = read('docs/policy.md');
    for (const field of MATCH_FIELDS) expect(page).toContain(`\`${field}\``);
  });
});
