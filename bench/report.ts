import { MEMORY_MB, usdPerMillionEvents } from './cost.ts';
import { least, median } from './interleave.ts';
import type { Run } from './run-once.ts';

const HEADINGS = [
  '',
  'median',
  'least',
  '× median',
  '× least',
  '× CPU',
  'events/s',
  'parsed',
  'peak MB',
  'first ms',
  '$/M events',
];

/**
 * All measurements of one corpus as a table, compared with the first; `labels` are the words that a reader knows the
 * engines by, `events` is how many the corpus holds.
 */
export function table<Name extends string>(
  labels: Readonly<Record<Name, string>>,
  measured: Readonly<Record<Name, readonly Run[]>>,
  events: number,
): string {
  const names = namesOf(labels);
  const times = (runs: readonly Run[]) => runs.map(({ ms }) => ms);
  const cpu = (runs: readonly Run[]) => runs.map(({ cpuMs }) => cpuMs);
  const floor = names[0] ? measured[names[0]] : [];
  const rows = names.map((name) => {
    const runs = measured[name];
    const [middle, low] = [median(times(runs)), least(times(runs))];
    const judges = runs.some((run) => run.events > 0);
    const cpuMs = median(cpu(runs));
    const { payloads = 0, parsed = 0 } = runs[0] ?? {};
    return [
      labels[name],
      `${middle.toFixed(0)} ms`,
      `${low.toFixed(0)} ms`,
      (middle / median(times(floor))).toFixed(2),
      (low / least(times(floor))).toFixed(2),
      (least(cpu(runs)) / least(cpu(floor))).toFixed(2),
      Math.round((events / middle) * 1000).toLocaleString('en'),
      judges ? `${((parsed / events) * 100).toFixed(1)} %` : '',
      median(runs.map((run) => run.peakMb)).toFixed(0),
      median(runs.map((run) => run.firstMs)).toFixed(1),
      judges ? usdPerMillionEvents({ cpuMs, payloads, events }).toFixed(4) : '',
    ];
  });
  return columns([HEADINGS, ...rows]);
}

export const COLUMNS_EXPLAINED = `× is against the first line. CPU is the least time of all threads, which others on the machine disturb less.
First: a cold process's first payload, its code already loaded.
$: measured CPU time at ${MEMORY_MB} MB on Lambda arm64 and one request a payload, were its CPU as fast as this machine's.
`;

/** The keys of a record, as its type knows them. */
export const namesOf = <Name extends string>(record: Readonly<Record<Name, unknown>>) => Object.keys(record) as Name[];

/** Rows of text, the first column to the left and the others to the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}
