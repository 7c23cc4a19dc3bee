import type { Alert } from '../core/alert.ts';
import { targetTextOf } from '../core/incidents/targets.ts';
import { cut } from '../core/inert.ts';
import { ACCOUNT, CLUSTER } from '../core/log-sources/log-source.ts';
import { severityRank } from '../core/severity.ts';
import type { StringAttribute } from './attributes.ts';

/** SNS wants fewer than 100 characters. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
export const MAX_SUBJECT_LENGTH = 99;
/** One part of a text message has room for this in the alphabet that every telephone knows. */
export const MAX_SMS_LENGTH = 140;
/** In UTF-16 units: with the alert's 64 KiB, both written as JSON once more, it stays below the 256 KiB of SNS. */
export const MAX_EMAIL_LENGTH = 16 * 1024;

/** A cluster's name may be as long as a whole subject. */
const MAX_PLACE_LENGTH = 32;
const MAX_ROW_LENGTH = 1000;
/** Programs that read mail break longer addresses, and ours are that long only if a name in them is. */
const MAX_LINK_LENGTH = 2000;

/** An alert as SNS publishes it. */
export interface AlertMessage {
  readonly Subject: string;
  readonly Message: string;
  readonly MessageStructure: 'json';
  readonly MessageAttributes: Record<string, StringAttribute>;
}

/** An alert as JSON for programs, as text for mail and telephones, and with attributes for filter policies. */
export function messageOf(alert: Alert): AlertMessage {
  return {
    Subject: subjectOf(alert),
    Message: JSON.stringify({ default: JSON.stringify(alert), email: emailOf(alert), sms: smsOf(alert) }),
    MessageStructure: 'json',
    MessageAttributes: attributesOf(alert),
  };
}

/** How bad, where, what. Where comes first of what an event says, and from words that hold neither blanks nor colons. */
function subjectOf(alert: Alert): string {
  const place = placeOf(alert);
  return lineOf(`[${alert.severity.toUpperCase()}] ${place && `${place}: `}`, alert, MAX_SUBJECT_LENGTH, '…');
}

function smsOf(alert: Alert): string {
  const place = placeOf(alert);
  // A single `…` would cost half the room: it is not in that alphabet.
  return lineOf(`${alert.severity.toUpperCase()}${place && ` ${place}`}: `, alert, MAX_SMS_LENGTH, '...');
}

/** A cluster or account, if it is a name that one can have: of a request that was refused, the caller chose it. */
export function placeOf({ event: { cluster = '', account = '' } }: Alert): string {
  if (CLUSTER.test(cluster)) return shortened(cluster, MAX_PLACE_LENGTH, '...');
  return ACCOUNT.test(account) ? account : '';
}

/** A head of ours and what happened, in which nothing looks like a part of that head. */
function lineOf(head: string, alert: Alert, length: number, mark: string): string {
  const begin = head + progressOf(alert);
  const title = personFirst(alert.title)
    .replace(/:+(?=\s|$)/g, ' -')
    .replaceAll('[', '(')
    .replaceAll(']', ')');
  const end = othersOf(alert);
  return begin + shortened(defanged(title), length - begin.length - end.length, mark) + end;
}

/** `text` in at most `length` UTF-16 units, with a mark where something is missing; never ends in half a surrogate pair. */
function shortened(text: string, length: number, mark: string): string {
  if (text.length <= length) return text;
  return text.slice(0, length - mark.length).replace(/[\ud800-\udbff]$/, '') + mark;
}

/** What happened, as a mail or a chat says it first of all. A sink makes it safe. */
export function headlineOf(alert: Alert): string {
  return progressOf(alert) + personFirst(alert.title) + othersOf(alert);
}

/** How many targets the title does not name. */
function othersOf(alert: Alert): string {
  const { targets = [], moreTargets } = alert.incident;
  const own = targetTextOf(alert);
  const others = targets.filter((target) => target !== own).length;
  if (others === 0) return '';
  return ` (+${others}${moreTargets ? ' or more' : ''} ${others === 1 ? 'target' : 'targets'})`;
}

/** The role that IAM Identity Center makes of a permission set, and the user that it names a session after. */
const SSO_SESSION =
  /(?<![\w+=,.@/-])AWSReservedSSO_([\w+=,.@-]{1,32})_[\da-f]{16}\/([\w+=,.@-]{1,63}[\w+=@-])(?![\w+=@/-])/g;

/**
 * A title with `erik@example.com (PlatformAdmin)` for the long name of such a session. No other role's session can look
 * like this: neither names of roles nor of sessions hold blanks or brackets.
 */
function personFirst(title: string): string {
  return title.replace(SSO_SESSION, '$2 ($1)');
}

/** What an alert says of its incident before anything else; nothing where it opens one. */
export function progressOf({ incident: { state, count } }: Alert): string {
  if (state === 'closed') return `Roll-up of ${count}: `;
  return state === 'escalated' ? 'Now worse: ' : '';
}

function attributesOf({ detector, event, target, severity, incident }: Alert): Record<string, StringAttribute> {
  const texts = {
    severity,
    detector: detector.id,
    source: event.source,
    account: event.account,
    region: event.region,
    cluster: event.cluster,
    namespace: target.namespace,
    incidentState: incident.state,
  };
  const tactics = [...new Set(detector.mitre.map(({ tactic }) => tactic))];
  return {
    // SNS takes no empty value.
    ...Object.fromEntries(
      Object.entries(texts).flatMap(([name, value]) => (value ? [[name, attribute('String', value)]] : [])),
    ),
    severityRank: attribute('Number', String(severityRank(severity))),
    tactic: attribute('String.Array', JSON.stringify(tactics)),
  };
}

