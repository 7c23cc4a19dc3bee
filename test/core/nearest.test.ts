import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from '../../core/nearest.ts';

describe('nearest', () => {
  it.each([
    ['hihg', ['info', 'low', 'medium', 'high', 'critical'], 'high'],
    ['K8S-AUDIT/POD-EXCE', ['k8s-audit/pod-exec', 'k8s-audit/pod-attach'], 'k8s-audit/pod-exec'],
    ['onn', ['on', 'off'], 'on'],
    ['kubernetes', ['high', 'low'], undefined],
    ['ab', ['xy', 'on'], undefined],
    ['', ['a'], undefined],
    ['a', [], undefined],
  ])('takes %j among %j for %j', (name, known, meant) => {
    expect(nearest(name, known)).toBe(meant);
  });

  it('finds a name again that one letter was dropped from, doubled in or replaced in', () => {
    const slug = fc.string({ unit: fc.constantFrom(...'abcdefgh-'), minLength: 4, maxLength: 30 });
    const typo = fc.constantFrom<(left: string, letter: string, right: string) => string>(
      (left, _, right) => left + right,
      (left, letter, right) => left + letter + letter + right,
      (left, _, right) => `${left}x${right}`,
    );
    fc.assert(
      fc.property(slug, typo, fc.nat(), (name, mistype, position) => {
        const at = position % name.length;
        const mistyped = mistype(name.slice(0, at), name.charAt(at), name.slice(at + 1));
        expect(nearest(mistyped, ['nothing like it 0123456789', name])).toBe(name);
      }),
    );
  });
});

describe('didYouMean', () => {
  it('is the tail of a message, and nothing where nothing is meant', () => {
    expect(didYouMean('hihg', ['high'])).toBe(' (did you mean "high"?)');
    expect(didYouMean('zzzzzz', ['high'])).toBe('');
  });
});
