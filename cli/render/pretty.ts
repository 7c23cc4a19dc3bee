import { styleText } from 'node:util';
import type { Alert } from '../../core/alert.ts';
import type { Severity } from '../../core/severity.ts';
import { wrapped, wrappedCommand } from './wrap.ts';

type Style = Parameters<typeof styleText>[0];

const SEVERITY_STYLE: Readonly<Record<Severity, Style>> = {
  critical: ['bold', 'white', 'bgRed'],
  high: ['bold', 'red'],
  medium: ['bold', 'yellow'],
  low: ['bold', 'cyan'],
  info: ['bold', 'gray'],
};

const LABEL_WIDTH = 9;
/** As wide as a severity with a blank before and behind it. */
export const SEVERITY_WIDTH = 10;
const BRIEF_TIME_WIDTH = 'yyyy-mm-dd hh:mm:ss'.length;
const MARGIN = ' '.repeat(LABEL_WIDTH + 2);
const MIN_WIDTH = 40;
const MAX_WIDTH = 120;

/** How a terminal shows things: how wide it is, and whether it shows colour. */
export interface Terminal {
  readonly width: number;
  /** Whether a person watches. What programs read by the line is not broken elsewhere. */
  readonly isWatched?: boolean;
  style(style: Style, text: string): string;
}

