import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_EMAIL_LENGTH, MAX_SMS_LENGTH, MAX_SUBJECT_LENGTH, messageOf } from '../../aws/alert-message.ts';
import { MAX_SNS_BYTES, snsBytesOf } from '../../aws/alert-topic.ts';
import { type Alert, MAX_ALERT_BYTES } from '../../core/alert.ts';
import { alertOf } from '../support/build.ts';

const ORIGIN = {
  cluster: 'prod-blue',
  account: '111122223333',
  region: 'eu-west-1',
  logGroup: '/aws/eks/prod-blue/cluster',
};

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
        expect(Subject).toMatch(/^[\x21-\x7e]/);
        expect(Subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(Subject.isWellFormed()).toBe(true);
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
        {
          origin: { ...ORIGIN, logGroup: `${url} www.evil.example` },
          nextSteps: ['kubectl get pods', 'kubectl auth can-i --list --as={actor.username}'],
        },
      ),
    );
    const addresses = email.match(/\S*(?::\/\/|\bwww\.)\S*/g);
    const ours = /^https:\/\/(?:runbooks\.example\.com|eu-west-1\.console\.aws\.amazon\.com)\/[^\s"<>]*$/;
    expect(addresses).toEqual(Array(3).fill(expect.stringMatching(ours)));
    expect(email).toContain('kubectl get pods');
    expect(email).not.toContain('can-i');
  });

  it('says in the mail that only a part of the record was there', () => {
    const cut = { length: 300, field: 'requestObject', digest: 'd' };
    expect(textsOf(alertOf({}, { cut })).email).toContain('delete (succeeded), by a part of its record\n');
    expect(textsOf(alertOf()).email).toContain('delete (succeeded)\n');
  });

  it('says in the subject where it was and what became of an incident', () => {
    const alert = alertOf({ severity: 'high' }, {}, { origin: { cluster: 'prod-blue', account: '111122223333' } });
    const as = (state: Alert['incident']['state']) => ({ ...alert, incident: { ...alert.incident, state, count: 12 } });
    expect(messageOf(alert).Subject).toBe('[HIGH] prod-blue: alice deleted a pod');
    expect(messageOf(as('closed')).Subject).toBe('[HIGH] prod-blue: Roll-up of 12: alice deleted a pod');
    expect(messageOf(as('escalated')).Subject).toBe('[HIGH] prod-blue: Now worse: alice deleted a pod');
    expect(textsOf(as('closed')).sms).toBe('HIGH prod-blue: Roll-up of 12: alice deleted a pod');
    expect(textsOf(as('closed')).email).toContain('12 times');
    expect(messageOf(alertOf({}, {}, { origin: { account: '111122223333' } })).Subject).toMatch(
      /^\[MEDIUM\] 111122223333: /,
    );
    expect(messageOf(alertOf()).Subject).toBe('[MEDIUM] alice deleted a pod');
  });

  it('takes no place from a name that none can have, and leaves room beside a long one', () => {
    const at = (cluster: string, account?: string) =>
      messageOf(alertOf({}, {}, { origin: { cluster, ...(account && { account }) } })).Subject;
    expect(at('prod: [INFO] all is well', '111122223333')).toBe('[MEDIUM] 111122223333: alice deleted a pod');
    expect(at('prod: [INFO] all is well', 'nobody')).toBe('[MEDIUM] alice deleted a pod');
    expect(at('c'.repeat(100))).toBe(`[MEDIUM] ${'c'.repeat(29)}...: alice deleted a pod`);
  });

  it('has a subject and a text message of which no part is made by a name in the event', () => {
    const names = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.stringMatching(/^[a-c: [\](){}\u00a0\u3000.-]{0,60}$/),
      fc.constantFrom(
        '[INFO] prod-red: Roll-up of 9',
        'prod-red: bob',
        ']: [',
        'Now worse:\u2003x',
        '[RESOLVED]',
        ': ',
      ),
      fc.stringMatching(/^AWSReservedSSO_[\w+=,.@-]{1,32}_[\da-f]{16}\/[\w+=,.@-]{2,64}$/),
    );
    const states = fc.constantFrom<Alert['incident']['state']>('opened', 'escalated', 'closed');
    fc.assert(
      fc.property(names, states, fc.constantFrom({}, { cluster: 'prod-blue' }), (name, state, origin) => {
        const alert = alertOf({ title: `${name} deleted a pod` }, {}, { origin });
        const { Subject, ...message } = messageOf({ ...alert, incident: { ...alert.incident, state, count: 2 } });
        const place = 'cluster' in origin ? 'prod-blue: ' : '';
        const progress = { opened: '', updated: '', escalated: 'Now worse: ', closed: 'Roll-up of 2: ' }[state];
        const { sms } = JSON.parse(message.Message);
        for (const [text, head] of [
          [Subject, `[MEDIUM] ${place}${progress}`],
          [sms, `MEDIUM${place && ' prod-blue'}: ${progress}`],
        ]) {
          expect(text.startsWith(head)).toBe(true);
          // Brackets are only where an address was broken up.
          expect(text.slice(head.length).replace(/\[[:.]\]?/g, '')).not.toMatch(/:\s|[[\]]/);
        }
      }),
    );
  });

  it('cuts a subject and a text message without counting what is missing', () => {
    const { Subject, Message } = messageOf(alertOf({ title: `alice ${'🙂'.repeat(100)}` }));
    expect(Subject).toMatch(/^\[MEDIUM\] alice 🙂+…$/u);
    expect(Subject.length).toBeGreaterThanOrEqual(MAX_SUBJECT_LENGTH - 1);
    const { sms } = JSON.parse(Message);
    // In the alphabet of telephones, for a text in another has room for 70 characters.
    expect(sms).toMatch(/^MEDIUM: alice 🙂+\.\.\.$/u);
    expect(sms.length).toBeGreaterThanOrEqual(MAX_SMS_LENGTH - 1);
  });

  const SSO = 'AWSReservedSSO_PlatformAdmin_7b1e90c4d2fa6385';

  it.each([
    [
      `arn:aws:sts::111122223333:assumed-role/${SSO}/erik@example.com deleted`,
      'erik@example.com (PlatformAdmin) deleted',
    ],
    [`${SSO}/erik@example.com: deleted`, 'erik@example.com (PlatformAdmin) - deleted'],
    [`deleted by ${SSO}/erik.`, 'deleted by erik (PlatformAdmin).'],
    [`AWSReservedSSO_Read_Only_7b1e90c4d2fa6385/erik deleted`, 'erik (Read_Only) deleted'],
    // What only looks like one is left as it is.
    [`ci-deployer/erik@example.com deleted`, 'ci-deployer/erik@example.com deleted'],
    [`AWSReservedSSO_PlatformAdmin/erik deleted`, 'AWSReservedSSO_PlatformAdmin/erik deleted'],
    [`my${SSO}/erik deleted`, `my${SSO}/erik deleted`],
    [`ci/${SSO}/erik deleted`, `ci/${SSO}/erik deleted`],
    [`${SSO}/erik/mia deleted`, `${SSO}/erik/mia deleted`],
    [`made arn:aws:iam::111122223333:role/${SSO} admin`, `made arn:aws:iam::111122223333:role/${SSO} admin`],
  ])('names a person before the role that IAM Identity Center gave: %s', (title, shown) => {
    const alert = alertOf({ title });
    expect(messageOf(alert).Subject).toBe(`[MEDIUM] ${shown}`);
    expect(textsOf(alert).email.split('\n')[0]).toBe(`MEDIUM: ${shown.replace(' -', ':')}`);
  });

  it('names what a roll-up is of, in the mail all of it, and before a long title is cut', () => {
    const alert = alertOf({ title: `alice listed every secret in ${'shop'.repeat(30)}` });
    const incident = (targets: string[], moreTargets?: true): Alert => ({
      ...alert,
      incident: { ...alert.incident, state: 'closed', count: 9, targets, ...(moreTargets && { moreTargets }) },
    });
    const several = incident(['pods shop/web-0', 'secrets argocd', 'secrets velero']);
    expect(messageOf(several).Subject).toMatch(/^\[MEDIUM\] Roll-up of 9: alice listed .*shop\w*… \(\+2 targets\)$/);
    expect(messageOf(several).Subject.length).toBe(MAX_SUBJECT_LENGTH);
    expect(textsOf(several).sms).toMatch(/\.\.\. \(\+2 targets\)$/);
    expect(textsOf(several).email).toContain('\nTargets:      3: pods shop/web-0, secrets argocd, velero\n');
    expect(messageOf(incident(['pods shop/web-0', 'secrets velero'])).Subject).toMatch(/ \(\+1 target\)$/);
    const many = incident([...Array(19).keys()].map((name) => `pods x/${name}`).concat('pods shop/web-0'), true);
    expect(messageOf(many).Subject).toMatch(/ \(\+19 or more targets\)$/);
    expect(textsOf(many).email).toMatch(/^Targets: {6}more than 20: pods x\/0, x\/1, /m);
    for (const one of [incident(['pods shop/web-0']), incident([])]) {
      expect(messageOf(one).Subject).not.toContain('target');
      expect(textsOf(one).email).not.toContain('Targets');
    }
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

  it('keeps room for the runbook and the links, however much evidence there is', () => {
    const evidence = Object.fromEntries(Array.from({ length: 20 }, (_, key) => [`fact${key}`, 'x'.repeat(2000)]));
    const alert = alertOf({ evidence }, {}, { origin: ORIGIN, nextSteps: ['kubectl get pods'] });
    const { email } = textsOf(alert);
    expect(email.length).toBeLessThanOrEqual(MAX_EMAIL_LENGTH);
    expect(email).toMatch(/x…\[\d+ more\]\n\nNext steps\n {2}kubectl get pods\n\nRunbook: /);
    expect(email).toContain(`\nOpen in Logs Insights: ${alert.links.logsInsights}\n`);
    const long = alertOf({}, {}, { origin: { ...ORIGIN, logGroup: 'é'.repeat(500) } });
    expect(long.links.logsInsights).toBeDefined();
    expect(textsOf(long).email).not.toContain('Open in Logs Insights');
  });

  it('lets no long name hide what comes after it', () => {
    const long = 'x'.repeat(2000);
    const groups = Array(50).fill(long);
    const one = textsOf(
      alertOf({ evidence: { fact: 1 } }, { user: { username: 'x', groups }, impersonatedUser: { groups } }),
    );
    expect(one.email).toMatch(/^Groups: .*x…\[\d+ more\]$/m);
    expect(one.email).toMatch(/^ATT&CK: .*\n\nEvidence\n {2}fact: 1\n/m);
    const alert = alertOf(
      { severityReason: long, evidence: { fact: 1 } },
      {
        user: { username: long, groups: [long], extra: { arn: [`${long}y`], sessionName: [`s${long}`] } },
        impersonatedUser: { username: long, groups: [long] },
        sourceIPs: Array(2).fill(long),
        verb: long,
        userAgent: long,
        objectRef: { resource: long, namespace: long, name: long },
        requestURI: `/${long}`,
      },
      { origin: { cluster: long, account: long, logGroup: long } },
    );
    const targets = Array.from({ length: 20 }, (_, number) => `pods shop/${number}${'x'.repeat(100)}`);
    const all = textsOf({ ...alert, incident: { ...alert.incident, count: 20, targets } });
    expect(all.email.split('\n\n').at(-2)).toBe('Evidence\n  fact: 1');
    expect(all.email.split('\n\n').at(-1)).toMatch(/^Runbook: /);
  });

  describe('who it was', () => {
    const SESSION = `arn:aws:sts::111122223333:assumed-role/${SSO}/erik@example.com`;
    const rowsOf = (user: object, fields: object = {}) => {
      const { email } = textsOf(alertOf({}, { user, ...fields }));
      const [, , facts = ''] = email.split('\n\n');
      return facts.split('\n').filter((row) => /^(?:Who|Groups|Acting|Identity|Session|Forwarded)/.test(row));
    };
    const extra = (arn: string, sessionName?: string) => ({
      arn: [arn],
      ...(sessionName === undefined ? {} : { sessionName: [sessionName] }),
    });

    it('is said once where the name is the ARN, and what of it the client chose', () => {
      const username = SESSION;
      expect(rowsOf({ username, extra: extra(SESSION, 'erik@example.com') })).toEqual([
        `Who:          ${SESSION} (session name: the client's word)`,
      ]);
    });

    it('is said twice where a name stands for the ARN', () => {
      expect(rowsOf({ username: 'ops', extra: extra(SESSION, 'erik@example.com') })).toEqual([
        'Who:          ops',
        `Identity:     ${SESSION} (session name: the client's word)`,
      ]);
      expect(rowsOf({ username: 'erik@example.com', extra: extra(SESSION, 'erik@example.com') })).toEqual([
        "Who:          erik@example.com (the client's word)",
        `Identity:     ${SESSION} (session name: the client's word)`,
      ]);
      expect(rowsOf({ username: 'ops:erik', extra: { sessionName: ['erik'] } })).toEqual([
        "Who:          ops:erik (session name: the client's word)",
      ]);
    });

    it('is marked wherever the client could choose it, and nowhere else', () => {
      expect(rowsOf({ username: 'x', extra: extra('a', 's') })).toEqual([
        'Who:          x',
        "Identity:     a (the client's word)",
        "Session:      s (the client's word)",
      ]);
      const user = 'arn:aws:iam::111122223333:user/svc';
      expect(rowsOf({ username: user, extra: extra(user) })).toEqual([`Who:          ${user}`]);
      expect(rowsOf({ username: 'x' }, { sourceIPs: ['198.51.100.1', '198.51.100.2', '203.0.113.7'] })).toEqual([
        'Who:          x',
        "Forwarded:    198.51.100.1, 198.51.100.2 (the client's word)",
      ]);
    });

    it('is said with the groups, the one that may do everything first', () => {
      const groups = ['system:authenticated', 'system:masters'];
      expect(rowsOf({ username: 'x', groups }, { impersonatedUser: { username: 'y', groups } })).toEqual([
        'Who:          x',
        'Groups:       system:masters, system:authenticated',
        'Acting as:    y',
        'Acting in:    system:masters, system:authenticated',
      ]);
    });
  });

  it('reads like this', () => {
    const alert = alertOf(
      { severity: 'high', severityReason: 'from a public address', evidence: { container: 'web', command: ['id'] } },
      { user: { username: 'alice', groups: ['system:masters', 'system:authenticated'] } },
      { origin: ORIGIN, nextSteps: ['kubectl get pods'] },
    );
    expect(textsOf(alert).email).toBe(`HIGH: alice deleted a pod

It matters.
Severity:     from a public address

Who:          alice
Groups:       system:masters, system:authenticated
What:         delete (succeeded)
Target:       pods shop web-0
Cluster:      prod-blue
Account:      111122223333
Region:       eu-west-1
When:         2026-03-01T10:00:00.000Z
From:         203.0.113.7
Client:       kubectl/v1.33.0 (the client's word)
Request:      /api/v1/namespaces/shop/pods/web-0
Log group:    /aws/eks/prod-blue/cluster
ATT&CK:       T1609 (TA0002), T1552.007 (TA0006)

Evidence
  container: web
  command: id

Next steps
  kubectl get pods

Runbook: ${alert.detector.runbook}
Open in Logs Insights: ${alert.links.logsInsights}
Console: ${alert.links.console}
Logs Insights: ${alert.links.logsInsightsQuery}
Alert ${alert.alertId} of k8s-audit/pod-deleted`);
  });
});
