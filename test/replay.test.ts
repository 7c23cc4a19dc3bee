import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { detectors, detectorTable } from '../cli/detectors.ts';
import { briefAlert, prettyAlert } from '../cli/render/pretty.ts';
import { sentences } from '../cli/render/summary.ts';
import { wrapped, wrappedCommand } from '../cli/render/wrap.ts';
import { type Alert, alertSchema } from '../core/alert.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'auditwire-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the real command line in a process of its own. */
function auditwire(args: readonly string[], input?: string | Buffer) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'cli/auditwire.ts'), ...args], {
    cwd: root,
    input: input ?? '',
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr, conservation: stderr.trimEnd().split('\n').at(-1) };
}

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

let serial = 0;
/** Somebody lists every secret of the cluster; `over` replaces fields. */
function secretsListed(over: object = {}): Record<string, unknown> {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: `00000000-0000-4000-8000-${String(++serial).padStart(12, '0')}`,
    stage: 'ResponseComplete',
    requestURI: '/api/v1/secrets?limit=500',
    verb: 'list',
    user: {
      username: 'alice',
      groups: ['system:authenticated'],
      extra: {
        arn: ['arn:aws:sts::111122223333:assumed-role/dev/alice'],
        canonicalArn: ['arn:aws:iam::111122223333:role/dev'],
      },
    },
    sourceIPs: ['203.0.113.9'],
    userAgent: 'kubectl/v1.33.1 (linux/amd64) kubernetes/b4c2f1a',
    objectRef: { resource: 'secrets', apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 200 },
    requestReceivedTimestamp: '2026-11-20T10:00:00.000000Z',
    stageTimestamp: '2026-11-20T10:00:00.010000Z',
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    ...over,
  };
}

const line = (event: object) => `${JSON.stringify(event)}\n`;
const quiet = () =>
  secretsListed({
    verb: 'get',
    objectRef: { resource: 'pods', namespace: 'shop', name: 'web' },
    requestURI: '/api/v1/namespaces/shop/pods/web',
  });
const jsonl = (stdout: string) =>
  stdout
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text));

const payload = (messages: readonly string[]) =>
  gzipSync(
    JSON.stringify({
      messageType: 'DATA_MESSAGE',
      owner: '111122223333',
      logGroup: '/aws/eks/prod/cluster',
      logStream: 'kube-apiserver-audit-0a1b',
      subscriptionFilters: ['auditwire'],
      logEvents: messages.map((message, id) => ({ id: String(id), timestamp: 1_763_632_800_000, message })),
    }),
  ).toString('base64');

