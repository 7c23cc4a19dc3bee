import { type Detector, MODES, type RegisteredDetector } from '../core/detector.ts';
import { DEFAULT_POLICY } from '../core/policy.ts';
import { auditwireDetectors } from '../detectors/auditwire/index.ts';
import { cloudtrailDetectors } from '../detectors/cloudtrail/index.ts';
import { k8sAuditDetectors } from '../detectors/k8s-audit/index.ts';
import { oneOf, parsed } from './arguments.ts';
import { SEVERITY_WIDTH, severityWord, type Terminal, terminalOf } from './render/pretty.ts';
import { plural } from './render/summary.ts';
import { wrapped } from './render/wrap.ts';

const MARK_WIDTH = 13;
const MIN_TITLE_WIDTH = 40;

/** Every detector there is. */
export const detectors: readonly RegisteredDetector[] = [
  ...k8sAuditDetectors,
  ...cloudtrailDetectors,
  ...auditwireDetectors,
];

const DETECTORS_HELP = `Lists every detector.

usage: npm run detectors -- [--format pretty|json]

pretty is a table; json has everything that a detector declares.
`;

/** What stands in brackets behind a title, as far as there is any of its kind. */
const MARKS: Readonly<Record<string, string>> = {
  off: 'judges nothing until your policy turns it on; replay has --detector and --all to try it',
  shadow: 'judges and is counted, and nobody is told until your policy turns it on',
  activity: 'ordinary work; worth a record, seldom an alert',
  policy: 'a workload that falls short of a standard; no sign of an attack',
};

/** The `detectors` command: a table, or one JSON array with everything that a detector declares. */
export function listDetectors(args: readonly string[]): void {
  const { values } = parsed(args, { format: { type: 'string' }, help: { type: 'boolean', short: 'h' } });
  const format = oneOf('--format', ['pretty', 'json'], values.format) ?? 'pretty';
  if (values.help) process.stdout.write(DETECTORS_HELP);
  else process.stdout.write(format === 'json' ? asJson() : detectorTable(terminalOf(process.stdout)));
}

function asJson(): string {
  const listed = detectors.map(({ detector }) => {
    const { id, title, description, source, severity, mode = 'on', covers, mitre, when } = detector;
    const runbook = `${DEFAULT_POLICY.runbookBaseUrl}/${id}/runbook.md`;
    return { id, title, description, source, severity, mode, covers, mitre, when, runbook };
  });
  return `${JSON.stringify(listed, null, 2)}\n`;
}

/** Every detector with what it finds, how many there are, and what the marks behind them mean. */
export function detectorTable(terminal: Terminal): string {
  const width = terminal.isWatched ? terminal.width : Infinity;
  const idWidth = Math.max(...detectors.map(({ detector }) => detector.id.length));
  // Where titles would have too little room beside the ids they stand below them.
  const isBeside = width - SEVERITY_WIDTH - idWidth - 3 >= MIN_TITLE_WIDTH;
  const margin = ' '.repeat(SEVERITY_WIDTH + 1 + (isBeside ? idWidth + 2 : 0));
  const heading = isBeside ? `${'detector'.padEnd(idWidth)}  what it finds` : 'detector, and what it finds';
  const rows = detectors.map(({ detector }) => {
    const { id, severity } = detector;
    const [first = '', ...rest] = wrapped(markedTitleOf(detector), margin, width);
    const head = `${severityWord(severity, terminal)} ${id}`;
    const beside = `${head}${' '.repeat(idWidth - id.length + 2)}${first.slice(margin.length)}`;
    return [...(isBeside ? [beside] : [head, first]), ...rest].join('\n');
  });
  return [
    terminal.style('dim', ` ${'severity'.padEnd(SEVERITY_WIDTH)}${heading}`),
    ...rows,
    '',
    ...legend(width),
    '',
  ].join('\n');
}

/** How many there are, and what stands in brackets behind their titles. */
function legend(width: number): string[] {
  const titles = detectors.map(({ detector }) => markedTitleOf(detector));
  const marks = Object.keys(MARKS).filter((mark) => titles.some((title) => title.includes(`(${mark})`)));
  const modes = MODES.flatMap((mode) => {
    const { length } = detectors.filter(({ detector }) => mode !== 'on' && detector.mode === mode);
    return length > 0 ? [`${length} ${mode}`] : [];
  });
  return [
    [plural(detectors.length, 'detector'), ...modes].join(', '),
    ...marks.flatMap((mark) => {
      const [first = '', ...rest] = wrapped(MARKS[mark] ?? '', ' '.repeat(MARK_WIDTH), width);
      return [`  (${mark})`.padEnd(MARK_WIDTH) + first.slice(MARK_WIDTH), ...rest];
    }),
  ];
}

function markedTitleOf({ title, mode = 'on' }: Detector): string {
  return mode === 'on' ? title : `${title} (${mode})`;
}
