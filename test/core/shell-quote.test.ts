import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inert } from '../../core/inert.ts';
import { shellQuote } from '../../core/shell-quote.ts';

/** What a shell makes of the words, each on a line. */
function wordsOf(...quoted: readonly string[]): string[] {
  return execFileSync('sh', ['-c', `printf '%s\\n' ${quoted.join(' ')}`], { encoding: 'utf8' })
    .split('\n')
    .slice(0, -1);
}

describe('shellQuote', () => {
  it('is read by a real shell as the one word that it was', () => {
    const hostile = fc.string({
      unit: fc.constantFrom(...'a\'"$`\\!*?~#&|;<>(){}[] =%^-0'),
      minLength: 1,
      maxLength: 20,
    });
    const text = fc.oneof(hostile, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map(inert));
    fc.assert(
      fc.property(fc.array(text, { minLength: 20, maxLength: 20 }), (texts) => {
        const quoted = texts.map((one) => [one, shellQuote(one)] as const).filter(([, word]) => word !== undefined);
        expect(wordsOf(...quoted.map(([, word = '']) => word))).toEqual(quoted.map(([one]) => one));
        // An empty list prints one empty line.
        return quoted.length > 0;
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['kube-system', 'kube-system'],
    ['arn:aws:iam::111122223333:role/ci', 'arn:aws:iam::111122223333:role/ci'],
    ['a b', "'a b'"],
    ["o'brien", "'o'\\''brien'"],
    ['$(reboot)', "'$(reboot)'"],
    ['=ls', "'=ls'"],
    ['~root', "'~root'"],
  ])('writes %j as %s', (text, word) => {
    expect(shellQuote(text)).toBe(word);
  });

  it.each([
    ['nothing', ''],
    ['an option', '-rf'],
    ['a file of whoever pastes it', 'file:///home/analyst/.aws/credentials'],
    ['the same in binary', 'FILEB://x'],
    ['a control character spelt out', inert('web\u001b[2J')],
    ['a masked secret', 'user-[redacted]'],
    ['a text that was cut', 'abcdef…[12 more]'],
  ])('refuses %s', (_, text) => {
    expect(shellQuote(text)).toBeUndefined();
  });
});
