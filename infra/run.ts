import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { bundleFunctions } from '../scripts/build.ts';
import { createApp } from './app.ts';
import { checkHashes, writeArtifacts } from './artifacts.ts';
import { memberStackName } from './member.ts';
import { SettingsError } from './settings.ts';
import { readSite, type Site } from './site.ts';

const HELP = `Puts Auditwire into an AWS account.

usage: npm run synth -- [--config FILE] [--hashes FILE]
       npm run deploy -- --config FILE [--hashes FILE] [--member ACCOUNT]

synth    checks the settings and the policy that they name, and makes the templates in dist/cdk; needs no AWS account
deploy   does the same, shows what would change, asks, and deploys to the security account

  --config FILE     the settings (synth: infra/auditwire.config.example.yaml)
  --hashes FILE     refuse other bundles than the tested ones, of which \`npm run build\` left the hashes in dist/hashes.json
  --member ACCOUNT  deploy the part of this member account, with its credentials

Exit codes: 0 done, 1 the deployment failed, 2 wrong usage or settings.
`;

const root = fileURLToPath(new URL('../', import.meta.url));
const EXAMPLE = join('infra', 'auditwire.config.example.yaml');

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: 'string' },
    hashes: { type: 'string' },
    member: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const [command] = positionals;

if (values.help || (command !== 'synth' && command !== 'deploy')) {
  process.stdout.write(HELP);
} else if (command === 'deploy' && values.config === undefined) {
  process.stderr.write('deploy: say which settings, with --config FILE\n');
  process.exitCode = 2;
} else {
  try {
    const site = readSite(values.config ?? EXAMPLE, new Date().toISOString().slice(0, 10));
    const assembly = await synthesized(site);
    for (const { stackName, template, environment } of assembly.stacks) {
      const resources = Object.keys(template.Resources).length;
      process.stdout.write(`${stackName}  ${environment.account} ${environment.region}  ${resources} resources\n`);
    }
    if (command === 'deploy') process.exitCode = deploy(site, assembly);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

/** The templates and artifacts of a site, checked and written to dist/cdk. */
async function synthesized(site: Site): Promise<CloudAssembly> {
  const bundles = await bundleFunctions();
  if (values.hashes !== undefined) checkHashes(bundles, values.hashes);
  const artifacts = writeArtifacts(join(root, 'dist/artifacts'), bundles, site.policy);
  return createApp(site, artifacts, join(root, 'dist/cdk')).synth();
}

/** Shows what would change, asks, and deploys; gives the exit code. */
function deploy({ settings }: Site, assembly: CloudAssembly): number {
  const { member } = values;
  if (member !== undefined && !settings.members.some(({ account }) => account === member))
    throw new SettingsError(`--member: the settings have no member ${member}`);
  const stackName = member === undefined ? settings.name : memberStackName(settings, member);
  return cdk('diff', stackName) || cdk('deploy', stackName, '--exclusively', '--require-approval', 'any-change');

  function cdk(...args: readonly string[]): number {
    const cli = fileURLToPath(import.meta.resolve('aws-cdk/bin/cdk'));
    const options = ['--app', assembly.directory, '--no-notices', '--no-version-reporting'];
    return spawnSync(process.execPath, [cli, ...args, ...options], { stdio: 'inherit' }).status ?? 1;
  }
}
