/** What a simple command reads from or writes to, `2>&1` as `{ fd: '2', operator: '>&', target: '1' }`. */
export interface Redirect {
  readonly fd: string;
  readonly operator: string;
  readonly target: string;
}

/** One command of a script: its words without quotes and with what could be expanded, assignments left out. */
export interface SimpleCommand {
  readonly words: readonly string[];
  readonly redirects: readonly Redirect[];
}

export interface Script {
  /** The commands joined by `|`, in the order of their stages. */
  readonly pipelines: readonly (readonly SimpleCommand[])[];
  /** What stands in `$(…)`, backquotes and `<(…)`: run as well, for their output. */
  readonly substitutions: readonly Script[];
}

/** Values of shell variables. Positional parameters are under their digits, all of them under `@`. */
export type Variables = Map<string, string>;

/** What stays in a word of a variable that nothing sets. */
export const UNSET = /\$(?:\w+|\{\w+\})/g;

const MAX_DEPTH = 6;
const MAX_BRACE_WORDS = 64;
/** What expansions may add to a script in all: `a=$a$a` doubles a text at every turn. */
const MAX_EXPANDED_LENGTH = 256 * 1024;

/** What a shell in a container sets when nobody else did; attackers spell `/` as `${PATH:0:1}`. */
const DEFAULTS: readonly (readonly [string, string])[] = [
  ['IFS', ' '],
  ['HOME', '/root'],
  ['PWD', '/'],
  ['PPID', '1'],
  ['$', '1'],
  ['OLDPWD', '/'],
  ['SHELL', '/bin/sh'],
  ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
];

/** Words before a command that are the shell's own. */
const OPENERS = new Set(['if', 'then', 'else', 'elif', 'while', 'until', 'do', '!', '{', 'time', 'coproc']);
/** Words that end a compound command, whose output goes where the next operator says. */
const CLOSERS = new Set(['}', 'done', 'fi', 'esac']);

/**
 * Reads a POSIX or Bash script well enough to see which programs it runs with which words: quotes, escapes, variables
 * that it sets itself, brace expansion, and substitutions whose output is plain from the text. Never fails: what is not
 * closed ends with the text, and a variable that nothing sets stays as `$NAME`. Takes time linear in the text.
 */
export function parseScript(text: string, variables: Variables = new Map()): Script {
  for (const [name, value] of DEFAULTS) if (!variables.has(name)) variables.set(name, value);
  return new Reader(text, variables, 0, { left: MAX_EXPANDED_LENGTH }).read();
}

