import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { alertSchema } from '../core/alert.ts';

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

describe('npm run detectors', () => {
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
