import { parseArgs } from 'node:util';
import { Deadline } from '../../aws/deadline.ts';
import { errorInWords } from '../../aws/deliver.ts';
import { queueUrlOf } from '../../aws/queue-reader.ts';
import { didYouMean } from '../../core/nearest.ts';
import { PolicyError } from '../../core/policy.ts';
import { SettingsError } from '../settings.ts';
import type { Left } from './redrive.ts';
import { QUEUES, RequestError } from './request.ts';

const REDRIVEN = [QUEUES.quarantine, ...QUEUES.deadLetters];

const HELP = `Judges again, after a fix, what lies in quarantine and what was given up.

usage: npm run redrive -- --name NAME --region REGION [options]

  --name NAME      the deployment, as its settings file names it: its queues are NAME-quarantine.fifo and so on
  --region REGION  where it is
  --queue QUEUE    go through this queue only; may be given several times
                   (default: ${REDRIVEN.join(', ')})
  --policy FILE    severities, modes and suppressions of your site (default: none, and nothing is muted)
  --limit N        receive at most so many messages
  --dry-run        say what lies there, and leave all of it as it was

It runs the code of this checkout for 15 minutes at most, in the account whose credentials the AWS SDK finds. A
message is deleted only when what became of it is stored. What cannot be redriven stays, and is listed: what it is, why it
lies there, where it came from, its age and size, why it stays; never what it holds. To run it twice does no harm: findings
have the ids that they had, and no alert is told twice. docs/operating.md says which rights it needs.

Exit codes: 0 everything could be judged or is still quarantined, 1 something failed and stays, 2 wrong usage.

  npm run redrive -- --name auditwire --region eu-west-1 --dry-run
  npm run redrive -- --name auditwire --region eu-west-1 --policy policy.yaml --queue quarantine.fifo --limit 10
`;

const RUN_MS = 15 * 60_000;

const OPTIONS = {
  name: { type: 'string' },
  region: { type: 'string' },
  queue: { type: 'string', multiple: true },
  policy: { type: 'string' },
  limit: { type: 'string' },
  'dry-run': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What was typed cannot be carried out. */
class UsageError extends Error {
  override name = 'UsageError';
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { name, region, queue: only, policy, limit, 'dry-run': dryRun = false } = values;
  if (name === undefined) throw new UsageError('say which deployment, with --name NAME');
  if (region === undefined) throw new UsageError('say where it is, with --region REGION');
  for (const queue of only ?? []) {
    if (!REDRIVEN.some((known) => known === queue))
      throw new UsageError(`--queue takes ${REDRIVEN.join(', ')}, not "${queue}"${didYouMean(queue, REDRIVEN)}`);
  }
  if (limit !== undefined && !/^[1-9]\d*$/.test(limit))
    throw new UsageError(`--limit takes a number from 1, not "${limit}"`);

  // Whatever this machine's environment says: a command does what is typed.
  set('AWS_REGION', region);
  set('POLICY_FILE', policy);
  const deadline = new Deadline(RUN_MS);
  const urlOf = async (queue: string) => {
    try {
      return await queueUrlOf(`${name}-${queue}`, deadline);
    } catch (error) {
      throw new UsageError(
        `cannot find the queue ${name}-${queue} in ${region}: are --name and --region right, and the credentials of that account? ${errorInWords(error)}`,
      );
    }
  };
  const urlsOf = (queues: readonly string[]) => Promise.all(queues.map(urlOf));
  const [findings, quarantine, queues] = await Promise.all([
    urlOf(QUEUES.findings),
    urlOf(QUEUES.quarantine),
    urlsOf(only ?? REDRIVEN),
  ]);
  set('FINDINGS_QUEUE_URL', findings);
  set('QUARANTINE_QUEUE_URL', quarantine);
  set('DEAD_LETTER_QUEUE_URLS', queues.join(','));
  // Standard output is for results; the functions' own log is none.
  console.log = console.error;

  const { handler } = await import('./handler.ts');
  const { problems, left, ...counts } = await handler(
    { queues, dryRun, ...(limit === undefined ? {} : { limit: Number(limit) }) },
    { getRemainingTimeInMillis: () => RUN_MS },
  );
  for (const message of left) process.stdout.write(line(message));
  const sum = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
  process.stderr.write(`${sum.join(', ')}\n`);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return counts.failed > 0 || problems.length > 0 ? 1 : 0;
}

function set(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

function line({ what, reason, origin, ageSeconds, bytes, ...outcome }: Left): string {
  const fate = 'why' in outcome ? `${outcome.outcome}: ${outcome.why}` : outcome.outcome;
  return `${what}\t${reason}\t${origin}\t${(ageSeconds / 3600).toFixed(1)} h\t${bytes} B\t${fate}\n`;
}

/** Whether what was typed is at fault, or a file that was named. */
function isUsage(error: unknown): error is Error {
  if ([UsageError, SettingsError, PolicyError, RequestError].some((kind) => error instanceof kind)) return true;
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!isUsage(error)) throw error;
  const said = error.message.replace('setting POLICY_FILE', '--policy');
  process.stderr.write(`${said}\n\nnpm run redrive -- --help says more\n`);
  process.exitCode = 2;
}
