import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alert } from '../core/alert.ts';
import { severityRank } from '../core/severity.ts';
import { Accounts } from '../local/accounts.ts';
import type { Counts } from '../local/lambda.ts';
import { replayed } from './support/replayed.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'auditwire-local-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Runs what `npm run local` runs, with a directory of its own for what it might leave behind. */
async function local(onOutput: (child: ChildProcess) => void = () => {}) {
  const [, ...args] = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts.local.split(' ');
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, TMPDIR: folder } });
  children.push(child);
  child.stdout.once('data', () => onOutput(child));
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    // It comes when nobody holds the output any more, the bundler's process included.
    once(child, 'close'),
  ]);
  return { status, stdout, stderr };
}

function localAnswers(...args: readonly string[]) {
  const command = [join(root, 'local/run.ts'), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: 20_000 });
  return { status, stdout, stderr };
}

describe('npm run local, asked otherwise', () => {
  it('explains itself, and runs nothing', () => {
    const { status, stdout, stderr } = localAnswers('--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^usage: npm run local$/m);
  });

  it.each([
    ['--hlep', 'no option --hlep (did you mean "--help"?)'],
    ['stories', 'takes no arguments, not "stories"'],
  ])('refuses %s with exit code 2, saying what is wrong', (arg, message) => {
    const { status, stdout, stderr } = localAnswers(arg);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });
});

/** One line of what subscribers got, put together where it was wrapped. */
const SHOWN = /^mail (pager| {5}) {2}(CRITICAL|HIGH|MEDIUM|LOW|INFO) +(?:(Now worse|Roll-up of \d+): )?(.*)$/;

function shownIn(stdout: string) {
  const unwrapped = stdout.replaceAll(/\n {22}(?=\S)/g, ' ').split('\n');
  return unwrapped.flatMap((line) => {
    const [, pager = '', severity = '', progress = '', title = ''] = SHOWN.exec(line) ?? [];
    return title ? [{ isPaged: pager === 'pager', severity: severity.toLowerCase(), progress, title }] : [];
  });
}

describe('npm run local', () => {
  let run: Awaited<ReturnType<typeof local>>;
  let recorded: Awaited<ReturnType<typeof replayed>>;

  beforeAll(async () => {
    run = await local();
    recorded = await replayed(['samples/stories']);
  }, 300_000);

  it('stops by itself, content, and leaves no file behind', () => {
    expect(run.status).toBe(0);
    expect(run.stderr).not.toMatch(/warning|error/i);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('has subscribers receive the worst of every problem that a replay of the recordings finds, and nothing else', () => {
    const shown = shownIn(run.stdout).map(({ severity, title }) => `${severity} ${title}`);
    const inWords = ({ severity, title }: Alert) => `${severity} ${title}`;
    const problems = Map.groupBy(recorded.alerts, ({ dedupKey }) => dedupKey).values();
    const worst = [...problems].map((alerts) =>
      alerts.reduce((a, b) => (severityRank(b.severity) > severityRank(a.severity) ? b : a)),
    );
    expect(worst.length).toBeGreaterThan(30);
    expect(worst.map(inWords).filter((words) => !shown.includes(words))).toEqual([]);
    const known = recorded.alerts.map(inWords);
    expect(shown.filter((words) => !known.includes(words))).toEqual([]);
  });

  it('has the pager receive what its filter policy lets through, and no more', () => {
    const shown = shownIn(run.stdout);
    const severe = shown.filter(({ severity }) => ['high', 'critical'].includes(severity));
    expect(severe.length).toBeLessThan(shown.length);
    expect(shown.filter(({ isPaged }) => isPaged)).toEqual(severe);
  });

  it('tells a rise at once, and repeats when the watch has closed their incident', () => {
    const progress = shownIn(run.stdout).map((one) => one.progress);
    expect(progress).toContain('Now worse');
    expect(progress).toContain('Roll-up of 2');
  });

  it('shows the broken payload in quarantine', () => {
    expect(run.stdout).toMatch(/^quarantine +bad-encoding: /m);
    expect(run.stdout).toMatch(/^quarantine +1 record \(1 bad-encoding\)$/m);
  });

  it('shows a whole mail', () => {
    const [, mail = ''] = run.stdout.split('A mail, whole:');
    expect(mail).toMatch(/│ Subject: \[CRITICAL\] /);
    expect(mail).toMatch(/│ Next steps\n {2}│ {3}kubectl /);
    expect(mail).toMatch(/│ Runbook:\s+│? ?https:\/\//);
  });

  it('accounts for every record and every finding, over all functions', () => {
    const shown = shownIn(run.stdout);
    const { records, quiet, found, findings } = recorded.counts;
    const alerted = shown.filter(({ progress }) => !progress.startsWith('Roll-up')).length;
    expect(run.stdout).toMatch(new RegExp(`^mail +${alerted} alerts .* and ${shown.length - alerted} roll-ups$`, 'm'));
    const last = run.stdout.trimEnd().split('\n').at(-1) ?? '';
    const absorbed = Number(/absorbed by SQS (\d+)$/.exec(last)?.[1]);
    expect(absorbed).toBeGreaterThan(0);
    expect(last).toBe(
      `records ${records + 1} = quiet ${quiet} + found ${found} + quarantined 1 + control 0; ` +
        `findings ${findings} = alerted ${alerted} + folded ${findings - alerted - absorbed} + muted 0` +
        ` + absorbed by SQS ${absorbed}`,
    );
  });

  it('prints what README.md shows', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const [screen = ''] = /(?<=^```\n\$ npm run local\n)[\s\S]*?(?=^```)/m.exec(readme) ?? [];
    const shown = screen.split('\n').filter((line) => line !== '' && line !== '…');
    expect(shown.length).toBeGreaterThan(10);
    const printed = `${run.stdout}\n${run.stderr}`.split('\n');
    for (const line of shown) expect(printed).toContain(line);
  });

  it('prints plain lines where nobody watches', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(run.stdout + run.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('stops on Ctrl-C, with the accounts so far, and leaves neither a file nor a process behind', async () => {
    const { status, stdout } = await local((child) => child.kill('SIGINT'));
    expect(status).toBe(130);
    expect(stdout).not.toContain('A mail, whole:');
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^records \d{1,2} = /);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the accounts of a run', () => {
  const accountsOf = (publication: Counts, absorbed: number) => {
    const accounts = new Accounts();
    const detection = { records: 9, quiet: 2, found: 7, findings: 8, repeated: 1, sent: 7, muted: 0 };
    const ran = new Map([
      ['eks-audit', detection],
      ['publish-alerts', publication],
    ]);
    accounts.add({ ran, absorbed, mailbox: [], pager: [], quarantine: [] });
    return accounts.conservation().split('; ')[1];
  };

  it('balance when every finding was told, folded or a repeat that SQS did not take again', () => {
    expect(accountsOf({ findings: 5, alerted: 3, folded: 2 }, 2)).toBe(
      'findings 8 = alerted 3 + folded 3 + muted 0 + absorbed by SQS 2',
    );
  });

  it('show what was lost between the functions, in whatever they believe', () => {
    for (const taken of [4, 5])
      expect(accountsOf({ findings: taken, alerted: 3, folded: 1 }, 2)).toMatch(/ SQS 2: 1 unaccounted for$/);
    expect(accountsOf({ findings: 5, alerted: 3, folded: 2 }, 1)).toMatch(/ SQS 1: 1 unaccounted for$/);
  });
});
