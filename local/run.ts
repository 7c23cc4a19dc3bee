import { setTimeout as wait } from 'node:timers/promises';
import { parsed, UsageError } from '../cli/arguments.ts';
import { Accounts } from './accounts.ts';
import { Deployment, type Outcome } from './deployment.ts';
import { Screen } from './screen.ts';
import { stories } from './stories.ts';

const HELP = `Runs the whole system on this machine: the functions as they are bundled for
Lambda, with SQS, SNS, S3 and DynamoDB on loopback. The recorded attacks of
samples/stories come in as CloudWatch Logs and S3 deliver them; shown is what
each function counts and what subscribers receive.

usage: npm run local

It takes half a minute, asks for no AWS account and leaves nothing behind.
Ctrl-C ends it sooner, with the accounts so far.
`;

const HOUR_MS = 3_600_000;
/** Longer than any incident of the default policy stays open. */
const END_MS = 25 * HOUR_MS;

/** How long a terminal shows what was told, and what was not, before the next comes. */
const READING_MS = 750;
const PASSING_MS = 50;
const isWatched = process.stdout.isTTY;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

// A reader that has seen enough (`| head`) closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

async function run(): Promise<void> {
  const screen = new Screen();
  const accounts = new Accounts();
  const show = async (at: number, outcome: Outcome) => {
    accounts.add(outcome);
    screen.outcome(at, outcome);
    if (isWatched) await pause(outcome.mailbox.length > 0 ? READING_MS : PASSING_MS);
  };
  const told = stories();
  screen.intro(told);
  const deployment = await Deployment.start();
  try {
    let now = 0;
    for (const story of told) {
      if (stop.signal.aborted) return;
      screen.story(story);
      for (const payload of story.payloads) {
        if (stop.signal.aborted) return;
        now = payload.at;
        await show(now, await deployment.deliver(payload));
      }
      now += HOUR_MS;
      await show(now, await deployment.watch(now));
    }
    now += END_MS;
    await show(now, await deployment.watch(now));
    screen.wholeMail(accounts);
  } finally {
    await deployment.stop();
    screen.accounts(accounts);
  }
}

async function pause(ms: number): Promise<void> {
  await wait(ms, undefined, { signal: stop.signal }).catch(() => {});
}

/** Whether to run at all: not where help was asked for. Throws a {@link UsageError} for anything else. */
function isWanted(args: readonly string[]): boolean {
  const { values, positionals } = parsed(args, { help: { type: 'boolean', short: 'h' } });
  if (!values.help && positionals.length > 0)
    throw new UsageError(`takes no arguments, not "${positionals[0]}": it runs every story`);
  if (values.help) process.stdout.write(HELP);
  return !values.help;
}

try {
  if (isWanted(process.argv.slice(2))) await run();
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${HELP}`);
    process.exit(2);
  }
  // What Ctrl-C ended in the middle, the bundler's own process included, fails for no other reason.
  if (!stop.signal.aborted) throw error;
}
if (stop.signal.aborted) process.exitCode = 130;
