import type { Alert } from '../core/alert.ts';
import { cut, missingNote } from '../core/inert.ts';
import { defanged, evidenceOf, factsOf, headlineOf, placeOf } from './alert-message.ts';
import type { TopicMessage } from './alert-topic.ts';

/** No limits of Amazon Q's own were found; a title longer than this is no title any more. */
export const MAX_CHAT_TITLE_LENGTH = 250;
/** What Slack takes in one block of text. https://docs.slack.dev/reference/block-kit/blocks/section-block */
export const MAX_CHAT_DESCRIPTION_LENGTH = 3_000;
/** All of them together fit into one block too. */
export const MAX_CHAT_STEPS = 6;
export const MAX_CHAT_STEP_LENGTH = 400;

const MAX_VALUE_LENGTH = 300;
const ROOM_FOR_NOTE = 20;

/**
 * An alert as a custom notification of Amazon Q, in the Markdown of Slack. The alerts of one problem are one thread. In what
 * an attacker could choose nothing links, mentions or formats. It has no `id`, which alerts of one incident share.
 * https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 */
export function chatMessageOf(alert: Alert): TopicMessage {
  const { severity, detector, alertId, dedupKey } = alert;
  const place = placeOf(alert);
  const head = `[${severity.toUpperCase()}] ${place && `${place}: `}`;
  const title = cut(head + plain(headlineOf(alert)), MAX_CHAT_TITLE_LENGTH);
  const nextSteps = alert.nextSteps.filter(isShownWhole).slice(0, MAX_CHAT_STEPS);
  return {
    Message: JSON.stringify({
      version: '1.0',
      source: 'custom',
      content: {
        textType: 'client-markdown',
        title,
        description: descriptionOf(alert),
        ...(nextSteps.length > 0 && { nextSteps: nextSteps.map((step) => `\`${step}\``) }),
        keywords: [severity, detector.id],
      },
      metadata: {
        threadId: dedupKey,
        summary: title,
        eventType: detector.id,
        additionalContext: { alertId, severity, detector: detector.id },
      },
    }),
  };
}

/** Lines that each begin with a word of ours, as many as fit. */
function descriptionOf(alert: Alert): string {
  const { description, severityReason, detector, links } = alert;
  const rows = Object.entries({ Severity: severityReason, ...factsOf(alert), ...evidenceOf(alert) });
  const lines = [
    plain(description),
    [link('Runbook', detector.runbook), ...(links.console ? [link('Console', links.console)] : [])].join(' '),
    ...rows.flatMap(([name, value]) => (value ? [`${plain(name)}: ${cut(plain(value), MAX_VALUE_LENGTH)}`] : [])),
    ...(links.logsInsights ? [link('Logs Insights', links.logsInsights)] : []),
  ];
  let room = MAX_CHAT_DESCRIPTION_LENGTH - ROOM_FOR_NOTE;
  const kept = lines.filter((line) => {
    const fits = line.length < room;
    if (fits) room -= line.length + 1;
    return fits;
  });
  return [...kept, ...(kept.length < lines.length ? [missingNote(lines.length - kept.length)] : [])].join('\n');
}

/** A link to where we point. https://docs.slack.dev/messaging/formatting-message-text */
function link(label: string, url: string): string {
  return `<${url.replace(/[<>|]/g, encodeURIComponent).replaceAll('&', '&amp;')}|${label}>`;
}

/**
 * Text in which Slack finds nothing to act on. It makes links of bare host names too, and knows no escape for most of its
 * markup: what it would act on is written in its full-width form, which is as long and reads alike.
 */
function plain(text: string): string {
  return defanged(text)
    .replace(/[.。．｡](?=[\p{L}\p{M}]{2})/gu, '[.]')
    .replace(/[&<>*_~|`@#]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
}

/** A step must be pasted as it is: one that could not stand as it is between backticks stays out, and so does a long one. */
function isShownWhole(step: string): boolean {
  return step.length <= MAX_CHAT_STEP_LENGTH && step === defanged(step) && !/[`@&<>]/.test(step);
}
