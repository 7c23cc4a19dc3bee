import type { Alert } from '../../core/alert.ts';
import type { Counts } from '../../core/pipeline.ts';
import { SEVERITIES } from '../../core/severity.ts';
import { severityWord, type Terminal } from './pretty.ts';

/** What became of findings, so that `findings = alerted + folded + muted`. */
export interface Told {
  alerted: number;
  folded: number;
  muted: number;
  /** Of the muted: by a suppression, by shadow mode, below the severity asked for. */
  suppressed: number;
  shadow: number;
  below: number;
}

/** Which detectors spoke how often, worst first: by id, the worst alert and the number of alerts. */
export type Tally = ReadonlyMap<string, { readonly worst: Alert; readonly alerts: number; readonly findings: number }>;

/** The end of a replay: what was raised by which detector, and a last line in which every record is accounted for. */
export function summary(counts: Counts, told: Told, tally: Tally, seconds: number, terminal: Terminal): string {
  const rows = [...tally.values()].sort(
    (a, b) => SEVERITIES.indexOf(b.worst.severity) - SEVERITIES.indexOf(a.worst.severity) || b.findings - a.findings,
  );
  const lines = rows.map(
    ({ worst, alerts, findings }) =>
      `${severityWord(worst.severity, terminal)} ${String(alerts).padStart(5)} ${alerts === 1 ? 'alert ' : 'alerts'}` +
      `${String(findings).padStart(7)} ${findings === 1 ? 'finding ' : 'findings'}  ${worst.detector.id}`,
  );
  const rollUps = rows.reduce((sum, { alerts }) => sum + alerts, 0) - told.alerted;
  const rate = seconds > 0 ? `, ${Math.round(counts.records / seconds).toLocaleString('en')} records/s` : '';
  const why = [
    [told.suppressed, 'suppressed'],
    [told.shadow, 'in shadow'],
    [told.below, 'below --min-severity'],
  ].flatMap(([count, word]) => (count ? [`${count} ${word}`] : []));
  return [
    ...lines,
    ...(lines.length > 0 ? [''] : []),
    `${plural(told.alerted, 'alert')}${rollUps > 0 ? ` and ${plural(rollUps, 'roll-up')}` : ''} in ${seconds.toFixed(1)} s${rate}${why.length > 0 ? `; muted: ${why.join(', ')}` : ''}`,
    conservation(counts, told),
    '',
  ].join('\n');
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

/** A number of things, in words. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
