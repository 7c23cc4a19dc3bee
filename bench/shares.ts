import type { RegisteredDetector } from '../core/detector.ts';
import { createEngine } from '../core/engine.ts';
import { createScanner } from '../core/k8s-audit/scan.ts';
import { type AuditWhen, k8sAudit } from '../core/k8s-audit/source.ts';
import { k8sAuditDetectors } from '../detectors/k8s-audit/index.ts';
import { messagesOf } from './corpus.ts';
import { columns } from './report.ts';

const MAX_EVENTS = 20_000;

/**
 * What share of events each detector has parsed, were it the only one: those that the scanner cannot prove quiet. Beside
 * it, the share that its `when` lets through, which is the most that the scanner may leave.
 */
export function sharesParsed(path: string): string {
  const messages = [...messagesOf(path).filter(isEvent).take(MAX_EVENTS)];
  const events = messages.map((message) => k8sAudit.schema.parse(JSON.parse(message)));
  const lines = messages.map((message) => Buffer.from(message));
  const parsedBy = (detectors: readonly RegisteredDetector[]) => {
    const scanner = createScanner(createEngine(k8sAudit, detectors));
    return lines.filter((line) => !scanner.isQuiet(line)).length;
  };
  const rows = k8sAuditDetectors.map((registered) => {
    const { id, mode = 'on' } = registered.detector;
    const when = registered.detector.when as AuditWhen;
    const keys = new Set(k8sAudit.selects(when));
    const wakes = events.filter(
      (event) => k8sAudit.answers(event).some((key) => keys.has(key)) && k8sAudit.admits(when, event),
    );
    const found = wakes.filter((event) => registered.detector.detect(event as never) !== undefined);
    return { id: mode === 'on' ? id : `${id} (${mode})`, parsed: parsedBy([registered]), wakes, found };
  });
  const share = (part: number) => `${((part / lines.length) * 100).toFixed(3)} %`;
  const isOn = ({ detector }: RegisteredDetector) => (detector.mode ?? 'on') === 'on';
  return columns([
    ['detector', 'parsed', 'by when', 'found'],
    ...rows
      .toSorted((a, b) => b.parsed - a.parsed)
      .map(({ id, parsed, wakes, found }) => [id, share(parsed), share(wakes.length), share(found.length)]),
    ['all that are on', share(parsedBy(k8sAuditDetectors.filter(isOn))), '', ''],
    ['with no detector at all', share(parsedBy([])), '', ''],
  ]);
}

function isEvent(message: string): boolean {
  try {
    return k8sAudit.schema.safeParse(JSON.parse(message)).success;
  } catch {
    return false;
  }
}
