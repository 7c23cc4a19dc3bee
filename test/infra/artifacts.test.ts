import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createApp } from '../../infra/app.ts';
import { type Artifact, checkHashes, writeArtifacts } from '../../infra/artifacts.ts';
import { readSite, type Site } from '../../infra/site.ts';
import { type Bundle, bundleFunctions, filesOf, hashesOf } from '../../scripts/build.ts';
import { LEAST, newFolder, settingsFile, TODAY } from './synthesized.ts';

/** Files by name and hash: they are too long to show where they differ. */
function listOf(files: readonly (readonly [string, string])[]): string {
  return files
    .map(([name, code]) => `${name} ${createHash('sha256').update(code).digest('hex')}`)
    .sort()
    .join(', ');
}

describe('what is deployed', () => {
  let bundles: Bundle[];
  let site: Site;
  let artifacts: Map<string, Artifact>;

  beforeAll(async () => {
    bundles = await bundleFunctions();
    site = readSite(settingsFile(LEAST), TODAY);
    artifacts = writeArtifacts(newFolder(), bundles, site.policy);
  }, 60_000);

  it('is byte for byte what the functions’ tests run, with the policy beside it', () => {
    const outdir = newFolder();
    createApp(site, artifacts, outdir).synth();
    const uploaded = readdirSync(outdir).filter((name) => name.startsWith('asset.') && !name.includes('.json'));
    const found = uploaded.map((name) => {
      const read = (file: string) => readFileSync(join(outdir, name, file), 'utf8');
      expect(JSON.parse(read('policy.yaml'))).toEqual(parse(site.policy));
      const files = readdirSync(join(outdir, name)).filter((file) => file !== 'policy.yaml');
      return listOf(files.map((file) => [file, read(file)]));
    });
    const deployed = bundles.filter(({ name }) => !['cloudtrail', 'chat'].includes(name));
    const built = deployed.map((bundle) => listOf(filesOf(bundle).map(({ file, code }) => [basename(file), code])));
    expect(found.sort()).toEqual(built.sort());
  });

  it('is the same wherever and however often it is built', async () => {
    const hashes = hashesOf(bundles);
    expect(hashesOf(await bundleFunctions(newFolder()))).toEqual(hashes);
    expect(hashesOf(await bundleFunctions(newFolder()))).toEqual(hashes);
  });

  it('is written for Lambda as it was built', async () => {
    const outdir = newFolder();
    for (const bundle of await bundleFunctions(outdir)) {
      for (const { file, code } of filesOf(bundle)) {
        expect(dirname(file)).toBe(join(outdir, bundle.name));
        expect(readFileSync(file, 'utf8')).toBe(code);
      }
    }
  });

  it('has another name when the policy changes', () => {
    const other = writeArtifacts(newFolder(), bundles, 'version: 1\nincidentWindow: 6h\n');
    for (const [name, { sha256 }] of artifacts) expect(other.get(name)?.sha256).not.toBe(sha256);
  });

  it('is refused where it is not what was tested', () => {
    const file = join(newFolder(), 'hashes.json');
    writeFileSync(file, JSON.stringify(hashesOf(bundles)));
    expect(() => checkHashes(bundles, file)).not.toThrow();
    const [first, ...rest] = bundles;
    if (!first) throw new Error('no bundles');
    const lazy = (first.lazy ?? []).map((file) => ({ ...file, code: `${file.code} ` }));
    for (const other of [{ code: `${first.code} ` }, { lazy }, { lazy: [] }])
      expect(() => checkHashes([{ ...first, ...other }, ...rest], file)).toThrow(`${file}: ${first.name}: tested`);
    expect(() => checkHashes(rest, file)).toThrow('built here nothing');
  });
});
