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
       npm run deploy -- --config FILE [--hashes FILE] [--member ACCOUNT] [--repair]

synth    checks the settings and the policy that they name, and makes the templates in dist/cdk; needs no AWS account
deploy   does the same, shows what would change, asks, and deploys to the security account

  --config FILE     the settings (synth: infra/auditwire.config.example.yaml)
  --hashes FILE     refuse other bundles than the tested ones, of which \`npm run build\` left the hashes in dist/hashes.json
  --member ACCOUNT  deploy the part of this member account, with its credentials
  --repair          look at what is really there, and not only at the last template: what was changed or deleted by hand
                    is shown, and put back

Exit codes: 0 done, 1 the deployment failed, 2 wrong usage or settings.
`;

type Stack = CloudAssembly['stacks'][number];

const root = fileURLToPath(new URL('../', import.meta.url));
const EXAMPLE = join('infra', 'auditwire.config.example.yaml');

const { positionals, values } = asked();
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
    for (const stack of assembly.stacks) process.stdout.write(planOf(stack, site, command === 'synth'));
    if (command === 'synth') process.stdout.write('\nThe templates are dist/cdk/*.template.json.\n');
    if (command === 'deploy') process.exitCode = deploy(site, assembly);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

/** What was typed; ends the process, with a sentence, where that is nothing this command knows. */
function asked() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        hashes: { type: 'string' },
        member: { type: 'string' },
        repair: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\nnpm run synth -- --help says more\n`);
    process.exit(2);
  }
}

/** What a stack holds: where and how much, and if asked, of which types, and whom it tells. */
function planOf({ stackName, template, environment }: Stack, { settings }: Site, isWhole: boolean): string {
  const resources: readonly { readonly Type: string }[] = Object.values(template.Resources);
  const types = Object.entries(Object.groupBy(resources, ({ Type }) => Type))
    .map(([type, all]) => [type, all?.length ?? 0] as const)
    .sort(([a, most], [b, more]) => more - most || (a < b ? -1 : 1));
  const [, alarms = 0] = types.find(([type]) => type === 'AWS::CloudWatch::Alarm') ?? [];
  const { subscribers, operators, operatorsChat } = settings;
  const told = [...operators, ...(operatorsChat ? [`Slack channel ${operatorsChat.channel}`] : [])];
  return [
    `${stackName}  ${environment.account} ${environment.region}  ${counted(resources.length, 'resource')}`,
    ...(isWhole && stackName === settings.name
      ? [
          `  alerts go to ${counted(subscribers.length, 'subscriber')}: ${subscribers.map(({ name }) => name).join(', ')}`,
          `  ${counted(alarms, 'alarm')} of its own health go to ${told.join(', ')}`,
        ]
      : []),
    ...(isWhole ? types.map(([type, count]) => `${String(count).padStart(6)}  ${type}`) : []),
    '',
  ].join('\n');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
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
  const { member, repair } = values;
  if (member !== undefined && !settings.members.some(({ account }) => account === member))
    throw new SettingsError(`--member: the settings have no member ${member}`);
  const stackName = member === undefined ? settings.name : memberStackName(settings, member);
  const status = cdk('diff', stackName);
  if (status !== 0) return status;
  // What differs from the template only in AWS is in no diff. Where it cannot be shown, it can still be put back.
  if (repair) cdk('drift', stackName);
  const asked = ['--exclusively', '--require-approval', 'any-change', ...(repair ? ['--revert-drift'] : [])];
  return cdk('deploy', stackName, ...asked);

  function cdk(...args: readonly string[]): number {
    const cli = fileURLToPath(import.meta.resolve('aws-cdk/bin/cdk'));
    const options = ['--app', assembly.directory, '--no-notices', '--no-version-reporting'];
    return spawnSync(process.execPath, [cli, ...args, ...options], { stdio: 'inherit' }).status ?? 1;
  }
}