describe('npm run replay', () => {
  it('prints one alert a line with the file and line it came from, and closes with the conservation line', () => {
    const path = file('one.ndjson', line(quiet()) + line(secretsListed()) + line(quiet()));
    const { status, stdout, conservation } = auditwire(['replay', '--format', 'jsonl', path]);
    const [alert, ...others] = jsonl(stdout);
    expect(status).toBe(0);
    expect(others).toEqual([]);
    const { origin, ...rest } = alert;
    expect(origin).toEqual({ file: path, line: 2 });
    expect(alertSchema.parse(rest)).toEqual(rest);
    expect(rest.detector.id).toBe('k8s-audit/secrets-list-all-namespaces');
    expect(conservation).toBe(
      'records 3 = quiet 2 + found 1 + quarantined 0 + control 0; findings 1 = alerted 1 + folded 0 + muted 0',
    );
  });

  it('reads every shape that a file can have', () => {
    const shapes: Record<string, (event: object, message: string) => string | Buffer> = {
      'ndjson.gz': (event) => gzipSync(line(event)),
      'two-members.gz': (event) => Buffer.concat([gzipSync(line(quiet())), gzipSync(line(event))]),
      'array.json': (event) => JSON.stringify([quiet(), event]),
      'array-pretty.json': (event) => JSON.stringify([quiet(), event], null, 2),
      'jq-output.json': (event) => `${JSON.stringify(quiet(), null, 2)}\n${JSON.stringify(event, null, 2)}\n`,
      'event-list.json': (event) =>
        JSON.stringify({
          kind: 'EventList',
          apiVersion: 'audit.k8s.io/v1',
          metadata: {},
          items: [event],
        }),
      'event-list-pretty.json': (event, _message) =>
        JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [event] }, null, 4),
      'filter-log-events.json': (_event, message) =>
        JSON.stringify(
          {
            events: [
              { logStreamName: 'kube-apiserver-audit-1', timestamp: 1, message, ingestionTime: 2, eventId: '3' },
            ],
            searchedLogStreams: [],
          },
          null,
          4,
        ),
      'get-query-results.json': (_event, message) =>
        JSON.stringify(
          {
            results: [
              [
                { field: '@timestamp', value: '2026' },
                { field: '@message', value: message },
              ],
            ],
            status: 'Complete',
          },
          null,
          4,
        ),
      'lambda-event.json': (_event, message) => JSON.stringify({ awslogs: { data: payload([message]) } }),
      'payload-lines.txt': (_event, message) => `${payload([JSON.stringify(quiet())])}\n${payload([message])}\n`,
      'kinesis.json': (_event, message) =>
        JSON.stringify({
          Records: [
            {
              eventSource: 'aws:kinesis',
              eventSourceARN: 'arn:aws:kinesis:eu-west-1:111122223333:stream/eks',
              kinesis: { data: payload([message]) },
            },
          ],
        }),
      'data-message.json': (_event, message) =>
        JSON.stringify(
          {
            messageType: 'DATA_MESSAGE',
            logGroup: '/aws/eks/prod/cluster',
            logStream: 'kube-apiserver-audit-1',
            logEvents: [{ message }],
          },
          null,
          2,
        ),
      'windows.ndjson': (_event, message) => `\ufeff${JSON.stringify(quiet())}\r\n${message}\r\n`,
      'no-last-newline.ndjson': (_event, message) => message,
    };
    const directory = join(folder, 'shapes');
    mkdirSync(directory);
    for (const [name, shaped] of Object.entries(shapes)) {
      const event = secretsListed({ auditID: name });
      writeFileSync(join(directory, name), shaped(event, JSON.stringify(event)));
    }
    const { stdout, conservation } = auditwire(['replay', '--format', 'jsonl', '--no-incidents', directory]);
    expect(jsonl(stdout).map(({ event }) => event.id)).toEqual(Object.keys(shapes).sort());
    expect(conservation).toContain('quarantined 0');
  });

  it('takes cluster, account and region from the payload, and from the options where the record does not say', () => {
    const fromPayload = auditwire(['replay', '--format', 'jsonl', '-'], payload([JSON.stringify(secretsListed())]));
    expect(jsonl(fromPayload.stdout)[0].event).toMatchObject({ cluster: 'prod', account: '111122223333' });
    const told = auditwire(
      ['replay', '--format', 'jsonl', '--cluster', 'stage', '--region', 'eu-west-1', '-'],
      line(secretsListed()),
    );
    expect(jsonl(told.stdout)[0].event).toMatchObject({ cluster: 'stage', region: 'eu-west-1' });
    const other = auditwire(
      ['replay', '--format', 'jsonl', '--cluster', 'stage', '-'],
      payload([JSON.stringify(secretsListed())]),
    );
    expect(other.stdout).toBe('');
    expect(other.conservation).toContain('left out 1');
  });

  it('keeps to the time asked for', () => {
    const day = [9, 10, 11].map((hour) =>
      line(
        secretsListed({
          user: { username: `u${hour}` },
          requestReceivedTimestamp: `2026-11-20T${String(hour).padStart(2, '0')}:30:00.000000Z`,
        }),
      ),
    );
    const { stdout, conservation } = auditwire(
      ['replay', '--format', 'jsonl', '--since', '2026-11-20T10:00', '--until', '2026-11-20T11:00:00Z', '-'],
      day.join(''),
    );
    expect(jsonl(stdout).map(({ actor }) => actor.username)).toEqual(['u10']);
    expect(conservation).toContain('left out 2');
  });

  it('says the same whether lines are proven quiet by their bytes or all of them are parsed', () => {
    const args = ['replay', '--format', 'jsonl', '--all', 'samples/stories', 'samples/quiet-day'];
    const scanned = auditwire(args);
    // Whatever narrows a replay asks for every event to be parsed.
    const parsed = auditwire([...args, '--since', '2000-01-01']);
    expect(scanned.stdout).toBe(parsed.stdout);
    expect(scanned.conservation).toBe(parsed.conservation);
  });

  it('folds repeats into one incident and tells their number once, or tells each with --no-incidents', () => {
    const repeats = [secretsListed(), secretsListed(), secretsListed()].map(line).join('');
    const folded = jsonl(auditwire(['replay', '--format', 'jsonl', '-'], repeats).stdout);
    expect(folded.map(({ incident }) => [incident.state, incident.count])).toEqual([
      ['opened', 1],
      ['closed', 3],
    ]);
    const delivered = auditwire(['replay', '--format', 'jsonl', '--no-incidents', '-'], repeats + repeats);
    expect(jsonl(delivered.stdout).map(({ origin }) => origin.line)).toEqual([1, 2, 3]);
    expect(delivered.conservation).toContain('findings 6 = alerted 3 + folded 3 + muted 0');
  });

  it('reads a folder of garbage to the end: every bad record is named, and nothing else is lost', () => {
    const garbage = join(folder, 'garbage');
    mkdirSync(garbage);
    const good = line(secretsListed());
    const whole = gzipSync(Array.from({ length: 2000 }, () => line(quiet())).join(''));
    const files: Record<string, string | Buffer> = {
      'a-binary.bin': Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 256)),
      'b-truncated.ndjson.gz': whole.subarray(0, whole.length >> 1),
      'c-cut.ndjson': `${good.slice(0, 90)}\n${good}`,
      'd-long-line.ndjson': `${'x'.repeat(1_000_000)}\n${line(secretsListed({ auditID: 'after-long' }))}`,
      'e-deep.ndjson': `${'['.repeat(10_000)}${']'.repeat(10_000)}\n${line(secretsListed({ auditID: 'after-deep' }))}`,
      'f-proto.ndjson': good
        .replace('{"kind"', '{"__proto__":{"verb":"get"},"constructor":{"prototype":{}},"kind"')
        .replace(/"auditID":"[^"]+"/, '"auditID":"proto"'),
      'g-utf8.ndjson': Buffer.from(
        line(secretsListed({ auditID: 'utf8', user: { username: 'al\u00ffice' } })),
        'latin1',
      ),
      'h-truncated-line.ndjson': `${good.slice(0, 200)}[Truncated...]\n${line(secretsListed({ auditID: 'after-cut' }))}`,
      'i-empty.json': '',
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(garbage, name), content);
    const { status, stdout, stderr, conservation } = auditwire([
      'replay',
      '--format',
      'jsonl',
      '--no-incidents',
      garbage,
    ]);
    expect(status).toBe(0);
    const ids = jsonl(stdout).map(({ event }) => event.id);
    expect(ids).toEqual([JSON.parse(good).auditID, 'after-long', 'after-deep', 'proto', 'utf8', 'after-cut']);
    for (const named of [
      'a-binary.bin:1: unrecognised',
      'b-truncated.ndjson.gz:',
      'c-cut.ndjson:1: truncated',
      'd-long-line.ndjson:1: not-json',
      'e-deep.ndjson:1: too-deep',
      'h-truncated-line.ndjson:1: truncated',
    ]) {
      expect(stderr).toContain(named);
    }
    expect(conservation).toContain('quarantined 6 + control 0');
  });

  it('prints attacker text inert, without colour when piped, and within the width', () => {
    const hostile = secretsListed({
      userAgent: '\u001b[2J\u001b]8;;https://evil\u0007curl\u202e\uffff\r\nSubject: hi',
    });
    const { stdout } = auditwire(['replay', '--format', 'pretty', '-'], line(hostile));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e\uffff]/);
    expect(stdout).toContain('\\u{1b}[2J');
    expect(stdout).toContain('CRITICAL');
  });

  it('prints text of any length and alphabet inside its margin, where it can pass for nothing of ours', () => {
    const forged = ' CRITICAL   2026-11-20T10:00:00.000Z  k8s-audit/pod-exec'.replaceAll(' ', '\u00a0');
    for (const userAgent of [forged.repeat(20), 'x'.repeat(500), '密'.repeat(300), `kubectl/${'a/'.repeat(200)}`]) {
      const { stdout } = auditwire(['replay', '--format', 'pretty', '-'], line(secretsListed({ userAgent })));
      const [head = '', ...rows] = stdout.trimEnd().split('\n');
      expect(head).toMatch(/^ CRITICAL {3}2026/);
      expect(rows.filter((row) => !row.startsWith('  '))).toEqual([]);
      expect(rows.filter((row) => columnsOf(row) > 100 && !row.startsWith('  runbook'))).toEqual([]);
    }
  });

  it('exits with 3 when an alert of the named level was raised, and not below it', () => {
    const path = file('fail-on.ndjson', line(secretsListed()));
    expect(auditwire(['replay', '--fail-on', 'high', path]).status).toBe(3);
    expect(auditwire(['replay', '--fail-on', 'high', file('calm.ndjson', line(quiet()))]).status).toBe(0);
  });

  it('counts what is below --min-severity as muted', () => {
    const { stdout, conservation } = auditwire(
      [
        'replay',
        '--format',
        'jsonl',
        '--min-severity',
        'critical',
        '--policy',
        file('low.yaml', 'version: 1\ndetectors:\n  k8s-audit/secrets-list-all-namespaces: { severity: low }\n'),
        '-',
      ],
      line(secretsListed()),
    );
    expect(stdout).toBe('');
    expect(conservation).toContain('findings 1 = alerted 0 + folded 0 + muted 1');
  });

  it('mutes what a suppression names, and says so in the accounts', () => {
    const policy = file(
      'mute.yaml',
      `version: 1
suppressions:
  - detectors: k8s-audit/secrets-list-*
    match: { actor.principalArn: arn:aws:iam::111122223333:role/dev, target.resource: secrets }
    reason: the developers' own sandbox cluster
    owner: soc@example.com
    until: 2026-12-31
`,
    );
    const { stdout, stderr, conservation } = auditwire(
      ['replay', '--format', 'jsonl', '--policy', policy, '-'],
      line(secretsListed()),
    );
    expect(stdout).toBe('');
    expect(stderr).toContain('1 suppressed');
    expect(conservation).toContain('muted 1');
  });

  it('names a fault of the policy by file, line and field, and reads nothing', () => {
    const policy = file('typo.yaml', 'version: 1\ndetectors:\n  k8s-audit/pod-exce:\n    mode: off\n');
    const { status, stdout, stderr } = auditwire([
      'replay',
      '--policy',
      policy,
      file('x.ndjson', line(secretsListed())),
    ]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(
      'typo.yaml:3: detectors.k8s-audit/pod-exce: no detector "k8s-audit/pod-exce" (did you mean "k8s-audit/pod-exec"?)',
    );
  });

  it.each([
    [['replay'], 'no PATH given'],
    [['replay', 'no-such-file.json'], 'no such file: no-such-file.json'],
    [['replay', '--formt', 'json', '-'], 'no option --formt (did you mean "--format"?)'],
    [['replay', '--min-severity', 'hihg', '-'], 'did you mean "high"?'],
    [['replay', '--detector', 'k8s-audit/pod-exce', '-'], 'did you mean "k8s-audit/pod-exec"?'],
    [['replay', '--since', 'yesterday', '-'], '--since takes a time'],
    [['replay', '--policy', 'no-such-file.yaml', '-'], '--policy: no such file: no-such-file.yaml'],
    [['rpelay'], 'no command "rpelay"'],
  ])('refuses %j with exit code 2, saying what is wrong', (args, message) => {
    const { status, stdout, stderr } = auditwire(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('prints help on standard output', () => {
    const { status, stdout } = auditwire(['replay', '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('--no-incidents');
  });

  it('prints one JSON array with --format json, empty where nothing was raised', () => {
    const two = line(secretsListed()) + line(secretsListed({ user: { username: 'bob' } }));
    expect(JSON.parse(auditwire(['replay', '--format', 'json', '-'], two).stdout)).toHaveLength(2);
    expect(JSON.parse(auditwire(['replay', '--format', 'json', '-'], line(quiet())).stdout)).toEqual([]);
  });
});

const plain = (width: number) => ({ width, isWatched: true, style: (_: unknown, text: string) => text });
const columnsOf = (text: string) => [...text].length + (text.match(/[\u3000-\u9fff]/g)?.length ?? 0);
const alertsOf = (events: readonly object[], ...options: readonly string[]): Alert[] =>
  jsonl(auditwire(['replay', '--format', 'jsonl', ...options, '-'], events.map(line).join('')).stdout).map(
    ({ origin: _, ...alert }) => alert,
  );
/** The rows of an alert by their labels, as they are shown at a width that breaks none. */
const rowsOf = (alert: Alert, found?: string) => {
  const rows: Record<string, string[]> = {};
  let label = '';
  for (const row of prettyAlert(alert, plain(2000), found).trimEnd().split('\n').slice(2)) {
    label = row.slice(2, 11).trim() || label;
    rows[label] = [...(rows[label] ?? []), row.slice(11)];
  }
  return rows;
};

describe('an alert on a terminal', () => {
  const [alert] = alertsOf([secretsListed()]) as [Alert];
  const changed = (over: { [Key in keyof Alert]?: object }) => {
    const entries = Object.entries(over).map(([key, fields]) => [
      key,
      { ...(alert[key as never] as object), ...fields },
    ]);
    return alertSchema.parse({ ...alert, ...Object.fromEntries(entries) });
  };

  it('has every row under its own label, also where the first of them is missing', () => {
    const root = changed({ actor: { username: undefined, arn: 'arn:aws:iam::111122223333:root' } });
    expect(rowsOf(root).who?.[0]).toBe('arn:aws:iam::111122223333:root');
    expect(rowsOf(root).severity).toEqual([alert.severityReason]);
  });

  it('names the cluster, or says that it is not known and how to name it', () => {
    expect(rowsOf(alert).where).toEqual(['cluster unknown: give --cluster NAME']);
    const known = changed({ event: { cluster: 'prod', account: '111122223333', region: 'eu-west-1' } });
    expect(rowsOf(known).where).toEqual(['cluster prod  account 111122223333  eu-west-1']);
    expect(rowsOf(changed({ event: { source: 'cloudtrail' } })).where).toBeUndefined();
  });

  it('marks whatever the client could have chosen', () => {
    const clientChosen = ['userAgent', 'arn', 'forwardedFor'];
    const { who, from } = rowsOf(changed({ actor: { clientChosen, forwardedFor: ['10.0.0.1', '10.0.0.2'] } }));
    expect(who).toContain('arn:aws:sts::111122223333:assumed-role/dev/alice (session: client’s word)');
    expect(from).toEqual([
      '203.0.113.9  kubectl/v1.33.1 (linux/amd64) kubernetes/b4c2f1a (client’s word)',
      'forwarded for 10.0.0.1, 10.0.0.2 (client’s word)',
    ]);
    const { arn } = alert.actor;
    expect(rowsOf(changed({ actor: { clientChosen, username: arn } })).who?.[0]).toBe(
      `${arn} (session: client’s word)`,
    );
    expect(rowsOf(changed({ actor: { clientChosen: [] } })).who).toContain(arn);
  });

  it('leaves out facts that hold nothing, and no others', () => {
    const evidence = { ...alert.evidence, empty: '', none: [], no: false, zero: 0, some: ['a', 'b'] };
    expect(rowsOf(changed({ evidence })).evidence?.slice(-3)).toEqual(['no: false', 'zero: 0', 'some: a · b']);
    expect(rowsOf(changed({ evidence })).evidence?.join('\n')).not.toMatch(/empty|none/);
  });

  it('says where its record was read, and in which log group to look for it', () => {
    const [query] = rowsOf(alert)['find it'] ?? [];
    expect(query).toMatch(/^fields @timestamp, @message/);
    const origin = { logGroup: '/aws/eks/prod/cluster', logStream: 'kube-apiserver-audit-1' };
    expect(rowsOf(changed({ event: { origin } }), 'day.json:7')['find it']).toEqual([
      'day.json:7',
      'log group /aws/eks/prod/cluster',
      query,
    ]);
    const path = file('found.ndjson', line(quiet()) + line(secretsListed()));
    expect(auditwire(['replay', '--format', 'pretty', path]).stdout.replace(/\n {11}/g, '')).toContain(`${path}:2`);
  });

  it('says no more as a roll-up than what is new in it', () => {
    const many = Array.from({ length: 7 }, () => secretsListed());
    const [, rollUp] = alertsOf(many) as [Alert, Alert];
    expect(Object.keys(rowsOf(rollUp))).toEqual(['incident', 'who', 'from', 'what', 'where', 'events']);
    expect(rowsOf(rollUp).incident?.[0]).toMatch(/^roll-up: 7 findings from /);
    expect(rowsOf(rollUp).events).toEqual([
      `${many
        .slice(0, 5)
        .map(({ auditID }) => auditID)
        .join('  ')}  and 2 more`,
    ]);
  });

  it('keeps within any width, but for what is to be copied whole', () => {
    for (const shown of alertsOf([secretsListed()]).concat(jsonl(auditwire(['replay', 'samples/stories']).stdout))) {
      for (const width of [40, 80, 120]) {
        const wide = prettyAlert(shown, plain(width))
          .split('\n')
          .filter((row) => row.length > width);
        expect(
          wide.filter((row) => !row.includes(' https://') && !/^ {2}(?:next| {4}) +\S+(?: \\)?$/.test(row)),
        ).toEqual([]);
        const brief = briefAlert(shown, plain(width)).trimEnd().split('\n');
        expect(brief.filter((row) => row.length > Math.max(width, 43))).toEqual([]);
      }
    }
  });
});

describe('text on a terminal', () => {
  it('breaks words that are too long for a line at their seams, the best there is', () => {
    const identity = 'AWSReservedSSO_PlatformAdmin_7b1e90c4d2fa6385/dora@example.com';
    expect(wrapped(`${identity} called`, '   ', 53)).toEqual([
      '   AWSReservedSSO_PlatformAdmin_7b1e90c4d2fa6385/',
      '   dora@example.com called',
    ]);
    expect(wrapped(identity, '', 12)).toEqual([
      'AWSReservedS',
      'SO_PlatformA',
      'dmin_7b1e90c',
      '4d2fa6385/',
      'dora',
      '@example.com',
    ]);
    expect(wrapped('a rather-long-name', '', 12)).toEqual(['a', 'rather-long-', 'name']);
    expect(wrapped('密密密密', '  ', 6)).toEqual(['  密密', '  密密']);
  });

  it('shows commands so that a shell takes them for the same ones', () => {
    const commands = [
      'printf %s\\n get clusterrolebindings,rolebindings,serviceaccounts -A --sort-by=.metadata.creationTimestamp',
      `printf '%s\\n' "a b" 'c  d' 'it'\\''s' --as='system:node:x y z' "$HOME/\\"q\\"" last`,
      'printf %s\\n one | cat',
    ];
    for (const command of commands) {
      const said = spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stdout;
      expect(said).not.toBe('');
      for (const width of [40, 60, 80]) {
        const shown = wrappedCommand(command, '    ', width);
        expect(spawnSync('sh', ['-c', shown.join('\n')], { encoding: 'utf8' }).stdout).toBe(said);
      }
    }
  });

  it('breaks a quoted text that is too long at its blanks, and only those of it', () => {
    const command = `kubectl get pods -o json | jq -r '.items[] | select(.metadata.name == "web") | .metadata.uid' | sort`;
    expect(wrappedCommand(command, '  ', 40)).toEqual([
      '  kubectl get pods -o json | jq -r \\',
      `  '.items[] | select(.metadata.name ==`,
      `  "web") | .metadata.uid' | sort`,
    ]);
  });

  it('ends with the accounts on one line for programs, and on one for each statement for people', () => {
    const accounts = 'records 3 = quiet 2 + found 1 + quarantined 0; findings 1 = alerted 1';
    expect(sentences(accounts, plain(80))).toEqual([accounts]);
    expect(sentences(accounts, plain(60))).toEqual(accounts.split(/(?<=;) /));
    expect(sentences(accounts, { ...plain(60), isWatched: false })).toEqual([accounts]);
  });
});

describe('a replay of several inputs', () => {
  const alice = (time: string) => secretsListed({ requestReceivedTimestamp: `2026-11-20T${time}Z` });
  const bob = (over: object = {}) => secretsListed({ user: { username: 'bob' }, ...over });
  const several = join(folder, 'several');
  for (const [name, events] of Object.entries({
    a: [alice('10:00:00'), alice('10:01:00'), secretsListed({ user: { username: 'carol' } })],
    b: [bob({ requestReceivedTimestamp: '2026-11-20T12:00:00Z' })],
    quiet: [quiet()],
  })) {
    mkdirSync(join(several, name), { recursive: true });
    writeFileSync(join(several, name, 'events.ndjson'), events.map(line).join(''));
  }

  it('has every alert under its input, a roll-up too that comes later', () => {
    const { stdout } = auditwire(['replay', '--format', 'brief', several]);
    const shown = stdout.split('\n').filter((row) => row !== '');
    expect(shown.map((row) => row.replace(folder, '').replace(/^ \w+ +\S+ \S+ /, ''))).toEqual([
      '/several/a',
      'alice listed every secret of the cluster  k8s-audit/secrets-list-all-namespaces',
      'carol listed every secret of the cluster  k8s-audit/secrets-list-all-namespaces',
      '/several/b',
      'bob listed every secret of the cluster  k8s-audit/secrets-list-all-namespaces',
      '/several/a',
      '(roll-up, 2 findings) alice listed every secret of the cluster  k8s-audit/secrets-list-all-namespaces',
    ]);
    const pretty = auditwire(['replay', '--format', 'pretty', several]).stdout.split('\n');
    expect(pretty.filter((row) => /^[^ ]/.test(row))).toEqual(['a', 'b', 'a'].map((name) => join(several, name)));
  });

  it('counts alerts by severity, by detector and by input, and the inputs that are quiet', () => {
    const { stderr } = auditwire(['replay', several]);
    const table = stderr.split('\n').map((row) => row.replace(folder, '').trim().split(/\s+/));
    expect(table).toContainEqual(['crit', 'high', 'med', 'low', 'findings', 'detector']);
    expect(table).toContainEqual(['3', '-', '-', '-', '4', 'k8s-audit/secrets-list-all-namespaces']);
    expect(table).toContainEqual(['crit', 'high', 'med', 'low', 'findings', 'input']);
    expect(table).toContainEqual(['2', '0', '0', '0', '3', '/several/a']);
    expect(table).toContainEqual(['1', '0', '0', '0', '1', '/several/b']);
    expect(table).toContainEqual(['0', '0', '0', '0', '0', '/several/quiet']);
    expect(stderr).toContain('\n3 alerts and 1 roll-up in ');
  });

  it('adds up to as many alerts as the accounts have', () => {
    const { stderr } = auditwire(['replay', 'samples/stories', 'samples/quiet-day']);
    const [, alerted] = /alerted (\d+)/.exec(stderr) ?? [];
    for (const heading of ['detector', 'input']) {
      const [, rows = ''] = stderr.split(new RegExp(`findings {2}${heading}\n`));
      const numbers = rows.split('\n\n')[0]?.match(/^(?: *(?:\d+|-)){4}/gm) ?? [];
      const sum = numbers.flatMap((row) => row.match(/\d+/g) ?? []).reduce((all, count) => all + Number(count), 0);
      expect(sum).toBe(Number(alerted));
    }
    expect(stderr).toMatch(/^ +0 +0 +\d+ +\d+ +\d+ {2}samples\/quiet-day$/m);
  });

  it('has no headings where there is one input', () => {
    const { stdout, stderr } = auditwire(['replay', '--format', 'pretty', join(several, 'a')]);
    expect(stdout).toMatch(/^ CRITICAL/);
    expect(stderr).not.toContain('  input');
  });
});

describe('npm run new', () => {
  it('explains itself, and makes nothing', () => {
    const args = [join(root, 'scripts/new.ts'), '--help'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('usage: npm run new k8s-audit|cloudtrail/thing-and-act');
  });
});

describe('npm run detectors', () => {
  it('is a table in which nothing is broken in mid-word, with a legend of its marks', () => {
    for (const width of [60, 80, 200]) {
      const table = detectorTable(plain(width));
      expect(table.split('\n').filter((row) => row.length > width)).toEqual([]);
      const words = table.split(/\s+/);
      for (const { detector } of detectors) {
        expect(words).toContain(detector.id);
        expect(words.join(' ')).toContain(detector.title);
      }
      const marks = new Set(table.match(/\(\w+\)(?=\n| \()/g));
      expect([...marks].sort()).toEqual(['(activity)', '(off)', '(policy)']);
      for (const mark of marks) expect(table).toMatch(new RegExp(`^  \\${mark.slice(0, -1)}\\) +\\w`, 'm'));
    }
    const off = detectors.filter(({ detector }) => detector.mode === 'off').length;
    expect(detectorTable(plain(80))).toContain(`\n${detectors.length} detectors, ${off} off\n`);
  });

  it('has a line for each detector where programs read it', () => {
    const rows = auditwire(['detectors']).stdout.split('\n');
    for (const { detector } of detectors)
      expect(rows.filter((row) => row.includes(` ${detector.id} `) && row.includes(detector.title))).toHaveLength(1);
  });

  it('lists every detector with all that it declares', () => {
    const listed = JSON.parse(auditwire(['detectors', '--format', 'json']).stdout);
    const one = listed.find(({ id }: { id: string }) => id === 'k8s-audit/pod-exec');
    expect(Object.keys(one)).toEqual([
      'id',
      'title',
      'description',
      'source',
      'severity',
      'mode',
      'covers',
      'mitre',
      'when',
      'runbook',
    ]);
    expect(auditwire(['detectors']).stdout).toContain('k8s-audit/pod-exec');
  });
});