/** Characters without a meaning of their own, and those that only mean something elsewhere in a word. */
const PLAIN = /[^\s'"\\$`#<>|;&(){]+/y;

class Reader {
  private at = 0;
  private word: string | undefined;
  private hasBareBrace = false;
  private words: string[] = [];
  private redirects: Redirect[] = [];
  private pending: { fd: string; operator: string } | undefined;
  private pipelines: SimpleCommand[][] = [];
  private isPiped = false;
  private isRedirected = false;
  private readonly substitutions: Script[] = [];
  private readonly text: string;
  private readonly variables: Variables;
  private readonly depth: number;
  private readonly expansions: { left: number };

  constructor(text: string, variables: Variables, depth: number, expansions: { left: number }) {
    this.text = text;
    this.variables = variables;
    this.depth = depth;
    this.expansions = expansions;
  }

  read(): Script {
    while (this.at < this.text.length) this.step();
    this.endCommand();
    return { pipelines: this.pipelines, substitutions: this.substitutions };
  }

  private step(): void {
    PLAIN.lastIndex = this.at;
    const run = PLAIN.exec(this.text)?.[0];
    if (run) {
      this.skip(run.length, () => this.add(run));
      return;
    }
    const char = this.text[this.at] ?? '';
    const next = this.text[this.at + 1];
    if (char === ' ' || char === '\t' || char === '\r') this.skip(1, () => this.endWord());
    else if (char === "'") this.add(this.until("'"));
    else if (char === '"') this.doubleQuoted();
    else if (char === '\\') this.escaped();
    else if (char === '$' || char === '`') this.expansion(false);
    else if (char === '#' && this.word === undefined) this.comment();
    else if (char === '<' || char === '>' || (char === '&' && next === '>')) this.redirect();
    else if (char === '|' && next !== '|') this.skip(next === '&' ? 2 : 1, () => this.endCommand(true));
    else if (';&|\n'.includes(char)) this.skip(char === next ? 2 : 1, () => this.endCommand());
    else if (char === '(') this.skip(1, () => this.endCommand(this.isPiped));
    else if (char === ')') this.closeGroup();
    else {
      if (char === '{') this.hasBareBrace = true;
      this.skip(1, () => this.add(char));
    }
  }

  private skip(length: number, act: () => void): void {
    this.at += length;
    act();
  }

  private add(piece: string): void {
    this.word = (this.word ?? '') + piece;
  }

  /** The text after the next character up to `end`, which is consumed. */
  private until(end: string): string {
    const found = this.text.indexOf(end, this.at + 1);
    const stop = found < 0 ? this.text.length : found;
    const inner = this.text.slice(this.at + 1, stop);
    this.at = stop + 1;
    return inner;
  }

  private escaped(): void {
    const next = this.text[this.at + 1] ?? '';
    this.at += 2;
    if (next !== '\n') this.add(next);
  }

  private comment(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  private doubleQuoted(): void {
    this.add('');
    this.at++;
    while (this.at < this.text.length) {
      const char = this.text[this.at] ?? '';
      if (char === '"') {
        this.at++;
        return;
      }
      if (char === '\\') {
        const next = this.text[this.at + 1] ?? '';
        this.at += 2;
        this.add('$`"\\'.includes(next) ? next : next === '\n' ? '' : `\\${next}`);
      } else if (char === '$' || char === '`') this.expansion(true);
      else {
        this.add(char);
        this.at++;
      }
    }
  }

  private expansion(isQuoted: boolean): void {
    if (this.text[this.at] === '`') {
      this.substitute(this.until('`').replaceAll('\\`', '`'), '$(', isQuoted);
      return;
    }
    const next = this.text[this.at + 1] ?? '';
    if (next === '(') this.substitute(this.balanced(this.at + 1, '(', ')'), '$(', isQuoted);
    else if (next === '{') this.value(this.braced(this.balanced(this.at + 1, '{', '}')), isQuoted);
    else if (next === "'" && !isQuoted) {
      this.at++;
      this.add(decodeEscapes(this.ansiQuoted()));
    } else if (next === '"' && !isQuoted) this.at++;
    else {
      const name = /^(?:[A-Za-z_]\w{0,99}|[0-9@*?#!$-])/.exec(this.text.slice(this.at + 1, this.at + 101))?.[0];
      this.at += 1 + (name?.length ?? 0);
      this.value(name ? this.parameter(name) : '$', isQuoted);
    }
  }

  private ansiQuoted(): string {
    const start = this.at + 1;
    let end = start;
    while (end < this.text.length && this.text[end] !== "'") end += this.text[end] === '\\' ? 2 : 1;
    this.at = end + 1;
    return this.text.slice(start, end);
  }

  /** The text inside the bracket at `open`; goes on behind its partner. */
  private balanced(open: number, left: string, right: string): string {
    let level = 0;
    let quote = '';
    let index = open;
    for (; index < this.text.length; index++) {
      const char = this.text[index] ?? '';
      if (char === '\\') index++;
      else if (quote) quote = char === quote ? '' : quote;
      else if (char === "'" || char === '"') quote = char;
      else if (char === left) level++;
      else if (char === right && --level === 0) break;
    }
    this.at = index + 1;
    return this.text.slice(open + 1, index);
  }

  private value(value: string, isQuoted: boolean): void {
    this.expansions.left -= value.length;
    if (this.expansions.left < 0) return;
    if (isQuoted) {
      this.add(value);
      return;
    }
    // Only what an unquoted expansion yields is split into words.
    for (const [index, part] of value.split(/[ \t\n]/).entries()) {
      if (index > 0) this.endWord();
      if (part !== '') this.add(part);
    }
  }

  /** `${a}b` is not `$ab`. */
  private braced(expression: string): string {
    const value = this.parameter(expression);
    const isUnset = value === `$${expression}` && /\w/.test(this.text[this.at] ?? '');
    return isUnset ? `\${${expression}}` : value;
  }

  private parameter(expression: string): string {
    const [, mark = '', name = '', rest = ''] =
      /^([#!]?)([A-Za-z_]\w{0,99}|[0-9@*?#!$-])(?:\[[^\]]{0,20}\])?([\s\S]*)$/.exec(expression) ?? [];
    const known = this.variables.get(name);
    if (mark === '#' || '?#!-'.includes(name)) return '';
    const value = mark === '!' ? this.variables.get(known ?? '') : known;
    if (value === undefined) {
      const fallback = /^:?[-=]([\s\S]*)$/.exec(rest)?.[1];
      if (fallback !== undefined) return this.plain(fallback);
      return /^[0-9@*]$/.test(name) ? '' : `$${name}`;
    }
    const slice = /^:\s?(\d{1,6})(?::(\d{1,6}))?$/.exec(rest);
    if (slice) return value.slice(Number(slice[1]), slice[2] ? Number(slice[1]) + Number(slice[2]) : undefined);
    const replaced = /^\/(\/?)([^/]+)\/?([\s\S]*)$/.exec(rest);
    const [, every, pattern = '', replacement = ''] = replaced ?? [];
    if (pattern && replacement.length < 256) return value[every ? 'replaceAll' : 'replace'](pattern, () => replacement);
    return value;
  }

  /** A text inside `${…}` with its own quotes and expansions resolved. */
  private plain(text: string): string {
    if (this.depth >= MAX_DEPTH) return text;
    const { pipelines } = new Reader(text, this.variables, this.depth + 1, this.expansions).read();
    return pipelines.flatMap((stages) => stages.flatMap(({ words }) => words)).join(' ');
  }

  private substitute(inner: string, opening: string, isQuoted: boolean): void {
    if (this.depth >= MAX_DEPTH) {
      this.add(`${opening}${inner})`);
      return;
    }
    const script = new Reader(inner, new Map(this.variables), this.depth + 1, this.expansions).read();
    this.substitutions.push(script);
    const output = opening === '$(' ? outputOf(script) : undefined;
    if (output === undefined) this.add(`${opening}${inner})`);
    else this.value(output.replace(/\n+$/, ''), isQuoted);
  }

  private redirect(): void {
    const rest = this.text.slice(this.at, this.at + 3);
    const [operator = ''] = /^(?:<<<|<<-|&>>|<<|<>|<&|>>|>&|>\||&>|[<>])/.exec(rest) ?? [];
    const open = this.at + operator.length;
    if (operator.length === 1 && this.text[open] === '(') {
      this.substitute(this.balanced(open, '(', ')'), `${operator}(`, true);
      return;
    }
    const fd = this.word !== undefined && /^(?:\d{1,3}|\{\w{1,99}\})$/.test(this.word) ? this.word : '';
    if (fd) this.word = undefined;
    else this.endWord();
    this.pending = { fd, operator };
    this.at = open;
  }

  private endWord(): void {
    if (this.word === undefined) return;
    const words = this.hasBareBrace && this.expansions.left > 0 ? expandBraces(this.word) : [this.word];
    if (words.length > 1) this.expansions.left -= words.length * this.word.length;
    this.word = undefined;
    this.hasBareBrace = false;
    for (const word of words) this.take(word);
  }

  private take(word: string): void {
    if (this.pending) {
      this.redirects.push({ ...this.pending, target: word });
      this.pending = undefined;
      return;
    }
    const assignment = /^([A-Za-z_]\w{0,99})(\+?)=([\s\S]*)$/.exec(word);
    const isSetter = this.words.length === 0 || /^(?:export|local|readonly|declare|typeset)$/.test(this.words[0] ?? '');
    if (assignment && isSetter) {
      const [, name = '', isAppended, value = ''] = assignment;
      this.variables.set(name, isAppended ? (this.variables.get(name) ?? '') + value : value);
      // `export a=b` prints nothing, as `export` alone does.
      if (this.words.length > 0) this.words.push(`${name}=`);
      return;
    }
    if (this.words.length === 0 && OPENERS.has(word)) return;
    this.words.push(word);
  }

  private endCommand(isPipe = false): void {
    this.endWord();
    if (this.pending) this.redirects.push({ ...this.pending, target: '' });
    this.pending = undefined;
    const { words, redirects } = this;
    this.words = [];
    this.redirects = [];
    if (words[0] === 'for' && words.length > 3) this.loopOver(words[1] ?? '', words.slice(3).join(' '));
    const isCloser = CLOSERS.has(words[0] ?? '');
    if (words.length > 0 || redirects.length > 0) {
      const last = this.pipelines.at(-1);
      const command = { words: isCloser ? words.slice(1) : words, redirects };
      const group = this.isRedirected ? last?.pop() : undefined;
      if (last && group) last.push({ words: group.words, redirects: [...group.redirects, ...redirects] });
      else if (last && (this.isPiped || isCloser)) last.push(command);
      else this.pipelines.push([command]);
    }
    this.isPiped = isPipe;
    this.isRedirected = false;
  }

  /** A list that only a running shell knows leaves the variable unset. */
  private loopOver(name: string, list: string): void {
    if (list.includes('$(')) this.variables.delete(name);
    else this.variables.set(name, list);
  }

  /** `(…) | sh`, `(…) > x`: the pipe goes on from what stood in the brackets, and the redirection is its. */
  private closeGroup(): void {
    this.at++;
    this.endCommand();
    this.isRedirected = /^\s{0,20}\d{0,2}[<>]/.test(this.text.slice(this.at, this.at + 24));
  }
}

/** `{cat,/etc/hosts}` and `/etc/{a,b}` as the words they stand for; JSON and the like come out as they are. */
function expandBraces(word: string): string[] {
  let words = [word];
  for (let round = 0; round < 4; round++) {
    const expanded = words.flatMap((one) => {
      const [, before = '', list = '', after = ''] = /^([^{]*)\{([^{}]*)\}([\s\S]*)$/.exec(one) ?? [];
      return list.includes(',') ? list.split(',').map((item) => before + item + after) : [one];
    });
    if (expanded.length === words.length || expanded.length > MAX_BRACE_WORDS) return words;
    words = expanded;
  }
  return words;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', e: '\x1b', a: '\x07', b: '\b' };

/** `\x2f`, `\057`, `\u002f` and the like as what they stand for. */
export function decodeEscapes(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|0?([0-7]{1,3})|([\s\S]))/g,
    (_, hex?: string, short?: string, long?: string, octal?: string, other = '') => {
      const digits = hex ?? short ?? long;
      const code = digits ? Number.parseInt(digits, 16) : octal ? Number.parseInt(octal, 8) : undefined;
      if (code === undefined) return ESCAPES[other] ?? other;
      return code <= 0x10ffff ? String.fromCodePoint(code) : '';
    },
  );
}

/** What a script prints, where it is one pipeline of printing and decoding and nothing else. */
function outputOf({ pipelines }: Script): string | undefined {
  const [stages, ...others] = pipelines;
  return stages && others.length === 0 ? outputOfStages(stages) : undefined;
}

/** What a pipeline prints, where every stage only prints or decodes text that is plain from the script. */
export function outputOfStages(stages: readonly SimpleCommand[]): string | undefined {
  let output: string | undefined;
  for (const { words, redirects } of stages) {
    const here = redirects.find(({ operator }) => operator === '<<<');
    output = filtered(words, here ? here.target : output);
    if (output === undefined || /\$[\w({]/.test(output)) return undefined;
  }
  return output;
}

function filtered(words: readonly string[], input: string | undefined): string | undefined {
  const [path = '', ...args] = words;
  const program = path.slice(path.lastIndexOf('/') + 1);
  if (program === 'busybox') return filtered(args, input);
  if (program === 'echo') {
    const first = args.findIndex((word) => !/^-[neE]+$/.test(word));
    const text = first < 0 ? '' : args.slice(first).join(' ');
    return args.slice(0, first < 0 ? 0 : first).some((flag) => flag.includes('e')) ? decodeEscapes(text) : text;
  }
  if (program === 'printf') {
    const [format = '', ...values] = args[0] === '--' ? args.slice(1) : args;
    let next = 0;
    const filled = decodeEscapes(format).replace(/%[bcdis]/g, () => values[next++] ?? '');
    return next === 0 ? filled : decodeEscapes(filled + values.slice(next).join(''));
  }
  if (input === undefined) return undefined;
  if (program === 'cat') return args.length === 0 || args[0] === '-' ? input : undefined;
  if (program === 'rev') return [...input].reverse().join('');
  if (!isDecoder(words)) return undefined;
  return decodeBytes(input.replace(/\s/g, ''), program === 'xxd' ? 'hex' : 'base64');
}

/** Whether the words run a program that turns an encoded text back: `base64 -d`, `openssl enc -d`, `xxd -r`. */
export function isDecoder(words: readonly string[]): boolean {
  const [path = '', ...args] = words;
  const program = path.slice(path.lastIndexOf('/') + 1);
  if (/^base(?:64|32)$/.test(program)) return args.some((flag) => /^-[A-Za-z]*[dD]|^--d/.test(flag));
  if (program === 'openssl') return args.includes('-d');
  if (program === 'xxd') return args.some((flag) => /^-[a-z]*r/.test(flag));
  return /^(?:uudecode|gunzip|zcat|bunzip2|xzcat|unxz|rev)$/.test(program);
}

/** Encoded bytes as text, or `undefined` where they are no text. UTF-16 is read as what it spells. */
export function decodeBytes(encoded: string, encoding: 'base64' | 'hex'): string | undefined {
  const bytes = Buffer.from(encoded, encoding);
  const text = bytes.toString('utf8').replaceAll('\0', '');
  if (text.length < 2 || text.length * 2 < bytes.length) return undefined;
  let readable = 0;
  for (const char of text) if ((char >= ' ' && char <= '~') || '\n\t\r'.includes(char)) readable++;
  return readable >= text.length * 0.95 ? text : undefined;
}
