import { parseReplayArguments, REPLAY_HELP, UsageError } from './arguments.ts';
import { listDetectors } from './detectors.ts';
import { replay } from './replay.ts';

const USAGE = `usage: npm start                  shows what a SOC would see, on recorded attacks
       npm run replay -- PATH...  replays your own logs (npm run replay -- --help)
       npm run detectors          lists every detector
`;

async function main([command, ...args]: readonly string[]): Promise<number> {
  const now = Date.now();
  switch (command) {
    case 'replay': {
      const parsed = parseReplayArguments(args, process.stdout.isTTY ?? false, now);
      if (parsed) return await replay(parsed);
      process.stdout.write(REPLAY_HELP);
      return 0;
    }
    case 'detectors':
      listDetectors(args);
      return 0;
    default:
      throw new UsageError(command === undefined ? 'no command given' : `no command "${command}"`);
  }
}

// A reader that has seen enough (`| head`) closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
