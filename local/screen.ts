import { progressOf } from '../aws/alert-message.ts';
import { severityWord, terminalOf } from '../cli/render/pretty.ts';
import { plural, sentences } from '../cli/render/summary.ts';
import { wrapped } from '../cli/render/wrap.ts';
import { SEVERITIES } from '../core/severity.ts';
import type { Accounts } from './accounts.ts';
import type { Received } from './aws.ts';
import { type Outcome, PAGER_FILTER } from './deployment.ts';
import type { Counts } from './lambda.ts';
import type { Story } from './stories.ts';

/** Where each function gets its work from. */
const TRIGGERS: Readonly<Record<string, string>> = {
  'eks-audit': 'CloudWatch',
  cloudtrail: 'S3',
  'publish-alerts': 'SQS',
  watch: 'Schedule',
};

const TIME_WIDTH = 7;
const FUNCTION_WIDTH = 24;
/** As wide as who received an alert and how bad it is. */
const HEAD_WIDTH = 22;
/** A terminal that is narrower has no room for text beside that. */
const MIN_BESIDE_WIDTH = 80;
const MAIL_MARGIN = '  │ ';

/** What is shown of a run: on standard error what happens, on standard output what came out. */
export class Screen {
  readonly #out = terminalOf(process.stdout);
  readonly #err = terminalOf(process.stderr);
  #hasPassingLine = false;
  #showsMail = true;

  intro(stories: readonly Story[]): void {
    const { style, width } = this.#err;
    const filter = JSON.stringify(PAGER_FILTER);
    this.#happens([
      ...wrapped(
        `Auditwire on loopback: SQS, SNS, S3 and DynamoDB in this process, and the functions as they are bundled for Lambda. ${stories.length} recorded attacks come in as CloudWatch Logs and S3 deliver them, an hour in a few seconds.`,
        '',
        width,
      ),
      '',
      'Two subscribe to the alerts:',
      `  ${style('bold', 'mail')}   all of them, as text to read`,
      ...wrapped(`pager  an SQS queue with the filter policy ${filter}`, '  ', width).map((line) =>
        line.replace('pager', (name) => style('bold', name)),
      ),
    ]);
  }

  story({ title, intro, cluster, payloads }: Story): void {
    const { style, width } = this.#err;
    const day = new Date(payloads[0]?.at ?? 0).toISOString().slice(0, 10);
    this.#happens([
      '',
      '',
      ...wrapped(title, '', width).map((line) => style(['bold', 'underline'], line)),
      style('dim', `${day}, cluster ${cluster}, times in UTC`),
      '',
      ...wrapped(intro, '', width),
      '',
    ]);
    this.#showsMail = true;
  }

  /** What the functions did at a time of the recording, and what subscribers got of it. */
  outcome(at: number, { ran, mailbox, pager, quarantine }: Outcome): void {
    const time = new Date(at).toISOString().slice(11, 16);
    const lines = [...ran].map(([name, counts], place) => {
      const head = `${(place === 0 ? time : '').padEnd(TIME_WIDTH)}${`${TRIGGERS[name]} → ${name}`.padEnd(FUNCTION_WIDTH)}`;
      return `${head}${wordsOf(counts)}`;
    });
    if (mailbox.length === 0 && quarantine.length === 0) {
      this.#passes(lines[0] ?? '');
      return;
    }
    this.#happens(lines.map((line) => this.#err.style('dim', line)));
    const paged = new Set(pager.map(({ alert }) => alert.alertId));
    for (const received of mailbox) this.#alert(received, paged.has(received.alert.alertId));
    for (const { reason, detail } of quarantine) {
      const head = this.#out.style('bold', 'quarantine'.padEnd(HEAD_WIDTH));
      this.#comesOut(this.#beside(head, `${reason}: ${detail}`));
    }
  }

  /** The last critical alert, as whoever subscribes by mail reads it. */
  wholeMail({ mailbox }: Accounts): void {
    const last = mailbox.findLast(({ alert: { severity, incident } }) => severity === 'critical' && isNews(incident));
    if (last) this.#comesOut(['', 'A mail, whole:', ...this.#mail(last, last.email)]);
  }

  accounts(accounts: Accounts): void {
    const { style } = this.#out;
    const reasons = accounts.quarantine.map(({ reason }) => reason);
    this.#comesOut([
      '',
      `${style('bold', 'mail')}        ${received(accounts.mailbox)}`,
      `${style('bold', 'pager')}       ${received(accounts.pager)}`,
      `${style('bold', 'quarantine')}  ${plural(reasons.length, 'record')}${counted(reasons, [...new Set(reasons)])}`,
      '',
      ...sentences(accounts.conservation(), this.#out),
    ]);
  }

  /** Takes what is only shown for a moment off the screen. */
  #clear(): void {
    if (this.#hasPassingLine) process.stderr.write('\r\u001b[K');
    this.#hasPassingLine = false;
  }

  #alert(received: Received, isPaged: boolean): void {
    const { alert } = received;
    const who = this.#out.style('bold', isPaged ? 'mail pager' : 'mail      ');
    const head = `${who} ${severityWord(alert.severity, this.#out)} `;
    this.#comesOut(this.#beside(head, progressOf(alert) + alert.title));
    if (alert.severity !== 'critical' || !this.#showsMail) return;
    this.#showsMail = false;
    const [, why, facts, ...more] = received.email.split('\n\n');
    const left = plural(more.join('\n').split('\n').length, 'line');
    this.#comesOut([...this.#mail(received, [why, facts, `(${left} more)`].join('\n\n')), '']);
  }

  /** A text beside its head, or below it. */
  #beside(head: string, text: string): string[] {
    const { width } = this.#out;
    if (width < MIN_BESIDE_WIDTH) return [head.trimEnd(), ...wrapped(text, '    ', width)];
    const [first = '', ...rest] = wrapped(text, ' '.repeat(HEAD_WIDTH), width);
    return [`${head}${first.trimStart()}`, ...rest];
  }

  #mail({ subject }: Received, text: string): string[] {
    const { style, width } = this.#out;
    return [`Subject: ${subject}`, '', ...text.split('\n')].flatMap((line) => {
      const [label = ''] = /^(?:[\w ]+: {2,}| *)/.exec(line) ?? [];
      const margin = MAIL_MARGIN + ' '.repeat(label.length);
      return wrapped(line.slice(label.length), margin, width).map(
        (shown, place) =>
          style('dim', MAIL_MARGIN) + (place === 0 ? label : ' '.repeat(label.length)) + shown.slice(margin.length),
      );
    });
  }

  #happens(lines: readonly string[]): void {
    this.#clear();
    process.stderr.write(`${lines.join('\n')}\n`);
  }

  #comesOut(lines: readonly string[]): void {
    this.#clear();
    process.stdout.write(`${lines.join('\n')}\n`);
  }

  /** A line that the next one replaces, where that can be. */
  #passes(line: string): void {
    if (!process.stderr.isTTY) return;
    this.#clear();
    process.stderr.write(this.#err.style('dim', line.slice(0, this.#err.width - 1)));
    this.#hasPassingLine = true;
  }
}

