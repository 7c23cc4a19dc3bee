import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginningOf, faultPosition, isBeginning } from '../../core/json-beginning.ts';

const PARTS = { user: { extra: {} }, note: {} };
const read = (text: string) => beginningOf(text, PARTS);
const fieldsOf = (text: string) => read(text)?.fields;

/** Whether everything in `part` stands in `whole` as it does there. A list or text in it is all of one. */
function isWithin(part: unknown, whole: unknown): boolean {
  if (typeof part !== 'object' || part === null || Array.isArray(part))
    return JSON.stringify(part) === JSON.stringify(whole);
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return false;
  return Object.entries(part).every(([key, value]) => {
    const other: unknown = Object.getOwnPropertyDescriptor(whole, key)?.value;
    return Object.hasOwn(whole, key) && isWithin(value, other);
  });
}

const key = fc.oneof(
  fc.constantFrom('user', 'extra', 'note', 'verb', '__proto__', 'constructor', 'toString', '', 'a"b', '\\', '\u2028'),
  fc.string(),
);
const leaf = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(-1.5e10, true, null, '\\"', '}', '{"'),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
    fc.array(tie('value')),
  ),
}));
const object = fc.dictionary(key, value, { noNullPrototype: true });
const spacing = fc.constantFrom(undefined, 1, '\t');

describe('the beginning of an object', () => {
  it('is read up to the last whole member', () => {
    expect(read('{"verb":"create","user":{"username":"al')).toEqual({
      fields: { verb: 'create', user: {} },
      endsIn: 'user',
      rest: '{"username":"al',
    });
    expect(read('{"verb":"create","user":{"username":"al","groups":["a","b')?.fields).toEqual({
      verb: 'create',
      user: { username: 'al' },
    });
    expect(fieldsOf('{"user":{"username":"al","extra":{"arn":["x"],"sess":["y')).toEqual({
      user: { username: 'al', extra: { arn: ['x'] } },
    });
  });

  it.each<[string, object]>([
    ['{', {}],
    ['{"a', {}],
    ['{"a"', {}],
    ['{"a":', {}],
    ['{"a":"x', {}],
    ['{"a":"x\\', {}],
    ['{"a":"x\\u00', {}],
    ['{"a":"x\\"', {}],
    ['{"a":"x\\\\"', { a: 'x\\' }],
    ['{"a":"x"', { a: 'x' }],
    ['{"a":"x",', { a: 'x' }],
    ['{"a":20', {}],
    ['{"a":20,', { a: 20 }],
    ['{"a":20 ', { a: 20 }],
    ['{"a":tru', {}],
    ['{"a":[1,2', {}],
    ['{"a":[1,2]', { a: [1, 2] }],
    ['{"a":{"b":1', {}],
    ['{"a":{"b":"]}"}', { a: { b: ']}' } }],
    [' {\n "a" : "x" ,\n "b" : ', { a: 'x' }],
  ])('of %s holds no value that was cut', (text, fields) => {
    expect(isBeginning(text)).toBe(true);
    expect(fieldsOf(text)).toEqual(fields);
  });

  it('takes the last of a name that stands twice, as JSON.parse does', () => {
    expect(fieldsOf('{"verb":"get","verb":"create","verb":"de')).toEqual({ verb: 'create' });
    expect(fieldsOf('{"verb":"get","\\u0076erb":"create",')).toEqual({ verb: 'create' });
    expect(fieldsOf('{"user":{"username":"a","uid":"1"},"user":{"username":"b",')).toEqual({ user: { username: 'b' } });
  });

  it('takes __proto__ for a name like any other', () => {
    const fields = fieldsOf('{"__proto__":{"polluted":true},"user":{"__proto__":{"polluted":true},"x');
    expect(Object.keys(fields ?? {})).toEqual(['__proto__', 'user']);
    expect(fields).not.toHaveProperty('polluted');
    expect('polluted' in {}).toBe(false);
  });

  it('holds of any object, cut anywhere, nothing that is not in it, and never less the later it was cut', () => {
    fc.assert(
      fc.property(object, spacing, (whole, space) => {
        const text = JSON.stringify(whole, null, space);
        const canonical: unknown = JSON.parse(text);
        let before: unknown = {};
        const step = Math.ceil(text.length / 100);
        for (let length = 1; length < text.length; length += step) {
          const beginning = text.slice(0, length);
          expect(isBeginning(beginning)).toBe(true);
          const fields = fieldsOf(beginning);
          expect(isWithin(fields, canonical)).toBe(true);
          expect(isWithin(before, fields)).toBe(true);
          before = fields;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is nothing where no object begins', () => {
    for (const text of ['', '[', '[{"a":1', '"a', '1']) expect(read(text)).toBeUndefined();
  });

  it('is not what is broken before its end', () => {
    for (const text of ['{"a":1}', '{"a":1}}', '{"a" "b', '{a:1', '{"a":1,}', '{"a":1,"b"', '{"a":"b"c":"d', '[1,,'])
      expect(isBeginning(text)).toBe(text === '{"a":1,"b"');
  });

  it('tells where the fault lies, and nothing else of what it says', () => {
    const fault = (text: string) => {
      try {
        JSON.parse(text);
      } catch (error) {
        return faultPosition(error);
      }
      return undefined;
    };
    expect(fault('{"a":1,}')).toBe(7);
    expect(fault('{"hunter2')).toBe(9);
    expect(faultPosition(new Error('something else at position 7'))).toBeUndefined();
  });

  it.each<[string, string]>([
    ['quotes and backslashes', `{"a":"${'\\"\\\\'.repeat(250_000)}`],
    ['brackets', `{"a":${'[{"x":'.repeat(160_000)}`],
    ['parts in parts', `{${'"user":{"extra":{'.repeat(60_000)}`],
    ['members', `{"user":{"extra":{${'"a":1,'.repeat(160_000)}`],
    ['spaces', `{"a":1,${' '.repeat(1_000_000)}`],
    ['names', `{"user":{"${'a'.repeat(1_000_000)}`],
  ])('is read once through, whatever it holds: a megabyte of %s', (_, text) => {
    expect(fieldsOf(text)).toBeDefined();
  });
});
