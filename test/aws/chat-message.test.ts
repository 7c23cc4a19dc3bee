import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chatMessageOf,
  MAX_CHAT_DESCRIPTION_LENGTH,
  MAX_CHAT_STEP_LENGTH,
  MAX_CHAT_STEPS,
  MAX_CHAT_TITLE_LENGTH,
} from '../../aws/chat-message.ts';
import type { Alert } from '../../core/alert.ts';
import { alertOf } from '../support/build.ts';

interface Content {
  readonly title: string;
  readonly description: string;
  readonly nextSteps?: readonly string[];
  readonly keywords: readonly string[];
}

const messageOf = (alert: Alert): { content: Content; metadata: object } => JSON.parse(chatMessageOf(alert).Message);

/** What Slack would act on: markup, mentions, channels, control sequences, addresses with and without a scheme. */
const ACTIVE = /[&<>*_~|`@#]|:\/\/|\bwww\.|[.。．｡][\p{L}\p{M}]{2}/iu;

const ORIGIN = {
  cluster: 'prod-blue',
  account: '111122223333',
  region: 'eu-west-1',
  logGroup: '/aws/eks/prod/cluster',
};

describe('an alert in chat', () => {
  it('holds nothing that Slack acts on, in what an attacker could choose, and stays within its bounds', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.stringMatching(/^[a-c<>&*_~|`@#!.:/ \n-]{0,80}$/),
      fc.constantFrom(
        '<!channel>',
        '<!here|hello>',
        '<@U0123ABCD>',
        '@here',
        '#general',
        '<https://evil.example|Runbook>',
        'evil.example/login',
        'xn--e1afmkfd.xn--p1ai',
        'evil。example',
        'mailto:a@evil.example',
        '&lt;!channel&gt;',
        '*bold* _italic_ ~gone~ `code` ```block```',
        '\n> quoted\n```',
        '&'.repeat(600),
      ),
    );
    fc.assert(
      fc.property(texts, texts, texts, texts, (title, evidence, username, name) => {
        const alert = alertOf(
          { title, evidence: { found: evidence, all: [evidence, title] } },
          { userAgent: name, user: { username }, objectRef: { resource: 'pods', namespace: name, name } },
          { origin: ORIGIN, nextSteps: ['kubectl get pods', 'kubectl auth can-i --list --as={actor.username}'] },
        );
        const { content } = messageOf(alert);
        const links = [
          /^<https:\/\/runbooks\.example\.com\/[\w/.-]+\|Runbook> <https:[^<>|\s]+\|Console>$/,
          LOGS_INSIGHTS,
        ];
        const lines = content.description.split('\n').filter((line) => !links.some((link) => link.test(line)));
        for (const text of [content.title, ...lines, ...content.keywords]) expect(text).not.toMatch(ACTIVE);
        // Nothing that quotes at the beginning of a line can be an attacker's: lines begin with words of ours.
        for (const line of lines.slice(1)) expect(line).toMatch(/^(?:[A-Z][\w ＆]*|found|all): .|^…\[\d+ more\]$/);
        for (const step of content.nextSteps ?? []) expect(step).toMatch(/^`[^`@&<>\n]+`$/);
        expect(content.title.length).toBeLessThanOrEqual(MAX_CHAT_TITLE_LENGTH);
        expect(content.description.length).toBeLessThanOrEqual(MAX_CHAT_DESCRIPTION_LENGTH);
      }),
    );
  });

  it('says how many lines it left out', () => {
    const evidence = Object.fromEntries(Array.from({ length: 30 }, (_, place) => [`part${place}`, 'x'.repeat(200)]));
    const { description } = messageOf(alertOf({ evidence })).content;
    const missing = Number(/\n…\[(\d+) more\]$/.exec(description)?.[1]);
    expect(description.match(/^part/gm)?.length).toBe(30 - missing);
    expect(description.length).toBeLessThanOrEqual(MAX_CHAT_DESCRIPTION_LENGTH);
    expect(description.length).toBeGreaterThan(MAX_CHAT_DESCRIPTION_LENGTH - 250);
  });

  it('shows a step whole or not at all', () => {
    const long = `kubectl get pods ${'-n shop '.repeat(MAX_CHAT_STEP_LENGTH)}`;
    const nextSteps = ['curl https://evil.example', 'kubectl get pod `id`', 'id > /tmp/x', 'su a@here', long];
    expect(messageOf({ ...alertOf(), nextSteps }).content).not.toHaveProperty('nextSteps');
    const many = Array.from({ length: 20 }, (_, place) => `kubectl get pods -l step=${place} | head`);
    const { content } = messageOf({ ...alertOf(), nextSteps: many });
    expect(content.nextSteps).toEqual(many.slice(0, MAX_CHAT_STEPS).map((step) => `\`${step}\``));
  });

  it('stays in the thread of its problem, whatever became of it', () => {
    const alert = alertOf({ severity: 'high' });
    const closed: Alert = { ...alert, incident: { ...alert.incident, state: 'closed', count: 12 } };
    const [opening, rollUp] = [messageOf(alert), messageOf(closed)];
    expect(opening.metadata).toMatchObject({ threadId: alert.dedupKey });
    expect(rollUp.metadata).toMatchObject({ threadId: alert.dedupKey });
    expect(rollUp.content.title).toBe('[HIGH] Roll-up of 12: alice deleted a pod');
  });

  it('names what a roll-up is of', () => {
    const alert = alertOf({ title: 'alice read secrets of shop' });
    const targets = ['pods shop/web-0', 'secrets argocd', 'secrets <!channel>'];
    const { title, description } = messageOf({
      ...alert,
      incident: { ...alert.incident, state: 'closed', count: 3, targets },
    }).content;
    expect(title).toBe('[MEDIUM] Roll-up of 3: alice read secrets of shop (+2 targets)');
    expect(description).toContain('\nTargets: 3: pods shop/web-0, secrets argocd, ＜!channel＞\n');
  });

  it('reads like this', () => {
    const alert = alertOf(
      { severity: 'high', severityReason: 'from a public address', evidence: { command: ['sh', '-c', 'id > /tmp/x'] } },
      { user: { username: 'alice@example.com', groups: ['system:masters'] } },
      { origin: ORIGIN, nextSteps: ['kubectl get pods'] },
    );
    expect(messageOf(alert)).toEqual({
      version: '1.0',
      source: 'custom',
      content: {
        textType: 'client-markdown',
        title: '[HIGH] prod-blue: alice deleted a pod',
        description: `It matters.
<${alert.detector.runbook}|Runbook> <${alert.links.console}|Console>
Severity: from a public address
Who: alice＠example[.]com
Groups: system:masters
What: delete (succeeded)
Target: pods shop web-0
Cluster: prod-blue
Account: 111122223333
Region: eu-west-1
When: 2026-03-01T10:00:00.000Z
From: 203.0.113.7
Client: kubectl/v1.33.0 (the client's word)
Request: /api/v1/namespaces/shop/pods/web-0
Log group: /aws/eks/prod/cluster
ATT＆CK: T1609 (TA0002), T1552.007 (TA0006)
command: sh, -c, id ＞ /tmp/x
<${alert.links.logsInsights}|Logs Insights>`,
        nextSteps: ['`kubectl get pods`'],
        keywords: ['high', 'k8s-audit/pod-deleted'],
      },
      metadata: {
        threadId: alert.dedupKey,
        summary: '[HIGH] prod-blue: alice deleted a pod',
        eventType: 'k8s-audit/pod-deleted',
        additionalContext: { alertId: alert.alertId, severity: 'high', detector: 'k8s-audit/pod-deleted' },
      },
    });
  });
});

const LOGS_INSIGHTS = /^<https:\/\/eu-west-1\.console\.aws\.amazon\.com\/[^<>|\s]+\|Logs Insights>$/;
