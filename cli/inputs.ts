import { createReadStream, globSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
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

/**
 * The files that the given paths mean, each once, directories and globs in the order of their names. Throws a
 * {@link UsageError} for a path that means nothing. Inside directories, hidden files and Markdown are passed over.
 */
export function inputsOf(paths: readonly string[]): Input[] {
  const files = new Set(paths.flatMap((path) => (path === '-' ? ['-'] : filesOf(path))));
  return [...files].map((path) =>
    path === '-'
      ? { name: '-', bytes: 0, open: () => process.stdin }
      : { name: path, bytes: statSync(path).size, open: () => createReadStream(path) },
  );
}

function filesOf(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return filesIn(path);
  if (stats) return [path];
  const matches = /[*?[{]/.test(path) ? globSync(path).sort() : [];
  if (matches.length === 0) throw new UsageError(`no such file: ${path}`);
  return matches.flatMap((match) => (statSync(match).isDirectory() ? filesIn(match) : [match]));
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
