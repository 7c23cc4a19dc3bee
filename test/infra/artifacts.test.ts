import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../infra/app.ts';
import { type Artifact, checkHashes, writeArtifacts } from '../../infra/artifacts.ts';
import { readSite, type Site } from '../../infra/site.ts';
import { type Bundle, bundleFunctions, hashesOf } from '../../scripts/build.ts';
import { LEAST, newFolder, settingsFile, TODAY } from './synthesized.ts';

describe('what is deployed', () => {
  let bundles: Bundle[];
  let site: Site;
  let artifacts: Map<string, Artifact>;

  beforeAll(async () => {
    bundles = await bundleFunctions();
    site = readSite(settingsFile(LEAST), TODAY);
    artifacts = writeArtifacts(newFolder(), bundles, site.policy);
  });

  it('is byte for byte what the functions’ tests run, with the policy beside it', () => {
    const outdir = newFolder();
    createApp(site, artifacts, outdir).synth();
    const uploaded = readdirSync(outdir).filter((name) => name.startsWith('asset.') && !name.includes('.json'));
    const codes = uploaded.map((name) => {
      expect(readdirSync(join(outdir, name)).sort()).toEqual(['index.js', 'policy.yaml']);
      expect(readFileSync(join(outdir, name, 'policy.yaml'), 'utf8')).toBe(site.policy);
      return readFileSync(join(outdir, name, 'index.js'), 'utf8');
    });
    const deployed = bundles.filter(({ name }) => !['cloudtrail', 'chat'].includes(name));
    expect(codes.sort()).toEqual(deployed.map(({ code }) => code).sort());
  });

  it('is the same wherever and however often it is built', async () => {
    const hashes = hashesOf(bundles);
    expect(hashesOf(await bundleFunctions(newFolder()))).toEqual(hashes);
    expect(hashesOf(await bundleFunctions(newFolder()))).toEqual(hashes);
  });

  it('is written for Lambda as it was built', async () => {
    const outdir = newFolder();
    for (const { file, code } of await bundleFunctions(outdir)) expect(readFileSync(file, 'utf8')).toBe(code);
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
    expect(() => checkHashes([{ ...first, code: `${first.code} ` }, ...rest], file)).toThrow(
      `${file}: ${first.name}: tested`,
    );
    expect(() => checkHashes(rest, file)).toThrow('built here nothing');
  });
});
