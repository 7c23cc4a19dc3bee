/** The members of an object whose own members tell something even where not all of them are there, by name. */
export interface Parts {
  readonly [name: string]: Parts;
}

/** What can be read of a JSON object whose text was cut off. */
export interface Beginning {
  /** The members that are whole. A value that was cut is not one, however much of it is there. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The name of the member in which the text ends, as it is written; `''` between two. */
  readonly endsIn: string;
  /** What there is of its value. */
  readonly rest: string;
}

/**
 * Where `JSON.parse` found fault, in UTF-16 units; `undefined` where it does not say. The rest of what it says quotes the
 * text, which may hold secrets.
 */
export function faultPosition(error: unknown): number | undefined {
  const position = error instanceof SyntaxError ? / at position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? undefined : Number(position);
}

/** Whether a text is JSON up to its very end, where more should follow. */
export function isBeginning(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    const isEnd = error instanceof SyntaxError && error.message === 'Unexpected end of JSON input';
    return isEnd || (faultPosition(error) ?? -1) >= text.length;
  }
}

/**
 * Reads the beginning of an object, once through; `parts` says of which members even a part is read. Of a name that
 * stands twice the last is read, as by `JSON.parse`. Throws a `SyntaxError` for what {@link isBeginning} does not call one;
 * `undefined` for the beginning of anything but an object.
 */
export function beginningOf(text: string, parts: Parts): Beginning | undefined {
  const open = spaceEnd(text, 0);
  if (text[open] !== '{') return undefined;
  const { end, closing, endsIn, cut } = wholeMembers(text, open, parts);
  return { fields: JSON.parse(text.slice(0, end) + closing), endsIn, rest: text.slice(cut) };
}

interface Reading {
  /** Where the last whole member ends. */
  readonly end: number;
  /** What closes all that is open there. */
  readonly closing: string;
  readonly endsIn: string;
  /** Where the value begins that is not whole. */
  readonly cut: number;
}

function wholeMembers(text: string, open: number, parts: Parts): Reading {
  let end = open + 1;
  for (let at = end; ; at = spaceEnd(text, end) + 1) {
    const key = spaceEnd(text, at);
    const keyEnd = valueEnd(text, key);
    if (keyEnd === undefined) return { end, closing: '}', endsIn: '', cut: text.length };
    const endsIn = text.slice(key + 1, keyEnd - 1);
    const value = spaceEnd(text, spaceEnd(text, keyEnd) + 1);
    const whole = valueEnd(text, value);
    if (whole === undefined) {
      const inner = text[value] === '{' && Object.hasOwn(parts, endsIn) ? parts[endsIn] : undefined;
      if (!inner) return { end, closing: '}', endsIn, cut: value };
      const members = wholeMembers(text, value, inner);
      return { end: members.end, closing: `${members.closing}}`, endsIn, cut: value };
    }
    end = whole;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where the value at `at` ends, or `undefined` for one that was cut. Of a number at the end nobody knows. */
function valueEnd(text: string, at: number): number | undefined {
  const first = text[at];
  if (first === '"') return stringEnd(text, at);
  if (first !== '{' && first !== '[') {
    const end = scalarEnd(text, at);
    return end < text.length ? end : undefined;
  }
  let depth = 0;
  for (let next = at; next < text.length; next++) {
    const character = text[next];
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      if (--depth === 0) return next + 1;
    } else if (character === '"') {
      const end = stringEnd(text, next);
      if (end === undefined) return undefined;
      next = end - 1;
    }
  }
  return undefined;
}

function stringEnd(text: string, at: number): number | undefined {
  for (let next = at + 1; next < text.length; next++) {
    const unit = text.charCodeAt(next);
    if (unit === BACKSLASH) next++;
    else if (unit === QUOTE) return next + 1;
  }
  return undefined;
}

function scalarEnd(text: string, at: number): number {
  return endOf(/[^\s,\]}]*/y, text, at);
}

function spaceEnd(text: string, at: number): number {
  return endOf(/\s*/y, text, at);
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  pattern.test(text);
  return Math.max(at, pattern.lastIndex);
}
