import { globSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { corpusCases, hasShared } from '../support/shared.ts';

const root = new URL('../../', import.meta.url).pathname;

/** The detectors' own samples, as text: what wakes detectors, and its neighbours. */
export function samples(): string[] {
  const files = globSync(`${root}detectors/k8s-audit/*/samples/*.json`).sort();
  return files.map((file) => asGo(JSON.parse(readFileSync(file, 'utf8'))));
}

/** Every other audit event that this project holds: of stories, of the ordinary day, of corpora. */
export function otherEvents(): string[] {
  const files = [
    ...globSync(`${root}samples/stories/**/*.{json,ndjson,jsonl}*`).sort(),
    `${root}samples/quiet-day/k8s-audit.ndjson.gz`,
  ];
  const corpora = hasShared
    ? ['panther', 'crowdsec', 'stratus', 'badpods'].flatMap((name) => corpusCases(`k8s-${name}.jsonl`))
    : [];
  return [
    ...files.flatMap((file) => valuesIn(file.endsWith('.gz') ? gunzipSync(readFileSync(file)) : readFileSync(file))),
    ...corpora.flatMap(({ event, events = [] }) => (event ? [event, ...events] : events)),
  ].map((event) => asGo(event));
}

function valuesIn(bytes: Buffer): unknown[] {
  const text = bytes.toString('utf8').trim();
  try {
    return [JSON.parse(text)];
  } catch {
    return text.split('\n').map((line) => JSON.parse(line));
  }
}

/** JSON as Go writes it. */
function asGo(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A subscription payload as CloudWatch Logs writes it. */
export function payloadOf(messages: readonly string[], logStream = 'kube-apiserver-audit-0123456789abcdef'): Buffer {
  const logEvents = messages.map((message, i) => ({
    id: `3${i}`.padEnd(56, '7'),
    timestamp: 1767225600000 + i,
    message,
  }));
  const logGroup = '/aws/eks/prod/cluster';
  const subscriptionFilters = ['auditwire'];
  return Buffer.from(
    JSON.stringify({
      messageType: 'DATA_MESSAGE',
      owner: '111122223333',
      logGroup,
      logStream,
      subscriptionFilters,
      logEvents,
    }),
  );
}

/** Numbers below `n`, the same for the same seed (xorshift). */
export function randomFrom(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

type Random = (n: number) => number;
type Fields = Record<string, unknown>;

const HOSTILE = [
  '","verb":"get',
  '\\","verb":"create","x":"',
  '"}},"objectRef":{"resource":"pods","subresource":"exec"},"z":"',
  '"},{"id":"1","timestamp":1,"message":"{}',
  '}"},{"id":"1","timestamp":1,"message":"{\\"kind\\":\\"Event\\"',
  '\\',
  '\\\\',
  '"',
  '\\"',
  'a\\\\"',
  '\u0000',
  '\u0001\u001f\u007f',
  '\n\r\t\b\f',
  '😀',
  '\ud83d',
  '\u2028<&>',
  '\\u0022',
  '\\u005c"',
  ',"sourceIPs":["10.0.0.1"],"userAgent":"x',
  '"authorization.k8s.io/decision":"forbid"',
  '__proto__',
  '[Truncated...]',
  '',
];
const RESOURCES = [
  'pods',
  'secrets',
  'nodes',
  'leases',
  'roles',
  'clusterrolebindings',
  'serviceaccounts',
  'configmaps',
];
const SUBRESOURCES = ['exec', 'attach', 'portforward', 'proxy', 'status', 'token', 'ephemeralcontainers', 'binding'];
const NAMES = ['x', 'aws-auth', 'admin', 'cluster-admin', 'system:admin', 'ip-10-0-1-2', 'default'];
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'connect', 'GET'];
const CODES = [101, 200, 201, 204, 302, 400, 401, 403, 404, 409, 422, 500, 999, 0, 12, 2000, -200, 200.5, '200', null];
const USERS: readonly unknown[] = [
  { username: 'system:anonymous', groups: ['system:unauthenticated'] },
  { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
  { username: 'system:serviceaccount:kube-system:deployment-controller', groups: ['system:serviceaccounts'] },
  { username: 'mallory', uid: 7 },
  { username: null, groups: null },
  'nobody',
  [],
];
/** Whole members as text, to stand anywhere and twice. */
const MEMBERS = [
  '"verb":"create"',
  '"\\u0076erb":"create"',
  '"stage":"RequestReceived"',
  '"stage":"Sometime"',
  '"kind":"Evening"',
  '"apiVersion":"v1"',
  '"user":{"username":"system:anonymous","groups":["system:unauthenticated"]}',
  '"impersonatedUser":{"username":"system:admin","groups":["system:masters"]}',
  '"objectRef":{"resource":"pods","subresource":"exec","namespace":"default","name":"x"}',
  '"objectRef":{"resource":"secrets"}',
  '"responseStatus":{"metadata":{},"code":201}',
  '"responseStatus":{"metadata":{},"code":403}',
  '"annotations":{"authorization.k8s.io/decision":"forbid"}',
  '"requestURI":"/api/v1/namespaces/default/pods/x/exec?command=sh"',
  '"requestObject":{"verb":"create","spec":{"containers":[{"securityContext":{"privileged":true}}]}}',
  '"sourceIPs":["203.0.113.7"]',
  '"userAgent":"curl/8.0"',
  '"sourceIPs":7',
  '"auditID":9',
  '"__proto__":{"verb":"create"}',
  '"items":[]',
  '"Records":[]',
  '"messageType":"CONTROL_MESSAGE"',
  '"code":401',
  '"subresource":"exec"',
  '"apiGroup":""',
  '"authorization.k8s.io/decision":"forbid"',
  '"authorization.k8s.io\\/decision":"forbid"',
  '"authorization.k8s.io/decision":"allow"',
  '"note":5',
];

const pick = <T>(random: Random, from: readonly T[]): T => {
  const one = from[random(from.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
};

const asFields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {});

/** The values of an event changed, each a thing that a client, a server or a broken shipper might do. */
const CHANGES: readonly ((event: Fields, random: Random) => Fields)[] = [
  (event, random) => ({ ...event, verb: pick(random, VERBS) }),
  (event, random) => ({ ...event, objectRef: { ...asFields(event.objectRef), resource: pick(random, RESOURCES) } }),
  (event, random) => ({
    ...event,
    objectRef: { ...asFields(event.objectRef), subresource: pick(random, SUBRESOURCES) },
  }),
  (event, random) => ({ ...event, objectRef: { ...asFields(event.objectRef), name: pick(random, HOSTILE) } }),
  (event, random) => ({ ...event, objectRef: { ...asFields(event.objectRef), apiGroup: pick(random, ['', 'x.io']) } }),
  (event, random) => ({
    ...event,
    objectRef: { ...asFields(event.objectRef), ...pick(random, [{ namespace: 'default' }, { namespace: undefined }]) },
  }),
  (event, random) => ({ ...event, objectRef: { ...asFields(event.objectRef), name: pick(random, NAMES) } }),
  (event, random) => ({ ...event, responseStatus: { metadata: {}, code: pick(random, CODES) } }),
  (event, random) => ({
    ...event,
    responseStatus: { metadata: {}, code: 403 },
    annotations: { 'authorization.k8s.io/decision': pick(random, ['allow', 'forbid']) },
  }),
  (event, random) => ({
    ...event,
    responseStatus: { metadata: {}, status: 'Failure', message: pick(random, HOSTILE), reason: 'Forbidden', code: 403 },
  }),
  (event, random) => ({
    ...event,
    annotations: {
      ...asFields(event.annotations),
      'authorization.k8s.io/decision': pick(random, ['allow', 'forbid', 'Forbid', '', 1]),
      'authorization.k8s.io/reason': pick(random, HOSTILE),
    },
  }),
  (event, random) => ({ ...event, user: pick(random, USERS) }),
  (event, random) => ({ ...event, user: { ...asFields(event.user), extra: { [pick(random, HOSTILE)]: ['x'] } } }),
  (event, random) => ({
    ...event,
    user: { ...asFields(event.user), extra: { sourceIPs: ['x'], n: pick(random, [[], 'x', [1]]) } },
  }),
  (event, random) => ({ ...event, userAgent: pick(random, HOSTILE) }),
  (event, random) => ({
    ...event,
    sourceIPs: pick(random, [[], ['203.0.113.9'], ['203.0.113.9', '10.0.0.1'], [pick(random, HOSTILE)], null]),
  }),
  (event, random) => ({ ...event, requestURI: `${event.requestURI}${pick(random, ['?dryRun=All', '?', ...HOSTILE])}` }),
  (event, random) => ({ ...event, auditID: pick(random, HOSTILE) }),
  (event, random) => ({
    ...event,
    stage: pick(random, ['RequestReceived', 'ResponseStarted', 'Panic', 'ResponseComplete', 'x', 1]),
  }),
  (event, random) => ({ ...event, requestObject: { [pick(random, HOSTILE)]: pick(random, HOSTILE), verb: 'create' } }),
  (event, random) => ({
    ...event,
    requestObject: [1, -0, 1e30, 1.5, true, null, {}, [], [[[]]], pick(random, HOSTILE)],
  }),
  (event) => Object.fromEntries(Object.entries(event).reverse()),
  (event) => {
    const { user, sourceIPs, ...rest } = event;
    return { ...rest, user, sourceIPs };
  },
  (event, random) => {
    const { [pick(random, Object.keys(event))]: _, ...rest } = event;
    return rest;
  },
  (event, random) => withImpersonation(event, { username: pick(random, HOSTILE), groups: ['system:masters'] }),
  (event) => withImpersonation(event, { username: 'system:admin', groups: ['system:masters', 'system:authenticated'] }),
];

/** Puts `impersonatedUser` where the API server does. */
function withImpersonation(event: Fields, impersonatedUser: object): Fields {
  return Object.fromEntries(
    Object.entries(event).flatMap(([key, value]) =>
      key === 'user'
        ? [
            [key, value],
            ['impersonatedUser', impersonatedUser],
          ]
        : [[key, value]],
    ),
  );
}

/** The text of an event changed, with no regard for what it means. */
const DISFIGUREMENTS: readonly ((text: string, random: Random) => string)[] = [
  // A member more, at any comma or opening brace outside or inside of strings.
  (text, random) =>
    inserted(text, random, /[{,]/g, (mark) =>
      mark === '{' ? `{${pick(random, MEMBERS)},` : `,${pick(random, MEMBERS)},`,
    ),
  (text, random) => text.replace(/\}\}$/, `,${pick(random, MEMBERS)}}}`),
  (text) => text.replace(/\}\}$/, ',"authorization.k8s.io\\/decision":"forbid"}}'),
  (text, random) => inserted(text, random, /\}/g, () => `,${pick(random, MEMBERS)}}`),
  (text, random) => inserted(text, random, /"/g, () => `"${pick(random, HOSTILE)}`),
  (text, random) => inserted(text, random, /[a-z]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
  (text, random) =>
    inserted(text, random, /[a-z]/g, () => pick(random, ['\\x', '\\u00g0', '\\"', '\\', '\u0000', '\n', '\ufeff'])),
  (text, random) => inserted(text, random, /[\d]/g, () => pick(random, ['00', '-', '1.', '1e5', '.5', '+1', ''])),
  (text, random) => inserted(text, random, /[:,]/g, (mark) => `${mark} `),
  (text, random) => inserted(text, random, /[[\]{}]/g, (mark) => pick(random, ['', mark + mark])),
  (text, random) => text.slice(0, random(text.length)),
  (text, random) => `${text.slice(0, random(text.length))}[Truncated...]`,
  (text, random) => `${text}${pick(random, [' ', '\n', '}', '{}', ',', '\u0000', '"'])}`,
  (text) => {
    try {
      return JSON.stringify(JSON.parse(text), null, 1);
    } catch {
      return text;
    }
  },
];

/** Replaces one of the places where `pattern` matches. */
function inserted(text: string, random: Random, pattern: RegExp, by: (match: string) => string): string {
  const places = [...text.matchAll(pattern)];
  if (places.length === 0) return text;
  const { index, 0: match } = pick(random, places);
  return text.slice(0, index) + by(match) + text.slice(index + match.length);
}

/** The event as it is, or changed, or disfigured, or both. */
export function fuzzed(event: string, random: Random): string {
  let text = event;
  for (let times = random(3); times > 0; times--) text = asGo(pick(random, CHANGES)(JSON.parse(text), random));
  if (random(3) === 0) text = pick(random, DISFIGUREMENTS)(text, random);
  return text;
}

/** The payload with bytes of it changed, lost or doubled: now and then, and mostly between its records. */
export function disfigured(payload: Buffer, random: Random): Buffer {
  if (random(4) > 0) return payload;
  const at = random(payload.length);
  switch (random(7)) {
    case 0:
      return Buffer.concat([payload.subarray(0, at), Buffer.from([random(256)]), payload.subarray(at + 1)]);
    case 1:
      return Buffer.concat([payload.subarray(0, at), payload.subarray(at + 1 + random(9))]);
    case 2:
      return Buffer.concat([payload.subarray(0, at), payload.subarray(at - random(Math.min(at, 40) + 1))]);
    case 3:
      return payload.subarray(0, at);
    case 5:
      return Buffer.from(inserted(payload.toString('utf8'), random, /\\"/g, () => '"'));
    case 4:
      return Buffer.from(
        inserted(payload.toString('utf8'), random, /"message":/g, () =>
          pick(random, ['"message":"{}","message":', '"note":"x","message":', '"message": ']),
        ),
      );
    default:
      return Buffer.from(
        inserted(payload.toString('utf8'), random, /\}"\}/g, () =>
          pick(random, ['}","extractedFields":{"a":"b"}}', '}","message":"{}"}', '}" }', '}","id":"x"}']),
        ),
      );
  }
}
