import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/**
 * Bundles, as the Lambda functions are, a program that calls one function of a module of this folder with its arguments
 * and answers JSON; returns the program's path. Every process then runs the same code, whatever happens to the sources
 * in the meantime.
 */
export function bundled(module: string, call: string, directory: string): string {
  const outfile = `${directory}/${call}.cjs`;
  buildSync({
    stdin: {
      contents: `import { ${call} } from './${module}';
        Promise.resolve(${call}(...process.argv.slice(2))).then((answer) =>
          process.stdout.write(JSON.stringify(answer)));`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
  });
  return outfile;
}
