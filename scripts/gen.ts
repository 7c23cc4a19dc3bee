import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import createWabt from 'wabt';
import { alertSchema } from '../core/alert.ts';
import type { Detector } from '../core/detector.ts';
import { SOURCE_IDS } from '../core/sources.ts';
import * as z from '../core/zod.ts';
import { nextStepsIn } from './runbook.ts';

const root = new URL('../', import.meta.url);
const check = process.argv.includes('--check');
const stale: string[] = [];

/** The slugs of a source's detector folders, in the order in which detectors are tried and listed. */
function slugsOf(source: string): string[] {
  return readdirSync(new URL(`detectors/${source}/`, root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function camelCase(slug: string): string {
  return slug.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function quote(text: string): string {
  return text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function registry(source: string): string {
  const slugs = slugsOf(source);
  const entries = slugs.map((slug) => {
    const file = new URL(`detectors/${source}/${slug}/runbook.md`, root);
    const steps = existsSync(file) ? nextStepsIn(readFileSync(file, 'utf8')) : [];
    return `  {\n    detector: ${camelCase(slug)},\n    nextSteps: [\n${steps.map((step) => `      ${quote(step)},\n`).join('')}    ],\n  },\n`;
  });
  return [
    '// Made by `npm run gen` from the folders beside it. Do not edit.',
    "import type { RegisteredDetector } from '../../core/detector.ts';",
    ...slugs.map((slug) => `import ${camelCase(slug)} from './${slug}/detector.ts';`),
    '',
    `export const ${camelCase(source)}Detectors: readonly RegisteredDetector[] = [`,
    `${entries.join('')}];`,
    '',
  ].join('\n');
}

/** Every detector's id, for who must know the names and need not load the detectors. */
function ids(): string {
  const all = SOURCE_IDS.flatMap((source) => slugsOf(source).map((slug) => `  '${source}/${slug}',\n`));
  return [
    '// Made by `npm run gen` from the folders beside it. Do not edit.',
    `export const detectorIds: readonly string[] = [\n${all.join('')}];`,
    '',
  ].join('\n');
}

async function catalogue(): Promise<string> {
  const rows: string[] = [];
  for (const source of SOURCE_IDS) {
    rows.push(
      '',
      `## ${source}`,
      '',
      '| detector | fires on | severity | mode | ATT&CK | covers |',
      '| --- | --- | --- | --- | --- | --- |',
    );
    for (const slug of slugsOf(source)) {
      const module: { default: Detector } = await import(new URL(`detectors/${source}/${slug}/detector.ts`, root).href);
      const { id, title, severity, mode = 'on', mitre, covers } = module.default;
      const link = `[${slug}](../detectors/${id}/runbook.md)`;
      rows.push(`| ${link} | ${title} | ${severity} | ${mode} | ${mitre.join(', ')} | ${covers.join(', ')} |`);
    }
  }
  return [
    '<!-- Made by `npm run gen`. Do not edit. -->',
    '# Detectors',
    '',
    'Every detector, linked to its runbook. `severity` is the ordinary one; the event may raise or lower it, and the alert says why.',
    '`covers` names the entries of the detection catalogue that the detector answers for.',
    ...rows,
    '',
  ].join('\n');
}

/** The scanner's WebAssembly, assembled from its text. */
async function assembled(wat: string): Promise<string> {
  const wabt = await createWabt();
  const module = wabt.parseWat(wat, readFileSync(new URL(wat, root), 'utf8'), { simd: true });
  const lines =
    Buffer.from(module.toBinary({}).buffer)
      .toString('base64')
      .match(/.{1,112}/g) ?? [];
  return [
    `/** ${wat}, assembled by \`npm run gen\`, in base64. */`,
    'export const WASM =',
    `  ${lines.map((line) => `'${line}'`).join(' +\n  ')};`,
    '',
  ].join('\n');
}

function write(path: string, content: string): void {
  const file = new URL(path, root);
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return;
  if (check) stale.push(path);
  else {
    writeFileSync(file, content);
    process.stderr.write(`wrote ${path}\n`);
  }
}

for (const source of SOURCE_IDS) write(`detectors/${source}/index.ts`, registry(source));
write('detectors/ids.ts', ids());
write('core/json-bytes.wasm.ts', await assembled('core/json-bytes.wat'));
write('docs/detectors.md', await catalogue());
write('docs/alert.schema.json', `${JSON.stringify(z.toJSONSchema(alertSchema), null, 2)}\n`);

if (stale.length > 0) {
  process.stderr.write(
    `stale: ${stale.join(', ')}\nrun \`npm run gen\` and commit what it writes (${fileURLToPath(root)})\n`,
  );
  process.exitCode = 1;
}
