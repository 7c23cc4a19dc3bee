import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_EMAIL_LENGTH, MAX_SMS_LENGTH, MAX_SUBJECT_LENGTH, messageOf } from '../../aws/alert-message.ts';
import { MAX_SNS_BYTES, snsBytesOf } from '../../aws/alert-topic.ts';
import { type Alert, MAX_ALERT_BYTES } from '../../core/alert.ts';
import { alertOf } from '../support/build.ts';

const textsOf = (alert: Alert): { default: string; email: string; sms: string } => JSON.parse(messageOf(alert).Message);

describe('an alert as an SNS message', () => {
  it('has a subject and texts that SNS takes, and the alert as it is, whatever the event holds', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('a\r\nBcc: b', '\u001b[31m', '\u202egpj', '\uffff', '<!channel>', '"'.repeat(300)),
    );
    fc.assert(
      fc.property(texts, texts, texts, (title, evidence, name) => {
        const alert = alertOf({ title, evidence: { evidence } }, { userAgent: name, user: { username: name } });
        const { Subject } = messageOf(alert);
        expect(Subject.length).toBeLessThanOrEqual(MAX_SUBJECT_LENGTH);
        expect(Subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        const { default: json, email, sms } = textsOf(alert);
        expect(JSON.parse(json)).toEqual(alert);
        expect(sms.length).toBeLessThanOrEqual(MAX_SMS_LENGTH);
        expect(email).not.toMatch(/[^\P{Cc}\n]|\p{Noncharacter_Code_Point}/u);
      }),
    );
  });

  it('is within what SNS takes, also when the alert is as big as it can be and doubles as JSON', () => {
    const small = alertOf();
    const room = MAX_ALERT_BYTES - Buffer.byteLength(JSON.stringify(small));
    const alert = { ...small, evidence: { quotes: '"'.repeat(room / 2 - 16) } };
    expect(Buffer.byteLength(JSON.stringify(alert))).toBeGreaterThan(MAX_ALERT_BYTES - 100);
    expect(Buffer.byteLength(JSON.stringify(alert))).toBeLessThanOrEqual(MAX_ALERT_BYTES);
    expect(snsBytesOf(messageOf(alert))).toBeLessThan(MAX_SNS_BYTES);
    expect(textsOf(alert).email.length).toBeLessThanOrEqual(MAX_EMAIL_LENGTH);
  });

  it('leaves no address in a mail but our own', () => {
    const url = 'https://evil.example/x';
    const { email } = textsOf(
      alertOf(
        { title: `see ${url}`, evidence: { found: [url, 'www.evil.example'] } },
        { userAgent: url, user: { username: url } },
        { nextSteps: ['kubectl get pods', 'kubectl auth can-i --list --as={actor.username}'] },
      ),
    );
    const addresses = email.match(/\S*(?::\/\/|\bwww\.)\S*/g);
    expect(addresses).toEqual([alertOf().detector.runbook]);
    expect(email).toContain('kubectl get pods');
    expect(email).not.toContain('can-i');
  });

  it('says in the mail that only a part of the record was there', () => {
    const cut = { length: 300, field: 'requestObject', digest: 'd' };
    expect(textsOf(alertOf({}, { cut })).email).toContain('delete (succeeded), by a part of its record\n');
    expect(textsOf(alertOf()).email).toContain('delete (succeeded)\n');
  });

  it('says in the subject what became of an incident', () => {
    const alert = alertOf({ severity: 'high' });
    const as = (state: Alert['incident']['state']) => ({ ...alert, incident: { ...alert.incident, state, count: 12 } });
    expect(messageOf(as('closed')).Subject).toBe('[HIGH] Roll-up of 12: alice deleted a pod');
    expect(messageOf(as('escalated')).Subject).toBe('[HIGH] Now worse: alice deleted a pod');
    expect(textsOf(as('closed')).email).toContain('12 times');
  });

  it('has no attribute that is empty, for SNS would refuse it', () => {
    const { MessageAttributes } = messageOf(alertOf({}, { objectRef: undefined }));
    expect(Object.keys(MessageAttributes).sort()).toEqual([
      'detector',
      'incidentState',
      'severity',
      'severityRank',
      'source',
      'tactic',
    ]);
    expect(Object.values(MessageAttributes).every(({ StringValue }) => StringValue !== '')).toBe(true);
  });

  it('reads like this', () => {
    const alert = alertOf(
      { severity: 'high', severityReason: 'from a public address', evidence: { container: 'web', command: ['id'] } },
      {},
      {
        origin: { cluster: 'prod-blue', account: '111122223333', region: 'eu-west-1' },
        nextSteps: ['kubectl get pods'],
      },
    );
    expect(textsOf(alert).email).toBe(`HIGH: alice deleted a pod

It matters.
Severity:     from a public address

When:         2026-03-01T10:00:00.000Z
Who:          alice
From:         203.0.113.7
Client:       kubectl/v1.33.0 (the client's word)
What:         delete (succeeded)
Target:       pods shop web-0
Cluster:      prod-blue
Account:      111122223333
Region:       eu-west-1

Evidence
  container: web
  command: id

Next steps
  kubectl get pods

Runbook: ${alert.detector.runbook}
Console: ${alert.links.console}
Logs Insights: ${alert.links.logsInsightsQuery}
Alert ${alert.alertId} of k8s-audit/pod-deleted`);
  });
});
