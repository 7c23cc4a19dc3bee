import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { detectors } from '../cli/detectors.ts';
import type { Detector } from '../core/detector.ts';
import { auditEventSchema } from '../core/k8s-audit/schema.ts';
import { MATCH_FIELDS, parsePolicy } from '../core/policy.ts';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'auditwire-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

function blockOf(page: string, language: string): string {
  const block = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'm').exec(read(page))?.[1];
  if (block === undefined) throw new Error(`${page} has no ${language} block`);
  return block;
}

describe('README.md', () => {
  it('shows what the stories print', () => {
    const args = ['cli/auditwire.ts', 'replay', '--format', 'pretty', 'samples/stories'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: fileURLToPath(root), encoding: 'utf8' });
    const [screen = ''] = /(?<=^```\n\$ npm start\n)[\s\S]*?(?=^```)/m.exec(read('README.md')) ?? [];
    const shown = screen.split('\n').filter((line) => line.trim() !== '' && !line.includes('…'));
    expect(shown.length).toBeGreaterThan(10);
    for (const line of shown) expect(stdout.split('\n')).toContain(line);
    expect(read('README.md')).toContain(stderr.trimEnd().split('\n').at(-1));
  });
});

describe('docs/writing-a-detector.md', () => {
  it('shows a detector that runs, fires on a deleted namespace and leaves the control plane alone', async () => {
    const file = join(folder, 'detector.ts');
    writeFileSync(
      file,
      blockOf('docs/writing-a-detector.md', 'ts').replaceAll('../../../core/', new URL('core/', root).href),
    );
    const { default: detector }: { default: Detector<'k8s-audit'> } = await import(file);
    const deletion = (username: string, name: string) =>
      auditEventSchema.parse({ verb: 'delete', user: { username }, objectRef: { resource: 'namespaces', name } });
    expect(detector.detect(deletion('alice', 'shop'))?.title).toBe('alice deleted namespace shop');
    expect(detector.detect(deletion('alice', 'kube-system'))?.severity).toBe('high');
    expect(detector.detect(deletion('system:serviceaccount:kube-system:namespace-controller', 'shop'))).toBeUndefined();
  });
});

describe('docs/policy.md', () => {
  it('shows a policy that is accepted, for detectors that exist', () => {
    const ids = detectors.map(({ detector }) => detector.id);
    expect(parsePolicy(blockOf('docs/policy.md', 'yaml'), 'policy.yaml', ids).suppressions).toHaveLength(1);
  });

  it('names every field that a suppression may match', () => {
    const page = read('docs/policy.md');
    for (const field of MATCH_FIELDS) expect(page).toContain(`\`${field}\``);
  });
});
