import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LEAST, settingsFile } from './synthesized.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs the command as npm does, on a machine that knows nothing of AWS. */
function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['infra/run.ts', ...args], {
    cwd: root,
    env: { PATH: '', HOME: '/nowhere' },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('npm run synth', () => {
  it('makes the example’s templates without an AWS account', () => {
    const { status, stdout } = run('synth');
    expect(status).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'auditwire',
      'auditwire-member-222233334444',
      'auditwire-member-333344445555',
      '',
    ]);
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
});
