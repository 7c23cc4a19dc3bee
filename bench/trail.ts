import { type Corpus, interleaved, least } from './interleave.ts';
import { namesOf, table } from './report.ts';

const LABELS = { trailParse: 'gunzip + parse', trailEngine: 'ours' } as const;

/** Measures CloudTrail's engine on a file with one base64 gzip object a line. */
export function measureTrail(corpus: Corpus): string {
  const measured = interleaved(namesOf(LABELS), corpus);
  const [{ events = 0, payloads = 0, alerts = 0 } = {}] = measured.trailEngine;
  const ms = (name: keyof typeof LABELS) => least(measured[name].map((run) => run.ms));
  return `${events.toLocaleString('en')} CloudTrail records in ${payloads} objects, ${alerts} alerts

${table(LABELS, measured, events)}
ours / (gunzip + parse)            ${(ms('trailEngine') / ms('trailParse')).toFixed(2)}
`;
}