/** The terminal behind a stream; as wide as a page and without colour where it is none. */
export function terminalOf(stream: NodeJS.WriteStream): Terminal {
  return {
    isWatched: stream.isTTY ?? false,
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
 * next. A roll-up comes after the alert whose repeats it counts, and says no more than that. Everything in an alert is
 * inert already, so it is printed as it is. `found` is where its record was read.
 */
export function prettyAlert(alert: Alert, terminal: Terminal, found?: string): string {
  const { event, actor, target, detector, links } = alert;
  const { state, count, sampleEventIds, targets = [], moreTargets } = alert.incident;
  const { style, width } = terminal;
  const prose = (text: string | false | undefined) => (text ? wrapped(text, MARGIN, width) : []);
  const said = saidBy(actor);
  const isRollUp = state === 'closed';
  const unnamed = count - sampleEventIds.length;
  const name = [target.namespace, target.name].filter(Boolean).join('/');

  const facts: [label: string, lines: readonly string[]][] = [
    ['incident', prose(incidentWords(alert))],
    ['targets', prose(targets.length > 1 && [...targets, ...(moreTargets ? ['and more'] : [])].join(', '))],
    ['why', prose(!isRollUp && alert.description)],
    ['severity', prose(!isRollUp && alert.severityReason)],
    [
      'who',
      [
        joined(
          actor.username && said(actor.arn === actor.username ? 'arn' : 'username', actor.username),
          actor.impersonatedUsername && `acting as ${said('impersonatedUsername', actor.impersonatedUsername)}`,
        ),
        actor.arn !== actor.username && said('arn', actor.arn),
        joined(
          actor.accessKeyId && `key ${said('accessKeyId', actor.accessKeyId)}`,
          actor.groups?.length && `groups ${said('groups', actor.groups.join(', '))}`,
        ),
      ].flatMap(prose),
    ],
    [
      'from',
      [
        joined(said('sourceIp', actor.sourceIp), said('userAgent', actor.userAgent)),
        actor.forwardedFor && `forwarded for ${said('forwardedFor', actor.forwardedFor.join(', '))}`,
      ].flatMap(prose),
    ],
    [
      'what',
      [
        joined(event.action, target.resource, name, `→ ${event.outcome}`, event.partial && '(by a part of its record)'),
        event.requestUri,
      ].flatMap(prose),
    ],
    ['where', prose(placeOf(event))],
    ['evidence', isRollUp ? [] : evidenceLines(alert, terminal)],
    ['events', prose(isRollUp && joined(...sampleEventIds, unnamed > 0 && `and ${unnamed} more`))],
    ['next', isRollUp ? [] : alert.nextSteps.flatMap((step) => wrappedCommand(step, MARGIN, width))],
    [
      'find it',
      isRollUp
        ? []
        : [found, event.origin && `log group ${event.origin.logGroup}`, links.logsInsightsQuery].flatMap(prose),
    ],
    // Whole, however long: terminals make a link of it.
    ['runbook', isRollUp ? [] : [MARGIN + detector.runbook]],
  ];

  const lines = [
    ...headOf(alert, terminal),
    ...wrapped(alert.title, '  ', width).map((line) => style('bold', line)),
    ...facts.flatMap(([label, [first, ...rest]]) =>
      first === undefined ? [] : [`  ${style('dim', label.padEnd(LABEL_WIDTH))}${first.slice(MARGIN.length)}`, ...rest],
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** One alert on a line of its own, or as few as it takes where a person watches. */
export function briefAlert(alert: Alert, terminal: Terminal): string {
  const { severity, event, incident, title, detector } = alert;
  const time = (event.time ?? '').slice(0, 'yyyy-mm-ddThh:mm:ss'.length).replace('T', ' ').padEnd(BRIEF_TIME_WIDTH);
  const count = incident.state === 'opened' ? '' : `(${progressWord(incident.state)}, ${incident.count} findings) `;
  const margin = ' '.repeat(BRIEF_TIME_WIDTH + SEVERITY_WIDTH + 2);
  const [first = '', ...rest] = wrapped(
    `${count}${title}  ${detector.id}`,
    margin,
    terminal.isWatched ? terminal.width : Infinity,
  );
  const head = `${severityWord(severity, terminal)} ${terminal.style('dim', time)} `;
  return `${[head + first.slice(margin.length), ...rest].join('\n')}\n`;
}

/** How bad, when, and by which detector; the last on a line of its own where there is no room. */
function headOf({ severity, event, detector }: Alert, terminal: Terminal): string[] {
  const time = event.time ?? 'no time';
  const head = `${severityWord(severity, terminal)}  ${terminal.style('dim', time)}`;
  const room = terminal.width - SEVERITY_WIDTH - time.length - 4;
  if (detector.id.length <= room) return [`${head}  ${detector.id}`];
  return [head, ...wrapped(detector.id, '  ', terminal.width)];
}

/** Marks what the client could have set to anything. Of an ARN that is the name of the session at its end. */
function saidBy({ clientChosen }: Alert['actor']): (field: string, value: string | undefined) => string | undefined {
  const chosen = new Set(clientChosen);
  return (field, value) => {
    if (!value || !chosen.has(field)) return value;
    return `${value} (${field === 'arn' ? 'session: ' : ''}client’s word)`;
  };
}

function placeOf({ source, cluster, account, region }: Alert['event']): string | undefined {
  const isUnknown = source === 'k8s-audit' && !cluster;
  return joined(
    cluster && `cluster ${cluster}`,
    isUnknown && 'cluster unknown: give --cluster NAME',
    account && `account ${account}`,
    region,
  );
}

/** The facts that a detector names, without those that hold nothing. */
function evidenceLines({ evidence }: Alert, { style, width }: Terminal): string[] {
  return Object.entries(evidence).flatMap(([fact, value]) => {
    const shown = Array.isArray(value) ? value.join(' · ') : String(value);
    if (shown === '') return [];
    const [first = '', ...rest] = wrapped(`${fact}: ${shown}`, MARGIN, width);
    return [first.replace(`${fact}:`, (head) => style('dim', head)), ...rest];
  });
}

function incidentWords({ incident }: Alert): string | undefined {
  const { state, count, firstSeen, lastSeen } = incident;
  if (state === 'opened') return undefined;
  const times = firstSeen && lastSeen ? ` from ${firstSeen} to ${lastSeen}` : '';
  return `${progressWord(state)}: ${count} findings${times}`;
}

function progressWord(state: Alert['incident']['state']): string {
  return state === 'closed' ? 'roll-up' : state;
}

function joined(...parts: readonly (string | number | false | undefined)[]): string | undefined {
  return parts.filter((part) => part).join('  ') || undefined;
}
