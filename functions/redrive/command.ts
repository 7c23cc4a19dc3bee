import { parseArgs } from 'node:util';
import { PolicyError } from '../../core/policy.ts';
import { SettingsError } from '../settings.ts';
import type { Left } from './redrive.ts';
import { RequestError } from './request.ts';

const HELP = `Judges again, after a fix, what lies in quarantine and what was given up.

usage: npm run redrive -- [options]

  --queue URL             go through this queue; may be given several times
                          (default: the quarantine queue, then $DEAD_LETTER_QUEUE_URLS)
  --findings-queue URL    where findings go (default: $FINDINGS_QUEUE_URL)
  --quarantine-queue URL  where records go that cannot be judged (default: $QUARANTINE_QUEUE_URL)
  --policy FILE           severities, modes and suppressions of your site (default: $POLICY_FILE)
  --limit N               receive at most so many messages
  --dry-run               say what lies there, and leave all of it as it was

It runs the code of this checkout with the credentials that the AWS command line finds, for 15 minutes at most. A message
is deleted only when what became of it is stored. What cannot be redriven stays, and is listed: what it is, why it lies
there, where it came from, its age and size, why it stays; never what it holds. To run it twice does no harm: findings
have the ids that they had, and no alert is told twice.

Exit codes: 0 everything could be judged or is still quarantined, 1 something failed and stays, 2 wrong usage.

  npm run redrive -- --dry-run
  npm run redrive -- --queue https://sqs.eu-west-1.amazonaws.com/111122223333/auditwire-quarantine.fifo --limit 10
`;

const RUN_MS = 15 * 60_000;

const OPTIONS = {
  queue: { type: 'string', multiple: true },
  'findings-queue': { type: 'string' },
  'quarantine-queue': { type: 'string' },
  policy: { type: 'string' },
  limit: { type: 'string' },
  'dry-run': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  set('DEAD_LETTER_QUEUE_URLS', values.queue?.join(','));
  set('FINDINGS_QUEUE_URL', values['findings-queue']);
  set('QUARANTINE_QUEUE_URL', values['quarantine-queue']);
  set('POLICY_FILE', values.policy);
  // The functions work where their queues are, wherever this machine usually does.
  set('AWS_REGION', /^https:\/\/sqs\.([a-z0-9-]+)\./.exec(process.env.FINDINGS_QUEUE_URL ?? '')?.[1]);
  // Standard output is for results; the functions' own log is none.
  console.log = console.error;

  const { handler } = await import('./handler.ts');
  const { problems, left, ...counts } = await handler(
    {
      ...(values.queue ? { queues: values.queue } : {}),
      ...(values.limit === undefined ? {} : { limit: Number(values.limit) }),
      dryRun: values['dry-run'] ?? false,
    },
    { getRemainingTimeInMillis: () => RUN_MS },
  );
  for (const message of left) process.stdout.write(line(message));
  const sum = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  process.stderr.write(`${sum.join(', ')}\n`);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return counts.failed > 0 || problems.length > 0 ? 1 : 0;
}

function set(name: string, value: string | undefined): void {
  if (value !== undefined) process.env[name] = value;
}

function line({ what, reason, origin, ageSeconds, bytes, ...outcome }: Left): string {
  const fate = 'why' in outcome ? `${outcome.outcome}: ${outcome.why}` : outcome.outcome;
  return `${what}\t${reason}\t${origin}\t${(ageSeconds / 3600).toFixed(1)} h\t${bytes} B\t${fate}\n`;
}

/** Whether what was typed, or set, is at fault. */
function isUsage(error: unknown): error is Error {
  if (error instanceof SettingsError || error instanceof PolicyError || error instanceof RequestError) return true;
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!isUsage(error)) throw error;
  process.stderr.write(`${error.message}\n\nnpm run redrive -- --help says more\n`);
  process.exitCode = 2;
}
