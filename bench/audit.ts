import { type Corpus, interleaved, least } from './interleave.ts';
import { COLUMNS_EXPLAINED, namesOf, table } from './report.ts';
import type { Run } from './run-once.ts';

const LABELS = {
  floor: 'base64 + gunzip',
  envelope: '+ parse the envelope',
  parseAll: '+ parse every event',
  straight: '+ zod and every detector (straightforward)',
  indexed: 'ours without its scanner',
  engine: 'ours',
  scanner: '  of that the scanner, with gunzip',
  scannerTwice: '  the same with twice the detectors',
} as const;

/** What `--payloads` answers; milliseconds are the least of all runs. */
export interface Summary {
  readonly events: number;
  readonly alerts: number;
  readonly alertsHash: string;
  readonly msFloor: number;
  readonly msEnvelope: number;
  readonly msParseAll: number;
  readonly msStraight: number;
  readonly msEngine: number;
  readonly shareParsed: number;
}

/** Measures the engines on a file of payloads. Throws where the straightforward engine and ours alert differently. */
export function measureAudit(corpus: Corpus): { readonly text: string; readonly summary: Summary } {
  const measured = interleaved(namesOf(LABELS), corpus);
  const hashes = new Set([...measured.straight, ...measured.indexed, ...measured.engine].map(outcomeOf));
  const [run] = measured.engine;
  if (!run || hashes.size !== 1)
    throw new Error(`the engines do not agree (straightforward, ours without its scanner, ours):
  ${[measured.straight, measured.indexed, measured.engine].map((runs) => runs[0] && outcomeOf(runs[0])).join('\n  ')}`);

  const { events, payloads, alerts, alertsHash, parsed } = run;
  const ms = (name: keyof typeof LABELS) => least(measured[name].map((each) => each.ms));
  const summary = {
    events,
    alerts,
    alertsHash,
    msFloor: ms('floor'),
    msEnvelope: ms('envelope'),
    msParseAll: ms('parseAll'),
    msStraight: ms('straight'),
    msEngine: ms('engine'),
    shareParsed: events === 0 ? 0 : parsed / events,
  };
  const firsts = (name: keyof typeof LABELS) => least(measured[name].map((each) => each.firstMs));
  const text = `${count(events)} audit events in ${count(payloads)} payloads, ${count(alerts)} alerts; ${corpus.rounds} runs of each in turns

${table(LABELS, measured, events)}
${COLUMNS_EXPLAINED}
ours / (base64 + gunzip)           ${(summary.msEngine / summary.msFloor).toFixed(2)}
ours / straightforward             ${(summary.msEngine / summary.msStraight).toFixed(2)}
first payload / without scanner    ${(firsts('engine') / firsts('indexed')).toFixed(2)}
scanner with twice the detectors   ${(ms('scannerTwice') / ms('scanner')).toFixed(2)}
`;
  return { text, summary };
}

const count = (n: number) => n.toLocaleString('en');
const outcomeOf = ({ alerts, alertsHash }: Run) => `${count(alerts)} alerts, ${alertsHash}`;
