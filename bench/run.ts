import { parseArgs } from 'node:util';
import { measureAudit } from './audit.ts';
import { coldStarts } from './cold-start.ts';
import { withDirectory, written } from './corpus.ts';
import { comparePeers } from './peers.ts';
import { sharesParsed } from './shares.ts';
import { trailObjects } from './traffic/trail.ts';
import { auditPayloads } from './traffic.ts';
import { measureTrail } from './trail.ts';

const HELP = `Measures the engine against the least that has to be done and against what else one might use.

usage: npm run bench -- [options]
  --events N       how much traffic to generate (200000)
  --seed TEXT      another cluster's morning (1)
  --payloads FILE  in place of it, a file with one base64 gzip payload a line; the result is one line of JSON
  --runs N         how often to run each engine, in turns and in new processes (5)
  --shares         which detectors have what share of events parsed
  --peers          five rules by ours and by whatever of jq, DuckDB, Python, ripgrep, Go and simdjson is installed
  --write FILE     only writes the generated payloads
`;
/** More CloudTrail than comes with that many audit events: of less, a process's start would be the most. */
const EVENTS_PER_TRAIL_RECORD = 2;
const COLD_STARTS = 15;

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    payloads: { type: 'string' },
    runs: { type: 'string', default: '5' },
    shares: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    write: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const { seed, payloads } = values;
const events = countOf('--events', values.events);
const rounds = countOf('--runs', values.runs);

function countOf(option: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  process.stderr.write(`${option} wants a whole number from 1, not "${text}"\n`);
  process.exit(2);
}

async function bench(directory: string): Promise<void> {
  const audit = payloads ?? written(`${directory}/audit`, auditPayloads(seed, events));
  if (values.shares) process.stdout.write(sharesParsed(audit));
  else if (values.peers) process.stdout.write(comparePeers(audit, directory, rounds));
  else {
    const { text, summary } = measureAudit({ directory, path: audit, rounds });
    if (payloads) process.stderr.write(text);
    process.stdout.write(payloads ? `${JSON.stringify(summary)}\n` : `${text}\n`);
    if (payloads) return;
    const objects = trailObjects(seed, Math.ceil(events / EVENTS_PER_TRAIL_RECORD));
    const trail = written(
      `${directory}/trail`,
      objects.map((object) => object.toString('base64')),
    );
    process.stdout.write(`${measureTrail({ directory, path: trail, rounds })}\n`);
    process.stdout.write(await coldStarts(directory, COLD_STARTS));
  }
}

try {
  if (values.help) process.stdout.write(HELP);
  else if (values.write) written(values.write, auditPayloads(seed, events));
  else await withDirectory(bench);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
