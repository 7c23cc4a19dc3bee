import { globSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));

/** A function as Lambda gets it: its folder under `functions/`, its size, and the bytes that each module takes of it. */
export interface Bundle {
  readonly name: string;
  readonly file: string;
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
 * error.
 */
export async function bundleFunctions(outdir: string): Promise<Bundle[]> {
  const names = functionNames();
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, `functions/${name}/handler.ts`])),
    outdir,
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
  return Object.entries(metafile.outputs)
    .filter(([, { entryPoint }]) => entryPoint)
    .map(([file, { bytes, inputs, entryPoint = '' }]) => ({
      name: dirname(entryPoint).replace(/^functions\//, ''),
      file: resolve(root, file),
      bytes,
      modules: inputs,
    }));
}

if (import.meta.main) {
  const bundles = await bundleFunctions('dist');
  for (const { file, bytes } of bundles)
    process.stdout.write(`${relative(root, file)}  ${Math.round(bytes / 1024)} KiB\n`);
}
