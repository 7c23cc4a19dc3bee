import { createHash } from 'node:crypto';
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * A function as Lambda gets it: its folder under `functions/`, its file and what that holds, its size, and the bytes that
 * each module takes of it.
 */
export interface Bundle {
  readonly name: string;
  readonly file: string;
  readonly code: string;
  readonly bytes: number;
  readonly modules: Metafile['outputs'][string]['inputs'];
}

/** The folders of `functions/` that hold a handler. */
export function functionNames(): string[] {
  return globSync('functions/*/handler.ts', { cwd: root })
    .map((path) => dirname(path).replace(/^functions\//, ''))
    .sort();
}

/**
 * Bundles every function as Lambda runs it, `<outdir>/<name>/index.js`. CommonJS loads sooner than ESM with the AWS SDK;
 * source maps stay beside the bundle for reading a stack trace, and are not enabled at run time, where they cost every
 * error. Nothing is written where no `outdir` is given.
 */
export async function bundleFunctions(outdir?: string): Promise<Bundle[]> {
  const names = functionNames();
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, `functions/${name}/handler.ts`])),
    outdir: outdir ?? 'dist',
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // Packages that have ES modules too can be shaken.
    mainFields: ['module', 'main'],
    sourcemap: 'external',
    metafile: true,
  });
  if (outdir !== undefined) {
    for (const { path, contents } of outputFiles) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, contents);
    }
  }
  const codes = new Map(outputFiles.map(({ path, text }) => [path, text]));
  return Object.entries(metafile.outputs)
    .filter(([, { entryPoint }]) => entryPoint)
    .map(([output, { bytes, inputs, entryPoint = '' }]) => {
      const file = resolve(root, output);
      const name = dirname(entryPoint).replace(/^functions\//, '');
      return { name, file, code: codes.get(file) ?? '', bytes, modules: inputs };
    });
}

/** The SHA-256 of every bundle, by function: what says that the deployed bundles are the tested ones. */
export function hashesOf(bundles: readonly Bundle[]): Record<string, string> {
  return Object.fromEntries(bundles.map(({ name, code }) => [name, createHash('sha256').update(code).digest('hex')]));
}

if (import.meta.main) {
  const bundles = await bundleFunctions('dist');
  writeFileSync(resolve(root, 'dist/hashes.json'), `${JSON.stringify(hashesOf(bundles), null, 2)}\n`);
  for (const { file, bytes } of bundles)
    process.stdout.write(`${relative(root, file)}  ${Math.round(bytes / 1024)} KiB\n`);
}
