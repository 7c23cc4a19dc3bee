import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, inert } from '../../core/inert.ts';

const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.string({
    unit: fc.constantFrom(
      'a',
      '\u001b',
      '\u202e',
      '\u200b',
      '\ufeff',
      '\u2028',
      '\u{e0041}',
      '\ufffe',
      '\ud800',
      '\u0085',
    ),
  }),
);

describe('inert', () => {
  it('leaves nothing that a terminal, a mail client or a log viewer acts on', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(inert(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves nothing that SQS refuses', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(inert(text)).toMatch(/^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u);
        expect(inert(text)).not.toMatch(/\p{Noncharacter_Code_Point}/u);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps printable text of any language as it is', () => {
    for (const text of [
      'kubectl exec -it web -- sh',
      'Zoë 渡辺 Ωμέγα עברית हिन्दी',
      '\\u{1b} as text',
      '🙂 "quoted" <b>&amp;',
    ])
      expect(inert(text)).toBe(text);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(inert(text)).toBe(text);
      }),
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(inert(inert(text))).toBe(inert(text));
      }),
    );
  });

  it('spells out what it takes away', () => {
    expect(inert('\u001b[2J\u202egnp.exe\r\n\u{e0041}\ud800')).toBe(
      '\\u{1b}[2J\\u{202e}gnp.exe\\u{d}\\u{a}\\u{e0041}\\u{d800}',
    );
  });
});

describe('cut', () => {
  it('never gives more than was asked for, nor half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(220), (text, length) => {
        const shown = cut(text, length);
        expect(shown.length).toBeLessThanOrEqual(Math.max(length, 0));
        if (text.isWellFormed()) expect(shown.isWellFormed()).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('says how many are missing, and is the text itself where none are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 12, max: 220 }), (text, length) => {
        const shown = cut(text, length);
        if (text.length <= length) expect(shown).toBe(text);
        else {
          const [, kept = '', missing] = /^([\s\S]*)…\[(\d+) more\]$/.exec(shown) ?? [];
          expect(text.startsWith(kept)).toBe(true);
          expect(kept.length + Number(missing)).toBe(text.length);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
