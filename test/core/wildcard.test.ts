import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesWildcard } from '../../core/wildcard.ts';

/** The same in the words of a regular expression, which may take its time. */
function reference(pattern: string, text: string): boolean {
  const source = [...pattern].map((one) => (one === '*' ? '[^]*' : one === '?' ? '[^]' : `\\u{${hex(one)}}`)).join('');
  return new RegExp(`^${source}$`, 'u').test(text);
}

const hex = (character: string) => (character.codePointAt(0) ?? 0).toString(16);

const word = (alphabet: string) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 12 });

describe('matchesWildcard', () => {
  it('agrees with a regular expression on any pattern and text', () => {
    fc.assert(
      fc.property(word('ab*?/:.\\'), word('ab*?/:.\\\n'), (pattern, text) => {
        expect(matchesWildcard(pattern, text)).toBe(reference(pattern, text));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['arn:aws:iam::*:role/ci-*', 'arn:aws:iam::111122223333:role/ci-deploy/eu', true],
    ['k8s-audit/*', 'k8s-audit/pod-exec', true],
    ['k8s-audit/pod-exec', 'k8s-audit/pod-exec-more', false],
    ['*', '', true],
    ['', '', true],
    ['?', '', false],
    ['A', 'a', false],
    ['a.c', 'abc', false],
    ['**a**', 'bab', true],
  ])('says of %j and %j: %s', (pattern, text, matches) => {
    expect(matchesWildcard(pattern, text)).toBe(matches);
  });

  it('looks at each place of the text at most once for every place of the pattern', () => {
    let looks = 0;
    const counting = (text: string): string =>
      new Proxy(Object(text), {
        get(target, key) {
          looks++;
          return target[key];
        },
      });
    const [pattern, text] = [`${'a*'.repeat(50)}b`, 'a'.repeat(2000)];
    expect(matchesWildcard(pattern, counting(text))).toBe(false);
    expect(looks).toBeLessThan(4 * pattern.length * text.length);
  });
});
