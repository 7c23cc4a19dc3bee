import type { JsonBytes, Place, Slack } from './json-bytes.ts';

/** Bytes of JSON, and how they are written. */
export interface Text {
  readonly json: JsonBytes;
  readonly slack: Slack;
}

/** A shorter object is parsed sooner than it is taken apart. */
const MIN_LAZY_BYTES = 1024;
const OPENS = 0x7b;
const CLOSES = 0x7d;
const COMMA = 0x2c;

/** JSON that lies in a place, as text. */
export function jsonAt({ json, slack }: Text, { start, end }: Place): string {
  const text = json.view.toString('utf8', start, end);
  return slack === 1 ? String(JSON.parse(`"${text}"`)) : text;
}

/** A string of JSON, its quotes included in the place. */
export function stringAt(text: Text, { start, end }: Place): string {
  const inside = text.json.view.toString('utf8', start + 1 + text.slack, end - 1 - text.slack);
  return inside.includes('\\') ? String(JSON.parse(jsonAt(text, { start, end }))) : inside;
}

/**
 * What `JSON.parse` makes of a value with the end that `valueEnd` found, but that a long object parses each of its members
 * when it is first looked at. Not to be looked at once other bytes were loaded.
 */
export function valueAt(text: Text, place: Place): unknown {
  const isLong = place.end - place.start >= MIN_LAZY_BYTES;
  return isLong && text.json.view[place.start] === OPENS ? objectAt(text, place) : JSON.parse(jsonAt(text, place));
}

function objectAt(text: Text, { start }: Place): object {
  const { json, slack } = text;
  const object = {};
  for (let at = start + 1; json.view[at] !== CLOSES; ) {
    const keyEnd = json.stringEnd(at, slack);
    const value = { start: keyEnd + 1, end: json.valueEnd(keyEnd + 1, slack) };
    const get = once(() => JSON.parse(jsonAt(text, value)));
    // Where a key is there twice the last counts, and `__proto__` is a key like any other, as for JSON.parse.
    Object.defineProperty(object, stringAt(text, { start: at, end: keyEnd }), {
      configurable: true,
      enumerable: true,
      get,
    });
    at = json.view[value.end] === COMMA ? value.end + 1 : value.end;
  }
  return object;
}

/** Work that is done when it is first asked for. */
export function once<T>(work: () => T): () => T {
  let done: { readonly value: T } | undefined;
  return () => {
    done ??= { value: work() };
    return done.value;
  };
}
