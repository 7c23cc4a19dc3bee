import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeBase64Gzip } from '../aws/decode.ts';
import { detectors } from '../cli/detectors.ts';
import { prettyAlert } from '../cli/render/pretty.ts';
import { deliveriesOf, deliveriesOfValue } from '../core/envelope.ts';
import { createPipeline } from '../core/pipeline.ts';
import { CANARY_FORMS, withCanaries } from './support/canaries.ts';

const samples = detectors.flatMap(({ detector: { id } }) => {
  const folder = new URL(`../detectors/${id}/samples/`, import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.startsWith('fires-'))
    .map((name) => [`${id}/${name}`, recordIn(readFileSync(new URL(name, folder), 'utf8'))] as const);
});

/** The record in a sample: whole, or what is salvaged of one that was cut. */
function recordIn(sample: string): Record<string, unknown> {
  const [delivery] = deliveriesOf(sample, {}, decodeBase64Gzip);
  return delivery?.kind === 'record' ? { ...delivery.value } : {};
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
    for (const form of CANARY_FORMS) expect(output).not.toContain(form);
  });
});
