import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LEAST, settingsFile } from './synthesized.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs the command as npm does, on a machine that knows nothing of AWS. */
function run(...args: readonly string[]) {
  return runWith({}, ...args);
}

function runWith(environment: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['infra/run.ts', ...args], {
    cwd: root,
    env: { PATH: '', HOME: '/nowhere', ...environment },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** The CDK says with what it was called, and does nothing. */
const CDK_SPEAKS = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    "if (process.argv[1]?.endsWith('aws-cdk/bin/cdk')) { console.log('cdk', process.argv.slice(2).join(' ')); process.exit(process.argv[2] === 'drift' ? 1 : 0); }",
  )}`,
};

describe('npm run synth', () => {
  it('makes the example’s templates without an AWS account, and says what is in them', () => {
    const { status, stdout } = run('synth');
    expect(status).toBe(0);
    const stacks = Object.fromEntries(
      ['auditwire', 'auditwire-member-222233334444', 'auditwire-member-333344445555'].map((name) => {
        const { Resources } = JSON.parse(readFileSync(join(root, `dist/cdk/${name}.template.json`), 'utf8'));
        return [name, Object.values<{ Type: string }>(Resources).map(({ Type }) => Type)];
      }),
    );
    const [first = [], ...rest] = Object.values(stacks);
    const alarms = first.filter((type) => type === 'AWS::CloudWatch::Alarm').length;
    expect(first.length).toBeGreaterThan(100);
    expect(stdout).toContain(`auditwire  111122223333 eu-central-1  ${first.length} resources\n`);
    expect(stdout).toContain('  alerts go to 4 subscribers: soc-mail, siem, pager, soc-chat\n');
    expect(stdout).toContain(
      `  ${alarms} alarms of its own health go to platform-oncall@example.com, Slack channel C0123ABCD\n`,
    );
    const counts = [...stdout.matchAll(/^ +(\d+) {2}(AWS::\S+)$/gm)].flatMap(([, count, type = '']) =>
      Array<string>(Number(count)).fill(type),
    );
    expect(counts.sort()).toEqual([first, ...rest].flat().sort());
    expect(stdout).toContain('auditwire-member-333344445555  333344445555 eu-central-1  1 resource\n');
    expect(stdout).toMatch(/dist\/cdk\/\*\.template\.json\.\n$/);
  });

  it('says which file is not there', () => {
    expect(run('synth', '--config', 'nope.yaml')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'no such file: nope.yaml\n',
    });
    const { status, stderr } = run('synth', '--config', settingsFile(`${LEAST}policy: nope.yaml\n`));
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^no such file: .*nope\.yaml\n$/)]);
  });

  it('refuses wrong settings before it makes anything, by file, line and field', () => {
    const file = settingsFile(LEAST.replace('eu-central-1', 'eu-centrl-1'));
    const { status, stderr } = run('synth', '--config', file);
    expect(status).toBe(2);
    expect(stderr).toMatch(/settings\.yaml:4: region: .*did you mean "eu-central-1"/);
  });

  it('refuses other bundles than the tested ones', () => {
    const hashes = settingsFile('{"eks-audit": "0123"}');
    const { status, stderr } = run('synth', '--hashes', hashes);
    expect(status).toBe(2);
    expect(stderr).toContain('eks-audit: tested 0123, built here ');
    const broken = run('synth', '--hashes', settingsFile('{"eks-audit":'));
    expect([broken.status, broken.stderr]).toEqual([2, expect.stringMatching(/: not what `npm run build` leaves in /)]);
  });

  it('says which option it does not know', () => {
    const { status, stderr } = run('synth', '--conifg', 'x');
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^Unknown option '--conifg'/)]);
  });
});

describe('npm run deploy', () => {
  it('deploys nothing without being told which settings', () => {
    expect(run('deploy')).toMatchObject({ status: 2, stderr: expect.stringContaining('--config FILE') });
  });

  it('deploys to no member that the settings do not have', () => {
    const { status, stderr } = run('deploy', '--config', settingsFile(LEAST), '--member', '999988887777');
    expect([status, stderr]).toEqual([2, '--member: the settings have no member 999988887777\n']);
  });

  const asked = (...args: readonly string[]) => {
    const { status, stdout } = runWith(CDK_SPEAKS, 'deploy', '--config', settingsFile(LEAST), ...args);
    expect(status).toBe(0);
    return [...stdout.matchAll(/^cdk (.+?) --app /gm)].map(([, call]) => call);
  };

  it('shows what would change, and asks', () => {
    expect(asked()).toEqual(['diff auditwire', 'deploy auditwire --exclusively --require-approval any-change']);
  });

  it('--repair shows what was changed by hand, as far as that can be shown, and puts it back', () => {
    expect(asked('--repair')).toEqual([
      'diff auditwire',
      'drift auditwire',
      'deploy auditwire --exclusively --require-approval any-change --revert-drift',
    ]);
    const cli = fileURLToPath(import.meta.resolve('aws-cdk/bin/cdk'));
    const help = (command: string) =>
      spawnSync(process.execPath, [cli, command, '--help'], { encoding: 'utf8' }).stdout;
    expect(help('deploy')).toMatch(/--revert-drift\s+Create a drift-aware change set/);
    expect(help('drift')).toContain('Detect drifts in the given CloudFormation stack(s)');
  });
});
