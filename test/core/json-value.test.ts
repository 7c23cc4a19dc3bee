import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonBytes, type Slack } from '../../core/json-bytes.ts';
import { valueAt } from '../../core/json-value.ts';

/** What is read of a text that stands as it is, or inside of a string. */
function read(text: string, slack: Slack): unknown {
  const json = new JsonBytes();
  const bytes = Buffer.from(slack === 1 ? JSON.stringify(text).slice(1, -1) : text);
  const start = json.load(bytes) ?? 0;
  const end = json.valueEnd(start, slack);
  fc.pre(end === json.end);
  return valueAt({ json, slack }, { start, end });
}

/** Long enough to be taken apart. */
const PADDING = 'x'.repeat(1100);
const SLACKS: readonly Slack[] = [0, 1];

describe('valueAt', () => {
  it.each(SLACKS)('makes of any object what JSON.parse makes of it, with slack %s', (slack) => {
    const member = fc.tuple(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('__proto__')), fc.jsonValue());
    fc.assert(
      fc.property(fc.array(member), (members) => {
        const written = [...members, ['padding', PADDING]].map(
          ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
        );
        const text = `{${written.join()}}`;
        const value = read(text, slack);
        expect(value).toStrictEqual(JSON.parse(text));
        expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('takes the last of a key that is there twice', () => {
    expect(read(`{"a":1,"padding":"${PADDING}","a":{"b":2}}`, 0)).toEqual({ a: { b: 2 }, padding: PADDING });
  });

  it.each(['null', '7', '"a"', '[]', '{}', '{"a":{}}', `["${PADDING}"]`, `"${PADDING}"`])('reads %s', (text) => {
    for (const slack of SLACKS) expect(read(text, slack)).toEqual(JSON.parse(text));
  });

  it('parses a member when it is looked at, and once', () => {
    const value = read(`{"a":{"b":[1]},"padding":"${PADDING}"}`, 1) as { readonly a: unknown };
    expect(Object.getOwnPropertyDescriptor(value, 'a')?.get).toBeTypeOf('function');
    expect(value.a).toBe(value.a);
  });
});
