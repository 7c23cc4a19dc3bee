import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonIn } from '../../core/json.ts';

describe('jsonIn', () => {
  it('gives what a text says', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(jsonIn(text)).toStrictEqual(JSON.parse(text));
      }),
    );
  });

  it.each(['', 'undefined', '{"a":1', '{"a":1}{}', "{'a':1}"])('has nothing to give for %j', (text) => {
    expect(jsonIn(text)).toBeUndefined();
  });
});