function attribute(DataType: StringAttribute['DataType'], StringValue: string): StringAttribute {
  return { DataType, StringValue };
}

/**
 * An alert as a mail to a person in a hurry. Mail programs make links of whatever looks like one, so that of all
 * addresses only ours are left whole.
 */
function emailOf(alert: Alert): string {
  const { detector, links } = alert;
  const facts = (rows: Readonly<Record<string, string | undefined>>) =>
    Object.entries(rows).flatMap(([name, value]) =>
      value ? [`${`${name}:`.padEnd(14)}${cut(defanged(value), MAX_ROW_LENGTH)}`] : [],
    );
  const link = (name: string, url = '') => (url && url.length <= MAX_LINK_LENGTH ? [`${name}: ${url}`] : []);
  const beginning = inSections(
    [`${alert.severity.toUpperCase()}: ${defanged(headlineOf(alert))}`],
    [defanged(alert.description), ...facts({ Severity: alert.severityReason })],
    facts(factsOf(alert)),
  );
  const evidence = headed(
    'Evidence',
    Object.entries(evidenceOf(alert)).map(([name, value]) => `${name}: ${defanged(value)}`),
  );
  const end = inSections(
    // A step must be pasted as it is: one that holds an address stays out.
    headed(
      'Next steps',
      alert.nextSteps.filter((step) => step === defanged(step)),
    ),
    [
      `Runbook: ${detector.runbook}`,
      ...link('Open in Logs Insights', links.logsInsights),
      ...link('Console', links.console),
      `Logs Insights: ${defanged(links.logsInsightsQuery)}`,
      `Alert ${alert.alertId} of ${detector.id}`,
    ],
  );
  // However much an event holds, the evidence leaves room for what comes after it.
  const shown = cut(beginning, MAX_EMAIL_LENGTH / 2);
  const room = MAX_EMAIL_LENGTH - shown.length - end.length - 2 * SECTION_BREAK.length;
  return cut(inSections([shown], [cut(evidence.join('\n'), Math.max(0, room))], [end]), MAX_EMAIL_LENGTH);
}

const SECTION_BREAK = '\n\n';

function inSections(...sections: readonly (readonly string[])[]): string {
  const texts = sections.map((lines) => lines.join('\n'));
  return texts.filter((text) => text !== '').join(SECTION_BREAK);
}

const CLIENTS_WORD = "(the client's word)";
const SESSION_WORD = "(session name: the client's word)";

/**
 * What happened, as its reader asks for it: who, what, where, when, from where. Texts are the event's own: a sink makes
 * them safe.
 */
export function factsOf(alert: Alert): Readonly<Record<string, string | undefined>> {
  const { event, actor, target, incident, detector } = alert;
  const chosen = new Set(actor.clientChosen);
  const said = (field: 'sessionName' | 'userAgent' | 'forwardedFor') => {
    const value = [actor[field] ?? []].flat().join(', ');
    return value && chosen.has(field) ? `${value} ${CLIENTS_WORD}` : value;
  };
  const { arn, sessionName = '' } = actor;
  const who = actor.username ?? arn;
  const identity = who === arn ? undefined : arn;
  const holdsSession = (name = '') =>
    sessionName !== '' &&
    (name === sessionName || name.endsWith(`/${sessionName}`) || name.endsWith(`:${sessionName}`));
  const named = (name: string | undefined) => {
    if (chosen.has('sessionName') && name !== sessionName && holdsSession(name)) return `${name} ${SESSION_WORD}`;
    const isChosen = (chosen.has('arn') && name === arn) || (chosen.has('sessionName') && name === sessionName);
    return name && isChosen ? `${name} ${CLIENTS_WORD}` : name;
  };
  return {
    Who: named(who),
    Groups: actor.groups?.join(', '),
    'Acting as': actor.impersonatedUsername,
    'Acting in': actor.impersonatedGroups?.join(', '),
    Identity: named(identity),
    Session: holdsSession(who) || holdsSession(identity) ? undefined : said('sessionName'),
    What: `${event.action} (${event.outcome})${event.partial ? ', by a part of its record' : ''}`,
    Target: [target.resource, target.namespace, target.name].filter(Boolean).join(' ') || undefined,
    Targets: targetsInWords(incident),
    Cluster: event.cluster,
    Account: event.account,
    Region: event.region,
    When: event.time,
    Seen: incident.count > 1 ? `${incident.count} times, ${incident.firstSeen} to ${incident.lastSeen}` : undefined,
    From: actor.sourceIp,
    Forwarded: said('forwardedFor'),
    'Access key': actor.accessKeyId,
    Client: said('userAgent'),
    Request: event.requestUri,
    'Log group': event.origin?.logGroup,
    'ATT&CK': detector.mitre.map(({ tactic, technique }) => `${technique} (${tactic})`).join(', '),
  };
}

/** The targets of an incident that has several, each kind of resource once where its targets stand together. */
function targetsInWords({ targets = [], moreTargets }: Alert['incident']): string | undefined {
  if (targets.length < 2) return undefined;
  const names = targets.map((target, place) => {
    const kind = target.slice(0, target.indexOf(' ') + 1);
    return kind && targets[place - 1]?.startsWith(kind) ? target.slice(kind.length) : target;
  });
  return `${moreTargets ? 'more than ' : ''}${targets.length}: ${names.join(', ')}`;
}

/** The evidence by its names, each as one text; a sink makes them safe. */
export function evidenceOf({ evidence }: Alert): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(evidence).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
  );
}

function headed(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, ...lines.map((line) => `  ${line}`)];
}

/** Text without a whole address: its scheme, and the `www.` that stands for one, are broken up. */
export function defanged(text: string): string {
  return text.replaceAll('://', '[:]//').replace(/\bwww\./gi, 'www[.]');
}
