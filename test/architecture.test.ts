import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

const files = readdirSync(root, { withFileTypes: true })
  .filter(({ name }) => !['node_modules', '.git', 'dist', 'coverage'].includes(name))
  .flatMap((entry) => (entry.isDirectory() ? filesIn(entry.name) : [entry.name]));

function filesIn(folder: string): string[] {
  return readdirSync(`${root}${folder}`, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(entry.parentPath.slice(root.length), entry.name));
}

const read = (file: string) => readFileSync(`${root}${file}`, 'utf8');

interface Import {
  readonly from: string;
  /** A path from the root, or the name of a package. */
  readonly to: string;
  readonly isType: boolean;
}

/** What a module imports, by whatever statement; code inside template literals is another module's. */
function importsOf(from: string): Import[] {
  const code = read(from).replace(/`(?:[^`\\]|\\[\s\S])*`/g, '``');
  const statements =
    /^(?:import|export)\s+(type\s)?[^'";]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...code.matchAll(statements)].map(([, type, named, bare, dynamic]) => {
    const target = named ?? bare ?? dynamic ?? '';
    const to = target.startsWith('.') ? posix.join(posix.dirname(from), target) : target;
    return { from, to, isType: type !== undefined };
  });
}

const modules = files.filter((file) => file.endsWith('.ts'));
const imports = modules.flatMap(importsOf);

/** Where an import leads: a folder of the root, or the name of a package. */
const placeOf = (to: string) => (modules.includes(to) ? (to.split('/')[0] ?? '') : to);

/** Who may import whom; `test` and `bench` may import everything, and nothing may import them. */
const ARROWS: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  core: ['core', 'yaml', 'node:crypto', 'node:buffer'],
  detectors: ['core', 'detectors'],
  aws: ['aws', 'core', /^@aws-sdk\//, /^node:/],
  functions: ['functions', 'core', 'detectors', 'aws', 'aws-lambda', /^node:/],
  cli: ['cli', 'core', 'detectors', 'aws', /^node:/],
  infra: ['infra', 'core', 'detectors', 'scripts', 'yaml', 'constructs', 'cdk-nag', /^aws-cdk-lib/, /^node:/],
  local: ['local', 'core', 'aws', 'cli', 'scripts', 'aws-lambda', 'fauxqs', 'dynalite', /^@aws-sdk\//, /^node:/],
  scripts: ['scripts', 'core', 'detectors', 'esbuild', 'wabt', /^node:/],
  'vitest.config.ts': ['vitest/config'],
};

/** Everybody's zod. */
const ZOD = 'core/zod.ts';

describe('the modules', () => {
  it('are found, and their imports with them', () => {
    expect(modules).toContain('core/alert.ts');
    expect(imports).toContainEqual({ from: 'core/alert.ts', to: 'core/redact.ts', isType: false });
    expect(imports).toContainEqual({ from: 'core/links.ts', to: 'core/alert.ts', isType: true });
    expect(imports.filter(({ from }) => from.startsWith('detectors/')).length).toBeGreaterThan(10);
    const missing = imports.filter(
      ({ to }) => to.startsWith('..') || (/^[a-z]+\//.test(to) && to.endsWith('.ts') && !modules.includes(to)),
    );
    expect(missing).toEqual([]);
  });

  it('import nobody but whom their folder may', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (from === ZOD) return false;
      const folder = from.split('/')[0] ?? '';
      if (folder === 'test' || folder === 'bench') return false;
      const place = placeOf(to);
      return !ARROWS[folder]?.some((allowed) =>
        typeof allowed === 'string' ? allowed === place : allowed.test(place),
      );
    });
    expect(wrong).toEqual([]);
  });

  it('that are detectors import none of their like, and only the registry imports them', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (!from.startsWith('detectors/') || !to.startsWith('detectors/')) return false;
      const [, source] = from.split('/');
      return (
        from !== `detectors/${source}/index.ts` || !new RegExp(`^detectors/${source}/[\\w-]+/detector\\.ts$`).test(to)
      );
    });
    expect(wrong).toEqual([]);
  });

  it('do not need each other in a circle', () => {
    const needs = Map.groupBy(
      imports.filter(({ isType }) => !isType),
      ({ from }) => from,
    );
    const done = new Set<string>();
    const circleFrom = (module: string, path: readonly string[]): readonly string[] | undefined => {
      if (path.includes(module)) return [...path.slice(path.indexOf(module)), module];
      if (done.has(module)) return undefined;
      for (const { to } of needs.get(module) ?? []) {
        const circle = circleFrom(to, [...path, module]);
        if (circle) return circle;
      }
      done.add(module);
      return undefined;
    };
    expect(modules.map((module) => circleFrom(module, [])).filter((circle) => circle !== undefined)).toEqual([]);
  });

  it('export nothing by default but detectors and what configures a tool', () => {
    const wrong = modules.filter(
      (file) =>
        /^export default\b|\bas default\b/m.test(read(file).replace(/`(?:[^`\\]|\\[\s\S])*`/g, '``')) &&
        !/^detectors\/[\w-]+\/[\w-]+\/detector\.ts$|^[\w-]+\.config\.ts$/.test(file),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the files', () => {
  it('name no directory of the machine they were written on, and no registry of packages', () => {
    const machine =
      /\/work\/(?:main|shared|seed)\b|\/Users\/[a-z]|[A-Z]:\\Users\\|registry\.(?:npmjs|yarnpkg)\.|artifactor[y]|verdacci[o]|\.jfrog\.io/;
    const wrong = files.filter((file) => {
      const text = read(file);
      return machine.test(text) || (root.length > 3 && text.includes(root));
    });
    expect(wrong).toEqual([]);
  });

  it('of the lock say nowhere from where packages came', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved"|https?:\/\/[^"]*\.tgz/);
    expect(read('.npmrc')).not.toMatch(/^\s*(?:@[\w-]+:)?registry\s*=|_auth/m);
  });
});
