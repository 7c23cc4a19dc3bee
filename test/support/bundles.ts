import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleOf, type Handler, startFunction } from '../../local/lambda.ts';
import { type Bundle, bundleFunctions } from '../../scripts/build.ts';

/** The functions, bundled into a directory of their own for as long as they are used. */
export class Bundles {
  readonly all: readonly Bundle[];
  readonly #directory: string;

  private constructor(all: readonly Bundle[], directory: string) {
    this.all = all;
    this.#directory = directory;
  }

  static async build(): Promise<Bundles> {
    const directory = await mkdtemp(join(tmpdir(), 'auditwire-bundles-'));
    return new Bundles(await bundleFunctions(directory), directory);
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }

  /** Starts a function anew, with this environment and no other. */
  start(name: string, environment: Readonly<Record<string, string>>): Handler {
    return startFunction(bundleOf(this.all, name), environment);
  }
}
