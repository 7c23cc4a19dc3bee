import { createReadStream, globSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { UsageError } from './arguments.ts';

/** A file to read, or standard input. */
export interface Input {
  /** As it is named to the user. */
  readonly name: string;
  /** 0 where it is not known beforehand. */
  readonly bytes: number;
  open(): Readable;
}

export interface ListedInput extends Input {
  /** What it is reported under: the directory in which it was found, or its own name where that was given. */
  readonly part: string;
}

/**
 * The files that the given paths mean, each once, directories and globs in the order of their names. Throws a
 * {@link UsageError} for a path that means nothing. Inside directories, hidden files and Markdown are passed over.
 */
export function inputsOf(paths: readonly string[]): ListedInput[] {
  const files = new Map<string, ListedInput>();
  for (const input of paths.flatMap(inputsAt)) if (!files.has(input.name)) files.set(input.name, input);
  return [...files.values()];
}

function inputsAt(path: string): ListedInput[] {
  if (path === '-') return [{ name: '-', part: 'standard input', bytes: 0, open: () => process.stdin }];
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return filesIn(path).map((name) => fileAt(name, dirname(name)));
  if (stats) return [fileAt(path, path)];
  const matches = /[*?[{]/.test(path) ? globSync(path).sort() : [];
  if (matches.length === 0) throw new UsageError(`no such file: ${path}`);
  return matches.flatMap(inputsAt);
}

function fileAt(name: string, part: string): ListedInput {
  return {
    name,
    part,
    bytes: statSync(name, { throwIfNoEntry: false })?.size ?? 0,
    open: () => createReadStream(name),
  };
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && !name.endsWith('.md'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      const isDirectory = entry.isSymbolicLink()
        ? statSync(path, { throwIfNoEntry: false })?.isDirectory()
        : entry.isDirectory();
      // A linked directory may lead back up.
      if (isDirectory) return entry.isSymbolicLink() ? [] : filesIn(path);
      return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
    });
}
