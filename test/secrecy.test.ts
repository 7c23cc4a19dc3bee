import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeBase64Gzip } from '../aws/decode.ts';
import { detectors } from '../cli/detectors.ts';
import { prettyAlert } from '../cli/render/pretty.ts';
import { deliveriesOfValue } from '../core/envelope.ts';
import { createPipeline } from '../core/pipeline.ts';

const CANARY = 'Xq7Zr2canaryV9mK4tLw8sYb3';
const ENCODED = [
  CANARY,
  Buffer.from(CANARY).toString('base64'),
  encodeURIComponent(CANARY),
  Buffer.from(CANARY).toString('hex'),
];
const BODIES = [
  'requestObject',
  'responseObject',
  'requestParameters',
  'responseElements',
  'additionalEventData',
  'annotations',
];

const samples = detectors.flatMap(({ detector: { id } }) => {
  const folder = new URL(`../detectors/${id}/samples/`, import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.startsWith('fires-'))
    .map((name) => [`${id}/${name}`, JSON.parse(readFileSync(new URL(name, folder), 'utf8'))] as const);
});

/** The same JSON with the canary wherever a secret may stand: beside every field, in env, annotations and data. */
function planted(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return value.map((item) => planted(item, depth + 1));
  if (typeof value !== 'object' || value === null || depth > 12) return value;
  const fields = Object.entries(value).map(([key, inner]) => [key, planted(inner, depth + 1)]);
  return {
    ...Object.fromEntries(fields),
    unexpected: CANARY,
    [`x-${'secret'}`]: Buffer.from(CANARY).toString('base64'),
  };
}

function withCanaries(event: Record<string, unknown>): Record<string, unknown> {
  const bodies = BODIES.filter((name) => typeof event[name] === 'object').map((name) => [name, planted(event[name])]);
  const uri = typeof event.requestURI === 'string' ? event.requestURI : undefined;
  const query = `${uri?.includes('?') ? '&' : '?'}session=${CANARY}&access_token=${CANARY}`;
  const command = uri?.includes('command=')
    ? `&command=${encodeURIComponent(`--password=${CANARY}`)}&command=${CANARY}`
    : '';
  return { ...event, ...Object.fromEntries(bodies), ...(uri && { requestURI: uri + query + command }) };
}

describe('secrets', () => {
  it.each(samples)('planted in the bodies and the query of %s reach no output', (_, event) => {
    const pipeline = createPipeline({ detectors, all: true });
    const verdicts = [...deliveriesOfValue(withCanaries(event), {}, decodeBase64Gzip)].map((one) =>
      pipeline.receive(one),
    );
    const alerts = verdicts.flatMap(({ outgoing }) => outgoing.map(({ alert }) => alert));
    expect(alerts.length).toBeGreaterThan(0);
    const plain = { width: 100, style: (_: unknown, text: string) => text };
    const output = JSON.stringify(verdicts) + alerts.map((alert) => prettyAlert(alert, plain)).join('');
    for (const form of ENCODED) expect(output).not.toContain(form);
  });
});
