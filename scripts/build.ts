import { createHash } from 'node:crypto';
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));

/** A file of a function and what it holds, its size, and the bytes that each module takes of it. */
export interface BundleFile {
  readonly file: string;
  readonly code: string;
  readonly bytes: number;
  readonly modules: Metafile['outputs'][string]['inputs'];
}

/** A function as Lambda gets it: its folder under `functions/`, its file, and what is beside it. */
export interface Bundle extends BundleFile {
  readonly name: string;
  /** What is loaded when it is needed: `clients.js`, the clients of the SDK that the function uses, and what is {@link LATE}. */
  readonly lazy?: readonly BundleFile[];
}

/** The folders of `functions/` that hold a handler. */
export function functionNames(): string[] {
  return globSync('functions/*/handler.ts', { cwd: root })
    .map((path) => dirname(path).replace(/^functions\//, ''))
    .sort();
}

/**
 * Bundles every function as Lambda runs it: `<outdir>/<name>/index.js`, and beside it what few cold starts need, which would
 * take more than half of every one to compile. CommonJS loads sooner than ESM; source maps stay beside the files for reading
 * a stack trace, and are not enabled at run time, where they cost every error. Nothing is written where no `outdir` is given.
 */
export async function bundleFunctions(outdir?: string): Promise<Bundle[]> {
  const handlers = await bundled(outdir, {
    entryPoints: functionNames().map((name) => ({ in: `functions/${name}/handler.ts`, out: `${name}/index` })),
    plugins: [clientsApart, lateApart],
  });
  const lazy = await bundled(outdir, {
    entryPoints: handlers.flatMap(({ file, modules }) => lazyIn(Object.keys(modules), basename(dirname(file)))),
    plugins: [clientsTogether, environmentCredentials],
  });
  return handlers.map((handler) => {
    const directory = dirname(handler.file);
    return { name: basename(directory), ...handler, lazy: lazy.filter(({ file }) => dirname(file) === directory) };
  });
}

/** What must be beside a function's file for these modules of it. */
function lazyIn(modules: readonly string[], name: string): { readonly in: string; readonly out: string }[] {
  const clients = modules.flatMap((module) => /^client:(.+)/.exec(module)?.[1] ?? []).sort();
  return [
    ...(clients.length > 0 ? [{ in: `clients:${clients}`, out: `${name}/clients` }] : []),
    ...Object.entries(LATE).flatMap(([file, module]) =>
      modules.includes(`late:${module}`) ? [{ in: module, out: `${name}/${file}` }] : [],
    ),
  ];
}

/** Bundles a file for each entry point. */
async function bundled(outdir: string | undefined, options: BuildOptions): Promise<BundleFile[]> {
  const { metafile, outputFiles = [] } = await build({
    absWorkingDir: root,
    outdir: outdir ?? 'dist',
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // Packages that have ES modules too can be shaken.
    mainFields: ['module', 'main'],
    // What is imported when it is needed is required then.
    supported: { 'dynamic-import': false },
    sourcemap: 'external',
    ...options,
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
    .map(([output, { bytes, inputs }]) => {
      const file = resolve(root, output);
      return { file, code: codes.get(file) ?? '', bytes, modules: inputs };
    });
}

/** Takes a client from `clients.js` where `aws/*-client.ts` is imported when it is needed. */
const clientsApart: Plugin = {
  name: 'clients apart',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /-client\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: basename(path, '.ts'), namespace: 'client' } : undefined,
    );
    onResolve({ filter: /./, namespace: 'client' }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /./, namespace: 'client' }, ({ path }) => ({
      contents: `module.exports = require('./clients.js')['${path}']();`,
    }));
  },
};

/** Makes `clients.js` of the clients that it is asked for: one that nobody calls is not set up. */
const clientsTogether: Plugin = {
  name: 'clients together',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^clients:/ }, ({ path }) => ({ path: path.replace('clients:', ''), namespace: 'clients' }));
    onLoad({ filter: /./, namespace: 'clients' }, ({ path }) => ({
      contents: path
        .split(',')
        .map((client) => `exports['${client}'] = () => require('./aws/${client}.ts');`)
        .join('\n'),
      resolveDir: root,
    }));
  },
};

/** What few events need, by the file that it becomes. Whatever it imports is in that file as well. */
const LATE: Readonly<Record<string, string>> = { yaml: 'yaml', commands: 'core/commands/commands.ts' };

/** Loads such a module, or Node's cryptography, when one of its functions or classes is used. */
const lateApart: Plugin = {
  name: 'late apart',
  setup({ onResolve, onLoad }) {
    const late = (module: string, file: string) => ({ path: module, namespace: 'late', pluginData: file });
    onResolve({ filter: /./, namespace: 'late' }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: /^node:crypto$/ }, ({ path }) => late(path, path));
    for (const [file, module] of Object.entries(LATE))
      onResolve({ filter: new RegExp(`(?:^|/)${basename(module)}$`) }, () => late(module, `./${file}.js`));
    onLoad({ filter: /./, namespace: 'late' }, async ({ path, pluginData }) => {
      const names = Object.keys(await import(path.endsWith('.ts') ? resolve(root, path) : path));
      const stubs = names
        .filter((name) => !/^default$|\W/.test(name))
        .map(
          (name) => `export function ${name}(...given) {
          const { ${name}: real } = require('${pluginData}');
          return new.target ? new real(...given) : real(...given);
        }`,
        );
      return { contents: stubs.join('\n') };
    });
  },
};

/** Lambda gives credentials in the environment: the SDK's other ways to find some would be a fourth of its code. */
const environmentCredentials: Plugin = {
  name: 'environment credentials',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ resolveDir }) => ({
      path: 'environment',
      namespace: 'credentials',
      pluginData: resolveDir,
    }));
    onLoad({ filter: /./, namespace: 'credentials' }, ({ pluginData }) => ({
      contents: `export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';`,
      resolveDir: pluginData,
    }));
  },
};

/** All files of a bundle. */
export function filesOf({ lazy = [], ...handler }: Bundle): BundleFile[] {
  return [handler, ...lazy];
}

/** The SHA-256 of every bundle, by function: what says that the deployed bundles are the tested ones. */
export function hashesOf(bundles: readonly Bundle[]): Record<string, string> {
  return Object.fromEntries(
    bundles.map((bundle) => {
      const files = filesOf(bundle).map(({ file, code }) => [basename(file), code]);
      return [bundle.name, createHash('sha256').update(JSON.stringify(files)).digest('hex')];
    }),
  );
}

if (import.meta.main) {
  const bundles = await bundleFunctions('dist');
  writeFileSync(resolve(root, 'dist/hashes.json'), `${JSON.stringify(hashesOf(bundles), null, 2)}\n`);
  for (const { file, bytes } of bundles.flatMap(filesOf))
    process.stdout.write(`${relative(root, file)}  ${Math.round(bytes / 1024)} KiB\n`);
}
