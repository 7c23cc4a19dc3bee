import { parseArgs } from 'node:util';
import { didYouMean } from '../core/nearest.ts';
import { SEVERITIES, type Severity } from '../core/severity.ts';
import { SOURCE_IDS, type SourceId } from '../core/sources.ts';

/** What the caller typed cannot be carried out: told in a sentence, exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

const FORMATS = ['pretty', 'brief', 'jsonl', 'json'] as const;

type Format = (typeof FORMATS)[number];

export interface ReplayArguments {
  readonly paths: readonly string[];
  readonly source: SourceId | undefined;
  readonly format: Format;
  readonly policy: string | undefined;
  readonly minSeverity: Severity;
  readonly detectors: readonly string[] | undefined;
  /** Milliseconds since 1970. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly cluster: string | undefined;
  readonly account: string | undefined;
  readonly region: string | undefined;
  readonly all: boolean;
  readonly incidents: boolean;
  readonly failOn: Severity | undefined;
}

export const REPLAY_HELP = `Replays recorded logs through the detectors and shows the alerts they would have
raised.

usage: npm run replay -- [options] PATH...

PATH is a file, a directory, a quoted glob, or - for standard input; plain or
gzip. Understood without a flag: audit events and CloudTrail records as NDJSON,
JSON array, EventList or {"Records":[...]}, CloudWatch Logs payloads (also
inside Kinesis records), EventBridge events, and what \`aws logs
filter-log-events\`, \`aws logs get-query-results\` and \`aws cloudtrail
lookup-events\` print.

  --source WHAT        k8s-audit, cloudtrail or auditwire: what the records are
                       (auto: each is recognised by itself)
  --format FORMAT      pretty: for reading; brief: one line an alert; jsonl: one
                       alert a line, with origin.file and origin.line; json:
                       one array (default: pretty on a terminal, else jsonl)
  --policy FILE        severities, modes and suppressions of your site
  --min-severity LEVEL show alerts of this level and above: info, low, medium,
                       high, critical
  --detector ID[,ID]   judge by these detectors only, even if they are off
  --since T --until T  events from or before T: 2026-11-20,
                       2026-11-20T08:00:00Z, or 24h, 7d ago
  --cluster NAME --account ID --region R
                       where records come from that do not say; records that
                       say otherwise are left out
  --all                also detectors that are off or in shadow
  --no-incidents       every finding by itself, in input order, instead of one
                       alert per problem and hour
  --fail-on LEVEL      exit with 3 when an alert of this level or above was
                       raised

Alerts go to standard output; progress, unreadable records (file, line, reason)
and the summary to standard error.
Exit codes: 0 done, 2 wrong usage or unreadable input, 3 --fail-on met.

  npm run replay -- samples/stories
  aws logs filter-log-events --log-group-name /aws/eks/prod/cluster \\
    --log-stream-name-prefix kube-apiserver-audit- > day.json
  npm run replay -- --cluster prod day.json
  npm run replay -- --cluster prod --format brief day.json
  npm run --silent replay -- --format jsonl audit.ndjson.gz | jq .title
`;

const REPLAY_OPTIONS = {
  source: { type: 'string' },
  format: { type: 'string' },
  policy: { type: 'string' },
  'min-severity': { type: 'string' },
  detector: { type: 'string', multiple: true },
  since: { type: 'string' },
  until: { type: 'string' },
  cluster: { type: 'string' },
  account: { type: 'string' },
  region: { type: 'string' },
  all: { type: 'boolean' },
  'no-incidents': { type: 'boolean' },
  'fail-on': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the arguments of `replay`; `undefined` when help was asked for. `now` is what `24h` counts back from. */
export function parseReplayArguments(
  args: readonly string[],
  isTerminal: boolean,
  now: number,
): ReplayArguments | undefined {
  const { values, positionals } = parsed(args, REPLAY_OPTIONS);
  if (values.help) return undefined;
  if (positionals.length === 0)
    throw new UsageError('no PATH given: a file, a directory, a glob, or - for standard input');
  return {
    paths: positionals,
    source: oneOf('--source', [...SOURCE_IDS, 'auto'], values.source) as SourceId | undefined,
    format: oneOf('--format', FORMATS, values.format) ?? (isTerminal ? 'pretty' : 'jsonl'),
    policy: values.policy,
    minSeverity: oneOf('--min-severity', SEVERITIES, values['min-severity']) ?? 'info',
    detectors: values.detector?.flatMap((list) => list.split(',')).filter((id) => id !== ''),
    since: timeOf('--since', values.since, now),
    until: timeOf('--until', values.until, now),
    cluster: values.cluster,
    account: values.account,
    region: values.region,
    all: values.all ?? false,
    incidents: !values['no-incidents'],
    failOn: oneOf('--fail-on', SEVERITIES, values['fail-on']),
  };
}

/** Parses by `util.parseArgs`; an unknown option is answered with the nearest known one. */
export function parsed<
  const O extends Record<string, { type: 'string' | 'boolean'; multiple?: boolean; short?: string }>,
>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const unknown = /^Unknown option '(--?[\w-]+)'/.exec(message)?.[1];
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(unknown ? `no option ${unknown}${didYouMean(unknown, known)}` : message);
  }
}

/** The value of an option that takes one of a few words. `auto` is the same as not given. */
export function oneOf<const T extends string>(
  option: string,
  allowed: readonly T[],
  value: string | undefined,
): T | undefined {
  if (value === undefined || value === 'auto') return undefined;
  const found = allowed.find((word) => word === value);
  if (found === undefined)
    throw new UsageError(`${option} takes ${allowed.join(', ')}, not "${value}"${didYouMean(value, allowed)}`);
  return found;
}

const AGO_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function timeOf(option: string, value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const ago = /^(\d+)([mhd])$/.exec(value);
  if (ago) return now - Number(ago[1]) * AGO_MS[ago[2] as keyof typeof AGO_MS];
  // A time without a zone is UTC here, as everywhere in the logs; Date.parse would take it for local time.
  const zoned = /T.*(?:Z|[+-]\d\d:?\d\d)$/.test(value) || !value.includes('T') ? value : `${value}Z`;
  const time = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(zoned) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(`${option} takes a time like 2026-11-20, 2026-11-20T08:00:00Z or 24h, not "${value}"`);
  return time;
}
