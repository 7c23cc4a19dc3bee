import type { RegisteredDetector } from '../core/detector.ts';
import { DEFAULT_POLICY } from '../core/policy.ts';
import { auditwireDetectors } from '../detectors/auditwire/index.ts';
import { cloudtrailDetectors } from '../detectors/cloudtrail/index.ts';
import { k8sAuditDetectors } from '../detectors/k8s-audit/index.ts';
import { oneOf, parsed } from './arguments.ts';
import { severityWord, terminalOf } from './render/pretty.ts';

/** Every detector there is. */
export const detectors: readonly RegisteredDetector[] = [
  ...k8sAuditDetectors,
  ...cloudtrailDetectors,
  ...auditwireDetectors,
];

const DETECTORS_HELP = `Lists every detector.

usage: npm run detectors -- [--format pretty|json]
`;

/** The `detectors` command: a table, or one JSON array with everything that a detector declares. */
export function listDetectors(args: readonly string[]): void {
  const { values } = parsed(args, { format: { type: 'string' }, help: { type: 'boolean', short: 'h' } });
  const format = oneOf('--format', ['pretty', 'json'], values.format) ?? 'pretty';
  if (values.help) process.stdout.write(DETECTORS_HELP);
  else process.stdout.write(format === 'json' ? asJson() : asTable());
}

function asJson(): string {
  const listed = detectors.map(({ detector }) => {
    const { id, title, description, source, severity, mode = 'on', covers, mitre, when } = detector;
    const runbook = `${DEFAULT_POLICY.runbookBaseUrl}/${id}/runbook.md`;
    return { id, title, description, source, severity, mode, covers, mitre, when, runbook };
  });
  return `${JSON.stringify(listed, null, 2)}\n`;
}

function asTable(): string {
  const terminal = terminalOf(process.stdout);
  const width = Math.max(...detectors.map(({ detector }) => detector.id.length));
  const rows = detectors.map(({ detector: { id, title, severity, mode = 'on' } }) => {
    const shown = mode === 'on' ? '' : terminal.style('dim', ` (${mode})`);
    return `${severityWord(severity, terminal)} ${id.padEnd(width)}  ${title}${shown}\n`;
  });
  return rows.join('');
}
