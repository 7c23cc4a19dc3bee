import type { Counts } from '../../core/pipeline.ts';
import { SEVERITIES, type Severity } from '../../core/severity.ts';
import type { Terminal } from './pretty.ts';
import { wrapped } from './wrap.ts';

/** What became of findings, so that `findings = alerted + folded + muted`. */
export interface Told {
  alerted: number;
  folded: number;
  muted: number;
  /** Of the muted: by a suppression, by shadow mode, below the severity asked for. */
  suppressed: number;
  shadow: number;
  below: number;
  /** Alerts that tell nothing new but how often it was seen. */
  rollUps: number;
}

/** How many alerts of which severity there were, and of how many findings; roll-ups count for none. */
export class Tally {
  readonly alerts: Record<Severity, number> = { info: 0, low: 0, medium: 0, high: 0, critical: 0 };
  findings = 0;
}

/** Tallies by name. */
export type Tallies = ReadonlyMap<string, Tally>;

const WORST_FIRST = SEVERITIES.toReversed();
/** What is told of severities in a table: `critical` and `medium` do not fit over a number. */
const COLUMNS: Readonly<Record<Severity, string>> = {
  critical: 'crit',
  high: 'high',
  medium: 'med',
  low: 'low',
  info: 'info',
};
const COLUMN_WIDTH = 5;
/** A name with less room beside its numbers stands below them. */
const MIN_NAME_WIDTH = 20;
const FINDINGS_WIDTH = 'findings'.length + 2;
/** Of more inputs than these, only those are listed that had findings. */
const MAX_LISTED = 20;

/**
 * The end of a replay: what was raised by which detector, worst first, and from which input where there are several; and a
 * last line in which every record is accounted for.
 */
export function summary(
  counts: Counts,
  told: Told,
  { byDetector, byInput }: { readonly byDetector: Tallies; readonly byInput: Tallies },
  seconds: number,
  terminal: Terminal,
): string {
  const detectors = [...byDetector].sort(([, a], [, b]) => worseFirst(a, b));
  const inputs = [...byInput].filter(([, { findings }]) => findings > 0 || byInput.size <= MAX_LISTED);
  const left = byInput.size - inputs.length;
  const columns = WORST_FIRST.filter(
    (severity) => severity !== 'info' || detectors.some(([, { alerts }]) => alerts.info > 0),
  );
  const rate = seconds > 0 ? `, ${Math.round(counts.records / seconds).toLocaleString('en')} records/s` : '';
  const why = [
    [told.suppressed, 'suppressed'],
    [told.shadow, 'in shadow'],
    [told.below, 'below --min-severity'],
  ].flatMap(([count, word]) => (count ? [`${count} ${word}`] : []));
  const result = `${plural(told.alerted, 'alert')}${told.rollUps > 0 ? ` and ${plural(told.rollUps, 'roll-up')}` : ''}`;
  return [
    ...(detectors.length > 0 ? [...table('detector', detectors, columns, '-', terminal), ''] : []),
    ...(detectors.length > 0 && byInput.size > 1 ? [...table('input', inputs, columns, '0', terminal)] : []),
    ...(detectors.length > 0 && left > 0 ? [`and ${plural(left, 'input')} without a finding`] : []),
    ...(detectors.length > 0 && byInput.size > 1 ? [''] : []),
    ...sentences(
      `${result} in ${seconds.toFixed(1)} s${rate}${why.length > 0 ? `; muted: ${why.join(', ')}` : ''}`,
      terminal,
    ),
    ...sentences(conservation(counts, told), terminal),
    '',
  ].join('\n');
}

/** Alerts by severity, and findings, of everything that has a name. */
function table(
  heading: string,
  rows: readonly (readonly [name: string, tally: Tally])[],
  columns: readonly Severity[],
  none: '-' | '0',
  terminal: Terminal,
): string[] {
  const margin = ' '.repeat(columns.length * COLUMN_WIDTH - 1 + FINDINGS_WIDTH + 2);
  const line = (cells: readonly string[], findings: string, name: string) => {
    const numbers = cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join('') + findings.padStart(FINDINGS_WIDTH);
    const width = terminal.isWatched ? terminal.width : Infinity;
    if (width - margin.length < MIN_NAME_WIDTH) return [numbers.slice(1), ...wrapped(name, '  ', width)];
    const [first = '', ...rest] = wrapped(name, margin, width);
    return [`${numbers.slice(1)}  ${first.slice(margin.length)}`, ...rest];
  };
  return [
    ...line(
      columns.map((severity) => COLUMNS[severity]),
      'findings',
      heading,
    ).map((head) => terminal.style('dim', head)),
    ...rows.flatMap(([name, { alerts, findings }]) =>
      line(
        columns.map((severity) => (alerts[severity] === 0 ? none : String(alerts[severity]))),
        String(findings),
        name,
      ),
    ),
  ];
}

function worseFirst(a: Tally, b: Tally): number {
  const severity = WORST_FIRST.find((one) => a.alerts[one] !== b.alerts[one]);
  return severity ? b.alerts[severity] - a.alerts[severity] : b.findings - a.findings;
}

/** The line that every run ends with: `counts` say what became of records, `told` what became of findings. */
export function conservation(counts: Counts, told: Pick<Told, 'alerted' | 'folded' | 'muted'>): string {
  const { records, quiet, found, quarantined, control, skipped, findings } = counts;
  return (
    `records ${records} = quiet ${quiet} + found ${found} + quarantined ${quarantined} + control ${control}` +
    `${skipped > 0 ? ` + left out ${skipped}` : ''}; ` +
    `findings ${findings} = alerted ${told.alerted} + folded ${told.folded} + muted ${told.muted}`
  );
}

/** A line of several statements: one line, or one for each where a person watches and all have no room on one. */
export function sentences(line: string, { isWatched, width }: Terminal): string[] {
  if (!isWatched || line.length <= width) return [line];
  return line.split(/(?<=;) /).flatMap((statement) => wrapped(statement, '', width));
}

/** A number of things, in words. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
