import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeBase64Gzip } from '../../aws/decode.ts';
import { detectors } from '../../cli/detectors.ts';
import { createEngine } from '../../core/engine.ts';
import { deliveriesOf, deliveriesOfValue } from '../../core/envelope.ts';
import { WASM } from '../../core/json-bytes.wasm.ts';
import * as real from '../../core/k8s-audit/scan.ts';
import { k8sAudit } from '../../core/k8s-audit/source.ts';
import { createPipeline } from '../../core/pipeline.ts';
import type { Delivery } from '../../core/record.ts';
import { leftOf } from '../support/left.ts';
import { disfigured, fuzzed, otherEvents, payloadOf, randomFrom, samples } from './scan-fuzz.ts';

const ours = samples();
const events = [...ours, ...otherEvents()];
const engine = createEngine(
  k8sAudit,
  detectors.filter(({ detector }) => detector.source === 'k8s-audit' && detector.mode !== 'off'),
);

/** What becomes of deliveries without a scanner: findings as they are, everything else by its name. */
function verdictsOn(deliveries: Iterable<Delivery>): string[] {
  return Array.from(deliveries, (delivery) => {
    if (delivery.kind !== 'record') return delivery.kind === 'control' ? 'control' : `quarantined: ${delivery.reason}`;
    if (delivery.source !== 'k8s-audit') return delivery.source;
    const parsed = k8sAudit.schema.safeParse(delivery.value);
    if (!parsed.success) return 'quarantined: schema-mismatch';
    const judgements = engine.judge(parsed.data);
    return judgements.length === 0
      ? 'quiet'
      : JSON.stringify(judgements.map(({ registered, ...word }) => [registered.detector.id, word]));
  });
}

const isLoud = (verdict: string) => verdict !== 'quiet';

/** What is wrong with a scanner's word on one payload, if anything. */
function differenceOn(scanner: real.Scanner, payload: Buffer): string | undefined {
  const scanned = scanner.withoutQuiet(payload);
  if (!scanned) return undefined;
  const all = verdictsOn(deliveriesOf(payload.toString('utf8'), {}, decodeBase64Gzip));
  const rest = verdictsOn(deliveriesOfValue(leftOf(scanned), {}, decodeBase64Gzip));
  const sameFindings = JSON.stringify(all.filter(isLoud)) === JSON.stringify(rest.filter(isLoud));
  if (sameFindings && all.length === rest.length + scanned.quiet) return undefined;
  return `${all.filter(isLoud)}\n${all.length} against ${rest.length} and ${scanned.quiet} quiet\n${payload}`;
}

function lineDifferenceOn(scanner: real.Scanner, line: string): string | undefined {
  if (!scanner.isQuiet(Buffer.from(line))) return undefined;
  const verdicts = verdictsOn(deliveriesOf(line, {}, decodeBase64Gzip));
  return verdicts.length === 1 && verdicts[0] === 'quiet' ? undefined : `${verdicts}\n${line}`;
}

const EVENTS_PER_PAYLOAD = 20;

/** The first difference that fuzzed events of one seed show, and how many of them the scanner proved quiet. */
function fuzz(createScanner: typeof real.createScanner, seed: number, count: number) {
  const random = randomFrom(seed);
  const scanner = createScanner(engine);
  let proven = 0;
  const pickFrom = (from: readonly string[]) => from[random(from.length)] ?? '';
  // Of few events at a time, so that what is remembered of one is put to others like it.
  let originals: readonly string[] = [];
  for (let done = 0; done < count; done += EVENTS_PER_PAYLOAD) {
    if (done % (10 * EVENTS_PER_PAYLOAD) === 0) originals = [pickFrom(ours), pickFrom(events)];
    const texts = Array.from({ length: EVENTS_PER_PAYLOAD }, (_, i) => fuzzed(originals[i % 2] ?? '', random));
    const payload = disfigured(payloadOf(texts), random);
    const difference =
      differenceOn(scanner, payload) ?? texts.map((text) => lineDifferenceOn(scanner, text)).find(Boolean);
    if (difference) return { difference, proven };
    proven += scanner.withoutQuiet(payload)?.quiet ?? 0;
  }
  return { difference: undefined, proven };
}

