/** Stands for a secret: whatever is made of a record, this may be in none of it. */
export const CANARY = 'Xq7Zr2canaryV9mK4tLw8sYb3';

const BASE64 = Buffer.from(CANARY).toString('base64');

const BODIES = [
  'requestObject',
  'responseObject',
  'requestParameters',
  'responseElements',
  'additionalEventData',
  'annotations',
];

/** What the canary looks like as it is, in base64 wherever in it it begins, in hexadecimal, in a URL and in JSON. */
export const CANARY_FORMS: readonly string[] = [
  CANARY,
  ...[0, 1, 2].map((offset) => withinBase64(offset)),
  Buffer.from(CANARY).toString('hex'),
  [...CANARY].map((letter) => `%${hexOf(letter, 2)}`).join(''),
  [...CANARY].map((letter) => `\\u${hexOf(letter, 4)}`).join(''),
];

/** An event with the canary wherever a secret may stand. */
export function withCanaries(event: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const bodies = BODIES.filter((name) => typeof event[name] === 'object').map((name) => [name, planted(event[name])]);
  const uri = typeof event.requestURI === 'string' ? event.requestURI : undefined;
  const query = `${uri?.includes('?') ? '&' : '?'}session=${CANARY}&access_token=${CANARY}`;
  const command = uri?.includes('command=')
    ? `&command=${encodeURIComponent(`--password=${CANARY}`)}&command=${CANARY}`
    : '';
  return { ...event, ...Object.fromEntries(bodies), ...(uri && { requestURI: uri + query + command }) };
}

/** The same JSON with the canary beside every field, and in what Kubernetes and AWS have for secrets. */
function planted(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return value.map((item) => planted(item, depth + 1));
  if (typeof value !== 'object' || value === null || depth > 12) return value;
  const fields = Object.entries(value).map(([key, inner]) => [key, secretsIn(key, planted(inner, depth + 1))]);
  return { ...Object.fromEntries(fields), unexpected: CANARY, 'x-secret': BASE64, sessionToken: CANARY };
}

/** What is known to hold secrets, by the name of its field. */
function secretsIn(key: string, value: unknown): unknown {
  if (key === 'metadata' && isFields(value)) {
    const applied = JSON.stringify({ kind: 'Secret', data: { password: BASE64 }, stringData: { password: CANARY } });
    const before = isFields(value.annotations) ? value.annotations : {};
    return {
      ...value,
      annotations: { ...before, 'kubectl.kubernetes.io/last-applied-configuration': applied, token: CANARY },
    };
  }
  if (key === 'data' && isFields(value)) return { ...value, password: BASE64, 'tls.key': CANARY };
  if ((key === 'containers' || key === 'initContainers' || key === 'ephemeralContainers') && Array.isArray(value)) {
    const env = [
      { name: 'PASSWORD', value: CANARY },
      { name: 'DATABASE', value: `postgres://app:${CANARY}@db.example.com/app` },
    ];
    return value.map((container) => (isFields(container) ? { ...container, env } : container));
  }
  return value;
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The digits of base64 that are the canary's alone, if `offset` bytes of three came before it. */
function withinBase64(offset: number): string {
  const digits = Buffer.from(' '.repeat(offset) + CANARY).toString('base64');
  return digits.replace(/=+$/, '').slice(Math.ceil((offset * 4) / 3), -1);
}

function hexOf(letter: string, length: number): string {
  return letter.charCodeAt(0).toString(16).padStart(length, '0');
}
