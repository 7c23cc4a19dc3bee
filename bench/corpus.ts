import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { linesOf } from './lines.ts';
import { note } from './note.ts';

/** Lends `use` a directory of its own, which is gone afterwards. */
export async function withDirectory<T>(use: (directory: string) => T | Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'auditwire-bench-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Writes a file of lines as they are made; says so meanwhile. Returns its path. */
export function written(path: string, lines: Iterable<string>): string {
  const file = openSync(path, 'w');
  let count = 0;
  for (const line of lines) {
    writeSync(file, `${line}\n`);
    if (++count % 20 === 0) note(`writing ${path}: ${count} lines`);
  }
  closeSync(file);
  note('');
  return path;
}

/** The audit log's lines in a file of payloads. */
export function* messagesOf(path: string): Generator<string> {
  for (const payload of linesOf(path)) {
    const { logEvents } = JSON.parse(gunzipSync(Buffer.from(payload, 'base64')).toString('utf8'));
    for (const { message } of logEvents) yield message;
  }
}
