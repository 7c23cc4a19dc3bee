import { styleText } from 'node:util';
import type { Alert } from '../../core/alert.ts';
import type { Severity } from '../../core/severity.ts';

type Style = Parameters<typeof styleText>[0];

const SEVERITY_STYLE: Readonly<Record<Severity, Style>> = {
  critical: ['bold', 'white', 'bgRed'],
  high: ['bold', 'red'],
  medium: ['bold', 'yellow'],
  low: ['bold', 'cyan'],
  info: ['bold', 'gray'],
};

const LABEL_WIDTH = 9;
const MIN_WIDTH = 40;
const MAX_WIDTH = 120;

/** How a terminal shows things: how wide it is, and whether it shows colour. */
export interface Terminal {
  readonly width: number;
  style(style: Style, text: string): string;
}

/** The terminal behind a stream; as wide as a page and without colour where it is none. */
export function terminalOf(stream: NodeJS.WriteStream): Terminal {
  return {
    width: Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, (stream.isTTY && stream.columns) || 100)),
    // Validation against the stream drops colour where it is no terminal, and heeds NO_COLOR.
    style: (style, text) => styleText(style, text, { stream }),
  };
}

/** A severity as a word of one width in its colour. */
export function severityWord(severity: Severity, terminal: Terminal): string {
  return terminal.style(SEVERITY_STYLE[severity], ` ${severity.toUpperCase().padEnd(8)} `);
}

/**
 * One alert as an analyst reads it: how bad, what happened, who did it from where, to what, the evidence, what to do
 * next. Everything in an alert is inert already, so it is printed as it is.
 */
export function prettyAlert(alert: Alert, terminal: Terminal): string {
  const { event, actor, target, detector } = alert;
  const place = [event.cluster && `cluster ${event.cluster}`, event.account, event.region].filter(Boolean).join('  ');
  const chosen = new Set(actor.clientChosen);
  const said = (field: string, value: string | undefined) =>
    value && (chosen.has(field) ? `${value} (client’s word)` : value);
  const name = [target.namespace, target.name].filter(Boolean).join('/');

  const rows: [string, string | undefined][] = [
    ['incident', incidentWords(alert)],
    ['why', alert.description],
    ['severity', alert.severityReason],
    ['who', joined(actor.username, actor.impersonatedUsername && `acting as ${actor.impersonatedUsername}`)],
    ['', actor.arn === actor.username ? undefined : actor.arn],
    [
      '',
      joined(
        actor.accessKeyId && `key ${actor.accessKeyId}`,
        actor.groups?.length && `groups ${actor.groups.join(', ')}`,
      ),
    ],
    ['from', joined(actor.sourceIp, said('userAgent', actor.userAgent))],
    ['', actor.forwardedFor && `claims to forward for ${actor.forwardedFor.join(', ')}`],
    [
      'what',
      joined(event.action, target.resource, name, `→ ${event.outcome}`, event.partial && '(by a part of its record)'),
    ],
    ['', event.requestUri],
    ['where', place || undefined],
    ...Object.entries(alert.evidence).map(([fact, value]): [string, string] => [
      'evidence',
      `${terminal.style('dim', `${fact}:`)} ${Array.isArray(value) ? value.join(' · ') : value}`,
    ]),
    ...alert.nextSteps.map((step): [string, string] => ['next', step]),
    ['find it', alert.links.logsInsightsQuery],
    ['runbook', detector.runbook],
  ];

  const lines = [
    [severityWord(alert.severity, terminal), terminal.style('dim', event.time ?? 'no time'), detector.id].join('  '),
    ...wrapped(alert.title, '  ', terminal.width).map((line) => terminal.style('bold', line)),
  ];
  let lastLabel = '';
  for (const [label, text] of rows) {
    if (!text) continue;
    const shown = label === lastLabel ? '' : label;
    lastLabel = label || lastLabel;
    const margin = ' '.repeat(LABEL_WIDTH + 2);
    const [first = '', ...rest] = wrapped(text, margin, terminal.width);
    lines.push(`  ${terminal.style('dim', shown.padEnd(LABEL_WIDTH))}${first.slice(margin.length)}`, ...rest);
  }
  return `${lines.join('\n')}\n`;
}

function incidentWords({ incident }: Alert): string | undefined {
  const { state, count, firstSeen, lastSeen } = incident;
  if (state === 'opened') return undefined;
  const times = firstSeen && lastSeen ? ` from ${firstSeen} to ${lastSeen}` : '';
  return `${state === 'closed' ? 'roll-up' : state}: ${count} findings${times}`;
}

function joined(...parts: readonly (string | number | undefined)[]): string | undefined {
  return parts.filter((part) => part).join('  ') || undefined;
}

/** Lines of at most `width`, each behind `margin`; a word longer than that, such as a link, stays whole. */
export function wrapped(text: string, margin: string, width: number): string[] {
  const lines: string[] = [];
  let line = margin;
  for (const word of text.split(' ')) {
    if (line.length > margin.length && line.length + 1 + visibleLength(word) > width) {
      lines.push(line);
      line = margin;
    }
    line += line.length > margin.length ? ` ${word}` : word;
  }
  return [...lines, line];
}

function visibleLength(word: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours, which take no room
  return word.replace(/\u001b\[\d+m/g, '').length;
}
