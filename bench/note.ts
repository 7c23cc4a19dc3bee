import { clearLine, cursorTo } from 'node:readline';

/** Says on a terminal what is being done, in place of what it said before. */
export function note(text: string): void {
  const { stderr } = process;
  if (!stderr.isTTY) return;
  clearLine(stderr, 0);
  cursorTo(stderr, 0);
  stderr.write(text);
}
