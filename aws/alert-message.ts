import type { Alert } from '../core/alert.ts';
import { cut } from '../core/inert.ts';
import { severityRank } from '../core/severity.ts';
import type { StringAttribute } from './attributes.ts';

/** SNS wants fewer than 100 characters. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
export const MAX_SUBJECT_LENGTH = 99;
/** One part of a text message has room for this in the alphabet that every telephone knows. */
export const MAX_SMS_LENGTH = 140;
/** In UTF-16 units: with the alert's 64 KiB, both written as JSON once more, it stays below the 256 KiB of SNS. */
export const MAX_EMAIL_LENGTH = 16 * 1024;

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

function subjectOf(alert: Alert): string {
  return cut(`[${alert.severity.toUpperCase()}] ${progressOf(alert)}${defanged(alert.title)}`, MAX_SUBJECT_LENGTH);
}

function smsOf(alert: Alert): string {
  const place = alert.event.cluster ?? alert.event.account;
  const head = `${alert.severity.toUpperCase()}${place ? ` ${place}` : ''}: ${progressOf(alert)}`;
  return cut(head + defanged(alert.title), MAX_SMS_LENGTH);
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
    Object.entries(rows).flatMap(([name, value]) => (value ? [`${`${name}:`.padEnd(14)}${defanged(value)}`] : []));
  const sections = [
    [`${alert.severity.toUpperCase()}: ${progressOf(alert)}${defanged(alert.title)}`],
    [defanged(alert.description), ...facts({ Severity: alert.severityReason })],
    facts(factsOf(alert)),
    headed(
      'Evidence',
      Object.entries(evidenceOf(alert)).map(([name, value]) => `${name}: ${defanged(value)}`),
    ),
    // A step must be pasted as it is: one that holds an address stays out.
    headed(
      'Next steps',
      alert.nextSteps.filter((step) => step === defanged(step)),
    ),
    [
      `Runbook: ${detector.runbook}`,
      ...(links.console ? [`Console: ${links.console}`] : []),
      `Logs Insights: ${defanged(links.logsInsightsQuery)}`,
      `Alert ${alert.alertId} of ${detector.id}`,
    ],
  ];
  const filled = sections.filter((lines) => lines.length > 0);
  return cut(filled.map((lines) => lines.join('\n')).join('\n\n'), MAX_EMAIL_LENGTH);
}

/** What happened, as its reader asks for it: when, who, what, where. Texts are the event's own: a sink makes them safe. */
export function factsOf({ event, actor, target, incident }: Alert): Readonly<Record<string, string | undefined>> {
  const chosen = new Set(actor.clientChosen);
  const said = (field: 'arn' | 'sessionName' | 'userAgent') => {
    const value = actor[field];
    return value && chosen.has(field) ? `${value} (the client's word)` : value;
  };
  return {
    When: event.time,
    Seen: incident.count > 1 ? `${incident.count} times, ${incident.firstSeen} to ${incident.lastSeen}` : undefined,
    Who: actor.username,
    'Acting as': actor.impersonatedUsername,
    Identity: said('arn'),
    Session: said('sessionName'),
    'Access key': actor.accessKeyId,
    From: actor.sourceIp,
    Client: said('userAgent'),
    What: `${event.action} (${event.outcome})${event.partial ? ', by a part of its record' : ''}`,
    Target: [target.resource, target.namespace, target.name].filter(Boolean).join(' ') || undefined,
    Cluster: event.cluster,
    Account: event.account,
    Region: event.region,
  };
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
