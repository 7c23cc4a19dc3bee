import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contentsOf, pack, sampleFiles } from './samples/files.ts';

// `npm run samples` writes samples/ and test/stories/ anew; with --check it writes nothing and names the first stale file.
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const checkOnly = process.argv.includes('--check');

for (const file of sampleFiles()) {
  const onDisk = ROOT + file.path;
  if (existsSync(onDisk) && contentsOf(readFileSync(onDisk)) === contentsOf(file.bytes)) continue;
  if (checkOnly) {
    console.error(`${file.path} is stale: run npm run samples`);
    process.exit(1);
  }
  mkdirSync(dirname(onDisk), { recursive: true });
  writeFileSync(onDisk, pack(file));
}
