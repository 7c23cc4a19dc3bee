import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeArtifacts } from '../infra/artifacts.ts';
import { bundleFunctions } from '../scripts/build.ts';
import { least, median } from './interleave.ts';
import { note } from './note.ts';
import { columns } from './report.ts';

/** Loads a file as Lambda's runtime does a function's, and answers how long that took, in milliseconds. */
const LOAD = `
  const start = performance.now();
  require(process.argv[1]);
  process.stdout.write(String(performance.now() - start));
`;
const POLICY = fileURLToPath(new URL('../infra/policy.example.yaml', import.meta.url));
const QUEUE = 'https://sqs.eu-west-1.amazonaws.com/111122223333/queue.fifo';
/** Settings with which every function starts. */
const SETTINGS = {
  AWS_REGION: 'eu-west-1',
  FINDINGS_QUEUE_URL: QUEUE,
  QUARANTINE_QUEUE_URL: QUEUE,
  DEAD_LETTER_QUEUE_URLS: QUEUE,
  CANARY_QUEUE_URL: QUEUE,
  CANARY_LOG_GROUP: '/auditwire/canary',
  ALERT_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:alerts',
  CHAT_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:chat',
  INCIDENT_TABLE: 'incidents',
};

/** What it costs to load each function, as it is deployed, over one that does nothing: in new processes, in turns. */
export async function coldStarts(directory: string, rounds: number): Promise<string> {
  const empty = `${directory}/empty.js`;
  writeFileSync(empty, 'exports.handler = async () => {};');
  const artifacts = writeArtifacts(`${directory}/functions`, await bundleFunctions(), readFileSync(POLICY, 'utf8'));
  const files = new Map([
    ['an empty handler', empty],
    ...[...artifacts].map(([name, artifact]) => [name, `${artifact.directory}/index.js`] as const),
  ]);
  const times = new Map([...files.keys()].map((name): [string, number[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, file] of files) {
      note(`cold start ${round + 1} of ${rounds}: ${name}`);
      times.get(name)?.push(loadingTime(file));
    }
  }
  note('');
  const floor = times.get('an empty handler') ?? [];
  const rows = [...times].map(([name, ms]) => [
    name,
    `${median(ms).toFixed(1)} ms`,
    `${least(ms).toFixed(1)} ms`,
    `${(least(ms) - least(floor)).toFixed(1)} ms`,
  ]);
  return `Cold start: loading a function and its policy, ${rounds} new processes each

${columns([['', 'median', 'least', 'over empty'], ...rows])}`;
}

function loadingTime(file: string): number {
  const env = { PATH: process.env.PATH, ...SETTINGS, POLICY_FILE: `${dirname(file)}/policy.yaml` };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--eval', LOAD, file], { encoding: 'utf8', env });
  // The line of the bundle that throws, which Node quotes first, is the whole of it.
  const why = /^\w*Error: .*$/m.exec(stderr)?.[0];
  if (status !== 0) throw new Error(`${file} does not start: ${why}`);
  return Number(stdout);
}
