import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Bundle, hashesOf } from '../scripts/build.ts';
import { SettingsError } from './settings.ts';
import { textOf } from './site.ts';

/** What Lambda gets of one function: a directory with its bundle and the site's policy. */
export interface Artifact {
  readonly directory: string;
  /** Of all that is in it: the name under which it is uploaded. */
  readonly sha256: string;
}

/** Puts every bundle into a directory of its own, and the policy beside it. */
export function writeArtifacts(outdir: string, bundles: readonly Bundle[], policy: string): Map<string, Artifact> {
  const hashes = hashesOf(bundles);
  return new Map(
    bundles.map(({ name, code }) => {
      const directory = join(outdir, name);
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'index.js'), code);
      writeFileSync(join(directory, 'policy.yaml'), policy);
      const sha256 = createHash('sha256').update(`${hashes[name]}\n${policy}`).digest('hex');
      return [name, { directory, sha256 }];
    }),
  );
}

/** Throws a {@link SettingsError} unless the bundles are those of which a file, made by `npm run build`, has the hashes. */
export function checkHashes(bundles: readonly Bundle[], file: string): void {
  const tested = z.record(z.string(), z.string()).parse(JSON.parse(textOf(file)));
  const built = hashesOf(bundles);
  const wrong = [...new Set([...Object.keys(tested), ...Object.keys(built)])]
    .filter((name) => tested[name] !== built[name])
    .map((name) => `${file}: ${name}: tested ${tested[name] ?? 'nothing'}, built here ${built[name] ?? 'nothing'}`);
  if (wrong.length > 0) throw new SettingsError(wrong.join('\n'));
}