/** Refusals that differ in nothing but the decision that they hold. */
function twins(createScanner: typeof real.createScanner) {
  return ours.map((event) => {
    const refused = (members: string) =>
      event
        .replace(/"responseStatus":\{.*?"code":\d+\}/, '"responseStatus":{"metadata":{},"code":403}')
        .replace(/"annotations":\{.*\}\}$/, `"annotations":{${members}}}`);
    const decision = '"authorization.k8s.io/decision":';
    const spelt = '"authorization.k8s.io\\/decision":';
    const members = [
      `${decision}"allow"`,
      `${decision}"allow",${spelt}"forbid"`,
      `${decision}"allow",${decision}"forbid"`,
      `${decision}"forbid"`,
      `"audit.k8s.io/truncated":"true",${decision}"forbid"`,
    ];
    return { scanner: createScanner(engine), texts: members.map(refused) };
  });
}

describe('the scanner', () => {
  it('gives the same alerts, in the same order, and the same counts as no scanner on everything there is', {
    timeout: 120_000,
  }, () => {
    for (const all of [false, true]) {
      for (let start = 0; start < events.length; start += 500) {
        const payload = payloadOf(events.slice(start, start + 500));
        const plain = createPipeline({ detectors, all });
        const alerts = [...deliveriesOf(payload.toString('utf8'), {}, decodeBase64Gzip)].map(
          (one) => plain.receive(one).outgoing,
        );
        const scanning = createPipeline({ detectors, all });
        const scanned = scanning.withoutQuiet(payload);
        const restAlerts = [...deliveriesOfValue(scanned && leftOf(scanned), {}, decodeBase64Gzip)].map(
          (one) => scanning.receive(one).outgoing,
        );
        expect(restAlerts.flat()).toEqual(alerts.flat());
        expect(scanning.counts).toEqual(plain.counts);
      }
    }
  });

  it('says of single lines what it says of payloads', { timeout: 60_000 }, () => {
    const scanner = real.createScanner(engine);
    for (const event of events) expect(lineDifferenceOn(scanner, event)).toBeUndefined();
  });

  it('tells a refusal by the authorizer from one by admission, in whatever spelling and order', () => {
    for (const { scanner, texts } of twins(real.createScanner)) {
      expect(texts.map((text) => lineDifferenceOn(scanner, text)).filter(Boolean)).toEqual([]);
      expect(differenceOn(scanner, payloadOf(texts))).toBeUndefined();
    }
  });

  it('differs in nothing on 200,000 fuzzed events, many of which it proves quiet', { timeout: 300_000 }, () => {
    const { difference, proven } = fuzz(real.createScanner, 20_260_101, 200_000);
    expect(difference).toBeUndefined();
    expect(proven).toBeGreaterThan(20_000);
  });

  it('proves nine of ten events of an ordinary day quiet', () => {
    const scanner = real.createScanner(engine);
    const day = events.filter((event) => event.includes('2025-09-16T'));
    const scanned = scanner.withoutQuiet(payloadOf(day));
    expect(scanned?.quiet).toBeGreaterThan(day.length * 0.93);
  });
});

const CORE = new URL('../../core/', import.meta.url);
/** What the scanner is made of. */
const FILES = [
  ...['scan', 'scan-memory', 'record-form', 'proof'].map((name) => `k8s-audit/${name}.ts`),
  'json-bytes.ts',
  'json-value.ts',
  'json-bytes.wasm.ts',
];
const fileOf = (name: string) => FILES.find((file) => file.endsWith(`/${name}`) || file === name) ?? name;
const source = (file: string) => readFileSync(new URL(file, CORE), 'utf8');

