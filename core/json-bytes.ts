import { WASM } from './json-bytes.wasm.ts';

/**
 * 0 for JSON as it stands. 1 for JSON that is itself the inside of a JSON string, as CloudWatch Logs delivers it: there a
 * quote is `\"`, a backslash is `\\`, and a bare quote ends it all.
 */
export type Slack = 0 | 1;

/** Where bytes lie in memory, up to but not including `end`. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** A text to look for: where its bytes lie in memory. */
export interface Literal {
  readonly at: number;
  readonly length: number;
}

/** The exports of json-bytes.wat; places are addresses in its memory, and `-1` stands for no such place. */
interface Functions {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  stringEnd(at: number, slack: Slack): number;
  plainStringEnd(at: number, slack: Slack): number;
  valueEnd(at: number, slack: Slack): number;
  after(at: number, literal: number, length: number): number;
  stringAfter(at: number, literal: number, length: number, slack: Slack): number;
  valueAfter(at: number, literal: number, length: number, slack: Slack): number;
  placeOf(at: number, end: number, literal: number, length: number): number;
  intern(at: number, length: number): number;
  internFour(
    number: number,
    a: number,
    aEnd: number,
    b: number,
    bEnd: number,
    c: number,
    cEnd: number,
    d: number,
    dEnd: number,
  ): number;
  recall(one: number, other: number, kind: number): number;
  learn(one: number, other: number, kind: number, answer: number): number;
  forget(): void;
}

/** As much of the global as is used; Node's own types lack it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Functions };
};

/** Literals lie before this. */
const LITERALS_END = 4096;
/** Where the bytes to be read begin. What lies before takes no memory of the machine's until it is written to. */
const START = 16 * 1024 * 1024;
const PAGE = 65_536;
/** Zeros behind the bytes, at which every function stops. */
const PADDING = 128;
/** Longer bytes are not taken. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Tells where JSON values end, straight from their bytes and without making anything of them. Strict: what is not the
 * compact JSON that machines write, white space and exponents included, has no end. What has one would be parsed by
 * `JSON.parse`.
 */
export class JsonBytes {
  readonly #wasm: Functions;
  #view: Buffer;
  #literalsEnd = 16;
  #end = START;

  constructor() {
    this.#wasm = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(WASM, 'base64'))).exports;
    this.#wasm.memory.grow(START / PAGE);
    this.#view = Buffer.from(this.#wasm.memory.buffer);
  }

  /** Takes bytes to read, in place of any before; `undefined` for too many, else the place of the first. */
  load(bytes: Uint8Array): number | undefined {
    if (bytes.length > MAX_BYTES) return undefined;
    const end = START + bytes.length;
    if (end + PADDING > this.#view.length) {
      this.#wasm.memory.grow(Math.ceil((end + PADDING - this.#view.length) / PAGE));
      this.#view = Buffer.from(this.#wasm.memory.buffer);
    }
    this.#view.set(bytes, START);
    this.#view.fill(0, end, end + PADDING);
    this.#end = end;
    return START;
  }

  /** The place behind the last byte. */
  get end(): number {
    return this.#end;
  }

  /** The memory itself. It is another one after every `load`. */
  get view(): Buffer {
    return this.#view;
  }

  literal(text: string, slack: Slack = 0): Literal {
    const bytes = Buffer.from(slack === 1 ? text.replaceAll('"', '\\"') : text);
    const at = this.#literalsEnd;
    // Zeros up to a multiple of sixteen, and one at least.
    this.#literalsEnd += (bytes.length + 16) & ~15;
    if (this.#literalsEnd > LITERALS_END) throw new RangeError('too many literals');
    this.#view.set(bytes, at);
    return { at, length: bytes.length };
  }

  /**
   * A number below 65,536 that bytes, sixteen at least, keep until `forget` and no others have; -1 where there is no more
   * room. Bytes that hold a zero may get the number of others.
   */
  intern(start: number, end: number): number {
    return this.#wasm.intern(start, end - start);
  }

  /** The same for a number below 16,384 and four strings together; -2 where these have more than 1,000 bytes. */
  internFour(number: number, a: Place, b: Place, c: Place, d: Place): number {
    return this.#wasm.internFour(number, a.start, a.end, b.start, b.end, c.start, c.end, d.start, d.end);
  }

  /** What was learnt of two interned things and a number below 2^29; -1 for nothing. */
  recall(one: number, other: number, kind: number): number {
    return this.#wasm.recall(one, other, kind);
  }

  /** Remembers an answer from 0 to 6, or says `false`: there is no more room. */
  learn(one: number, other: number, kind: number, answer: number): boolean {
    return this.#wasm.learn(one, other, kind, answer) === 1;
  }

  /** Forgets all that was interned and learnt. */
  forget(): void {
    this.#wasm.forget();
  }

  /** Where the string ends whose opening quote is at `at`. */
  stringEnd(at: number, slack: Slack): number {
    return this.#wasm.stringEnd(at, slack);
  }

  /** The same for a string in which every character stands for itself. */
  plainStringEnd(at: number, slack: Slack): number {
    return this.#wasm.plainStringEnd(at, slack);
  }

  /** Where the value ends that begins at `at`. */
  valueEnd(at: number, slack: Slack): number {
    return this.#wasm.valueEnd(at, slack);
  }

  /** The place behind the literal, if that is at `at`. */
  after(at: number, literal: Literal): number {
    return this.#wasm.after(at, literal.at, literal.length);
  }

  /** Where the string behind the literal ends; `at` where the literal is not there, -1 where no string follows. */
  stringAfter(at: number, literal: Literal, slack: Slack): number {
    return this.#wasm.stringAfter(at, literal.at, literal.length, slack);
  }

  /** The same for any value. */
  valueAfter(at: number, literal: Literal, slack: Slack): number {
    return this.#wasm.valueAfter(at, literal.at, literal.length, slack);
  }

  /** Where the literal, of nine bytes at least, stands first between `at` and `end`. */
  placeOf(at: number, end: number, literal: Literal): number {
    return this.#wasm.placeOf(at, end, literal.at, literal.length);
  }
}
