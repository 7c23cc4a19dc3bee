import { describe, expect, it } from 'vitest';
import { JsonBytes, type Slack, type Step } from '../../core/json-bytes.ts';

/** How far steps read a text, and what is then in the first spans: the bytes of one that has an end, else its number. */
function reading(text: string, steps: readonly Step[], slack: Slack = 0) {
  const json = new JsonBytes();
  const program = json.program([slack, steps]);
  const start = json.load(Buffer.from(text)) ?? 0;
  const end = json.read(start, program);
  const found = [1, 2].map((span) => {
    const place = json.placeOf(span);
    return place.end > 0 ? json.view.toString('utf8', place.start, place.end) : place.start;
  });
  return { read: end < 0 ? 'not' : text.slice(0, end - start), found };
}

/** Steps that many texts are read by, and what is read of each. */
const READINGS: readonly (readonly [Step, Readonly<Record<string, string>>])[] = [
  [['take', '"a":'], { '"a":1': '"a":', '"b":1': 'not', '"a"': 'not', '': 'not' }],
  [['string', '"a":', 1], { '"a":"x\\"y",': '"a":"x\\"y"', '"a":1': 'not', '"b":"x"': 'not', '"a":"x': 'not' }],
  [['string?', '"a":', 1], { '"a":"x",': '"a":"x"', '"b":"x"': '', '"a":1': 'not' }],
  [['value?', '"a":', 1], { '"a":[1,{"b":2}],': '"a":[1,{"b":2}]', '"b":1': '', '"a":[': 'not', '"a":{"b"}': 'not' }],
  [['plain string'], { '"x",': '"x"', '"\\u0078"': 'not', x: 'not' }],
  [['three digits', 1], { '404}': '404', '4043': '404', '099': 'not', '40': 'not', '40a': 'not' }],
  [['skip to', ',"sourceIPs":', 20], { '{"a":1},"sourceIPs":[': '{"a":1}', '{"a":1}': 'not' }],
  [['if', 'a', [['take', 'b']], [['take', 'c']]], { ab: 'ab', c: 'c', ac: 'not', b: 'not' }],
  [['one of', ['aa', 'ab'], 1], { ab: 'ab', aa: 'aa', ac: 'not' }],
  [['list', [['string', '']]], { '"a","b"]': '"a","b"', '"a"': '"a"', '"a",': 'not', '': 'not' }],
  [['fail'], { a: 'not', '': 'not' }],
];

describe('a program', () => {
  it.each(READINGS.flatMap(([step, texts]) => Object.entries(texts).map(([text, read]) => ({ step, text, read }))))(
    'reads by $step of $text: $read',
    ({ step, text, read }) => {
      expect(reading(text, [step]).read).toBe(read);
    },
  );

  it('leaves in spans what it found, and nothing of what is not there', () => {
    const steps: Step[] = [
      ['string?', '"a":', 1],
      ['value?', ',"b":', 2],
    ];
    expect(reading('"a":"x",', steps).found).toEqual(['"x"', 0]);
    expect(reading('"a":"x","b":[1]', steps).found).toEqual(['"x"', '[1]']);
    expect(
      reading('xay', [
        ['take', 'x'],
        ['span', 1, [['take', 'a']]],
        ['take', 'y'],
      ]).found,
    ).toEqual(['a', 0]);
    expect(
      reading('403', [
        ['three digits', 1],
        ['note', 2, 7],
      ]).found,
    ).toEqual([403, 7]);
    expect(reading('ab', [['one of', ['aa', 'ab'], 2]]).found).toEqual([0, 1]);
  });

  it('forgets what an earlier reading found', () => {
    const json = new JsonBytes();
    const program = json.program([0, [['string?', '"a":', 1]]]);
    for (const [text, isThere] of [
      ['"a":"x"', true],
      ['"b":"x"', false],
    ] as const) {
      json.read(json.load(Buffer.from(text)) ?? 0, program);
      expect(json.placeOf(1).end > 0).toBe(isThere);
    }
  });

  it('reads one part as it stands and the next inside of a string', () => {
    const json = new JsonBytes();
    const program = json.program([0, [['take', '"']]], [1, [['string', '{"a":', 1]]], [0, [['take', '"']]]);
    const start = json.load(Buffer.from('"{\\"a\\":\\"x\\\\\\"y\\""')) ?? 0;
    expect(json.read(start, program)).toBe(json.end);
  });

  it('does not look further for a text than it is told', () => {
    const far = `${'x'.repeat(64)},"sourceIPs":`;
    expect(reading(far, [['skip to', ',"sourceIPs":', 32]]).read).toBe('not');
    expect(reading(far, [['skip to', ',"sourceIPs":', 128]]).read).toBe('x'.repeat(64));
  });

  it('is refused where there is no room for it', () => {
    const json = new JsonBytes();
    const many = Array.from({ length: 1000 }, (): Step => ['fail']);
    expect(() => json.program([0, many])).toThrow(RangeError);
    expect(() => json.program([0, [['note', 99, 1]]])).toThrow(RangeError);
    expect(() => json.program([0, [['take', 'x'.repeat(5000)]]])).toThrow(RangeError);
  });
});
