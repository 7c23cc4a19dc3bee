/**
 * Whether CloudWatch Logs lets an event through a filter pattern for JSON, as far as our patterns use the language:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function matchesFilterPattern(pattern: string, event: object): boolean {
  return new Reader(pattern, event).read();
}

/** Whether a line holds one of the terms of a pattern like `?"a" ?"b"`. */
export function hasTermOf(pattern: string, line: string): boolean {
  return [...pattern.matchAll(/\?"([^"]*)"/g)].some(([, term = '']) => line.includes(term));
}

const TOKEN = /\s*(?:\$(?:\.\w+(?:\[\d+\])?)+|"[^"]*"|%[^%]*%|\d+|NOT EXISTS|&&|\|\||>=|[={}()*])/gy;

/** Reads a pattern and answers at once: both sides of every `||` and `&&` are read, so that all of it is checked. */
class Reader {
  readonly #tokens: readonly string[];
  readonly #event: unknown;
  #at = 0;

  constructor(pattern: string, event: unknown) {
    const tokens = pattern.match(TOKEN) ?? [];
    if (tokens.join('') !== pattern.trimEnd()) throw new Error(`not a filter pattern: ${pattern}`);
    this.#tokens = tokens.map((token) => token.trim());
    this.#event = event;
  }

  read(): boolean {
    this.#take('{');
    const answer = this.#either();
    this.#take('}');
    return answer;
  }

  #either(): boolean {
    let answer = this.#both();
    while (this.#is('||')) answer = this.#both() || answer;
    return answer;
  }

  #both(): boolean {
    let answer = this.#condition();
    while (this.#is('&&')) answer = this.#condition() && answer;
    return answer;
  }

  #condition(): boolean {
    if (this.#is('(')) {
      const answer = this.#either();
      this.#take(')');
      return answer;
    }
    const value = this.#valueAt(this.#next());
    if (this.#is('NOT EXISTS')) return value === undefined;
    if (this.#is('>=')) return Number(this.#next()) <= (typeof value === 'number' ? value : Number.NaN);
    this.#take('=');
    return equals(value, this.#next());
  }

  #valueAt(selector: string): unknown {
    let value = this.#event;
    for (const key of selector.match(/\w+/g) ?? []) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
      value = Reflect.get(value, key);
    }
    return value;
  }

  #next(): string {
    return this.#tokens[this.#at++] ?? '';
  }

  #is(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #take(token: string): void {
    if (!this.#is(token)) throw new Error(`expected ${token} before ${this.#tokens.slice(this.#at).join(' ')}`);
  }
}

function equals(value: unknown, wanted: string): boolean {
  if (wanted === '*') return value !== undefined;
  if (wanted.startsWith('%')) return typeof value === 'string' && new RegExp(wanted.slice(1, -1)).test(value);
  if (wanted.startsWith('"')) return value === wanted.slice(1, -1);
  return value === Number(wanted);
}
