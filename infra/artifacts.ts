import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { jsonIn } from '../core/json.ts';
import * as z from '../core/zod.ts';
import { type Bundle, hashesOf } from '../scripts/build.ts';
import { SettingsError } from './settings.ts';
import { textOf } from './site.ts';

/** What Lambda gets of one function: a directory with its bundle's files and the site's policy. */
export interface Artifact {
  readonly directory: string;
  /** Of all that is in it: the name under which it is uploaded. */
  readonly sha256: string;
}

/**
 * Puts every bundle into a directory of its own, and the policy beside it: as JSON, which is YAML too and takes no parser of
 * YAML to read.
 */
export function writeArtifacts(outdir: string, bundles: readonly Bundle[], policy: string): Map<string, Artifact> {
  const hashes = hashesOf(bundles);
  const json = JSON.stringify(parse(policy));
  return new Map(
    bundles.map(({ name, code, lazy = [] }) => {
      const directory = join(outdir, name);
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'index.js'), code);
      for (const { file, code } of lazy) writeFileSync(join(directory, basename(file)), code);
      writeFileSync(join(directory, 'policy.yaml'), json);
      const sha256 = createHash('sha256').update(`${hashes[name]}\n${json}`).digest('hex');
      return [name, { directory, sha256 }];
    }),
  );
}

/** Throws a {@link SettingsError} unless the bundles are those of which a file, made by `npm run build`, has the hashes. */
export function checkHashes(bundles: readonly Bundle[], file: string): void {
  const tested = hashesIn(textOf(file));
  if (!tested) throw new SettingsError(`${file}: not what \`npm run build\` leaves in dist/hashes.json`);
  const built = hashesOf(bundles);
  const wrong = [...new Set([...Object.keys(tested), ...Object.keys(built)])]
    .filter((name) => tested[name] !== built[name])
    .map((name) => `${file}: ${name}: tested ${tested[name] ?? 'nothing'}, built here ${built[name] ?? 'nothing'}`);
  if (wrong.length > 0) throw new SettingsError(wrong.join('\n'));
}

function hashesIn(text: string): Readonly<Record<string, string>> | undefined {
  return z.record(z.string(), z.string()).safeParse(jsonIn(text)).data;
}