/** What one file's text is replaced by, and what that breaks. A pattern in hex is one of the WebAssembly. */
const MUTANTS: readonly (readonly [what: string, file: string, from: string, to: string])[] = [
  [
    'ignores the subresource',
    'scan-memory.ts',
    'internFour(kind, verb, resource, apiGroup, subresource)',
    'internFour(kind, verb, resource, apiGroup, nothing)',
  ],
  [
    'ignores the API group',
    'scan-memory.ts',
    'internFour(kind, verb, resource, apiGroup, subresource)',
    'internFour(kind, verb, resource, nothing, subresource)',
  ],
  ['ignores the verb', 'scan-memory.ts', 'internFour(kind, verb, resource,', 'internFour(kind, nothing, resource,'],
  ['ignores the actor', 'proof.ts', 'safeParse(fields)', 'safeParse({ ...fields, user: undefined })'],
  [
    'takes what holds of one caller for what holds of all',
    'proof.ts',
    "const ACT = ['callers'",
    "const ACT = [...ACTOR, 'callers'",
  ],
  ['takes callers of all kinds for one', 'scan-memory.ts', 'actor.callers.join()', "''"],
  [
    'asks who was in doubt of another act',
    'scan-memory.ts',
    'this.#opinions.get(opinionKey(act, who))?.open',
    'this.#opinions.values().next().value?.open',
  ],
  ['takes one act for another', 'scan-memory.ts', 'this.#acts.get(act) ??', 'this.#acts.values().next().value ??'],
  ['ignores impersonation', 'proof.ts', 'safeParse(fields)', 'safeParse({ ...fields, impersonatedUser: undefined })'],
  ['lets an actor hold other keys', 'proof.ts', 'ACTOR.includes(key)', 'key.length > 0'],
  ['ignores the status', 'scan-memory.ts', '(json.startOf(FOUND.code) << 4)', '(200 << 4)'],
  ['ignores the stage', 'scan-memory.ts', '(json.startOf(FOUND.stage) << 2)', '0'],
  ['ignores the decision', 'scan-memory.ts', '| json.startOf(FOUND.decision);', ';'],
  ['takes a key spelt otherwise', 'record-form.ts', "['plain string']", "['string', '']"],
  ['ignores names', 'scan-memory.ts', '(0, namespace, name,', '(0, namespace, nothing,'],
  ['ignores namespaces', 'scan-memory.ts', '(0, namespace,', '(0, nothing,'],
  ['ignores the URI', 'scan-memory.ts', 'name, requestURI, nothing)', 'name, nothing, nothing)'],
  [
    'remembers what was said of a body',
    'scan-memory.ts',
    "this.#answerTo(record, actor, act, 'body') === 'quiet'",
    'true',
  ],
  ['takes the bodies of another record', 'json-bytes.wasm.ts', '4180284100418002fc0b00', '4180284100418000fc0b00'],
  ['overlooks what the API server left out', 'record-form.ts', "[['fail']]", "[['string', '']]"],
  [
    'does not mind what follows a line',
    'scan.ts',
    'json.read(start, line()) === json.end',
    'json.read(start, line()) > 0',
  ],
  ['lets a detector ask in vain', 'proof.ts', 'asked.push(key);', ''],
  ['takes a finding for quiet', 'proof.ts', "'finding' in judgement ||", "'crash' in judgement &&"],
  ['does not look for the schema', 'proof.ts', '.data : undefined', '.data ?? actorSchema.parse({}) : undefined'],
  ['skips too much behind a backslash', 'json-bytes.wasm.ts', '41026a2100', '41036a2100'],
  ['takes a bare quote for the end of an inner string', 'json-bytes.wasm.ts', '20011b0f', '41001b0f'],
  ['takes control characters', 'json-bytes.wasm.ts', '4120fd0f', '4100fd0f'],
];

function isTrueOrThrows(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return true;
  }
}

describe('a broken scanner', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The scanner with one file changed, in a place of its own. */
  async function mutant(index: number, [, name, from, to]: (typeof MUTANTS)[number]): Promise<typeof real> {
    const mutated = fileOf(name);
    const place = join(folder, String(index));
    mkdirSync(join(place, 'k8s-audit'), { recursive: true });
    for (const file of FILES) {
      let text = source(file);
      if (file === mutated) {
        const whole = file.endsWith('.wasm.ts') ? Buffer.from(WASM, 'base64').toString('hex') : text;
        expect(whole, `${file} holds ${from}`).toContain(from);
        const changed = whole.replaceAll(from, to);
        text = whole === text ? changed : `export const WASM = '${Buffer.from(changed, 'hex').toString('base64')}';`;
      }
      const own = text.replaceAll(/'(\.\.?\/[\w./-]+)'/g, (_, path) => {
        const { href } = new URL(path, new URL(file, CORE));
        return FILES.some((one) => href.endsWith(`/core/${one}`)) ? `'${path}'` : `'${href}'`;
      });
      writeFileSync(join(place, file), own);
    }
    return import(/* @vite-ignore */ pathToFileURL(join(place, 'k8s-audit/scan.ts')).href);
  }

  it.each(MUTANTS.map((one, index) => ({ what: one[0], index, one })))(
    'that $what is caught',
    { timeout: 60_000 },
    async ({ index, one }) => {
      const { createScanner } = await mutant(index, one);
      const isCaught = () =>
        twins(createScanner).some(({ scanner, texts }) => texts.some((text) => lineDifferenceOn(scanner, text))) ||
        fuzz(createScanner, 7, 60_000).difference !== undefined;
      // One that throws is caught as well.
      expect(isTrueOrThrows(isCaught)).toBe(true);
    },
  );
});