/** What a function counted, as far as there is something to say. */
function wordsOf(counts: Counts): string {
  const { records, alerted = 0, folded = 0, rollUps = 0, ended = 0 } = counts;
  const some = (named: Counts) =>
    Object.entries(named).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []));
  if (records !== undefined) {
    const { quiet = 0, found = 0, quarantined = 0, control = 0 } = counts;
    return `${plural(records, 'record')}: ${some({ quiet, found, quarantined, control }).join(', ')}`;
  }
  if (counts.ended !== undefined) return `${plural(ended, 'incident')} ended, ${plural(rollUps, 'roll-up')}`;
  return some({ alerted, folded, 'rolled up': rollUps }).join(', ');
}

/** What a subscriber received, in words. */
function received(all: readonly Received[]): string {
  const alerts = all.map(({ alert }) => alert).filter(({ incident }) => isNews(incident));
  const bySeverity = counted(
    alerts.map(({ severity }) => severity),
    SEVERITIES.toReversed(),
  );
  return `${plural(alerts.length, 'alert')}${bySeverity} and ${plural(all.length - alerts.length, 'roll-up')}`;
}

/** How many there are of each kind, in words. */
function counted(all: readonly string[], kinds: readonly string[]): string {
  const counts = kinds.flatMap((kind) => {
    const count = all.filter((one) => one === kind).length;
    return count > 0 ? [`${count} ${kind}`] : [];
  });
  return counts.length > 0 ? ` (${counts.join(', ')})` : '';
}

function isNews({ state }: Received['alert']['incident']): boolean {
  return state !== 'closed';
}
