import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertIdOf, dedupKeyOf } from '../../core/identifiers.ts';

const names = fc.array(fc.string(), { maxLength: 4 });

describe('alertIdOf and dedupKeyOf', () => {
  it('are 32 hexadecimal digits, the same for the same, and never each other', () => {
    expect(alertIdOf('k8s-audit/pod-exec', 'key')).toBe(alertIdOf('k8s-audit/pod-exec', 'key'));
    expect(alertIdOf('k8s-audit/pod-exec', 'key')).toMatch(/^[0-9a-f]{32}$/);
    expect(dedupKeyOf('k8s-audit/pod-exec', ['key'], 'place')).toMatch(/^[0-9a-f]{32}$/);
    expect(dedupKeyOf('k8s-audit/pod-exec', [], 'key')).not.toBe(alertIdOf('k8s-audit/pod-exec', 'key'));
  });

  it('never change, for incident tables and subscribers remember them', () => {
    expect(alertIdOf('k8s-audit/pod-exec', 'event')).toBe('a0eee6f3d18a122f1c68272fafb07c42');
    expect(dedupKeyOf('k8s-audit/pod-exec', ['alice', 'shop'], '111122223333/eu-west-1/prod')).toBe(
      '5be1f87708810c5b7ff851f10debc0a7',
    );
  });

  it('differ wherever a part differs, also where parts only join differently', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(dedupKeyOf('d', a, 'p') === dedupKeyOf('d', b, 'p')).toBe(same);
      }),
    );
    expect(dedupKeyOf('d', ['a', 'bc'], 'p')).not.toBe(dedupKeyOf('d', ['ab', 'c'], 'p'));
    expect(dedupKeyOf('d', ['1:a'], 'p')).not.toBe(dedupKeyOf('d', ['', 'a'], 'p'));
    expect(dedupKeyOf('d', ['a'], 'p')).not.toBe(dedupKeyOf('d', ['a'], 'q'));
    expect(alertIdOf('d', 'k')).not.toBe(alertIdOf('e', 'k'));
  });
});
