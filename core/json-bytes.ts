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

/** A span: somewhere to note where bytes lie, or a number as their start. */
export type SpanId = number;

/**
 * What to do with the bytes that come next. A text stands as JSON without white space writes it; with the mark `?` it may be
 * missing, and the span is then empty.
 */
export type Step =
  | readonly ['take', text: string]
  /** A text and then a string, its quotes included in the span, or any value. */
  | readonly ['string' | 'string?' | 'value?', text: string, span?: SpanId]
  /** A string in which every character stands for itself. */
  | readonly ['plain string']
  /** A number from 100 to 999 into the span. */
  | readonly ['three digits', span: SpanId]
  /** The first place of a text of nine bytes at least, which is not taken; it begins in the next so many bytes. */
  | readonly ['skip to', text: string, bytes: number]
  /** The bytes of all these steps together. */
  | readonly ['span', span: SpanId, steps: readonly Step[]]
  | readonly ['note', span: SpanId, value: number]
  /** Takes the text if it is there, and goes on accordingly. */
  | readonly ['if', text: string, then: readonly Step[], otherwise?: readonly Step[]]
  /** One of several texts, whose position goes into the span. */
  | readonly ['one of', texts: readonly string[], span: SpanId]
  /** The steps once, and again after every comma. */
  | readonly ['list', steps: readonly Step[]]
  | readonly ['fail'];

/** A program as {@link JsonBytes.program} has put it into memory. */
export type Program = number & { readonly isProgram: true };

/** The exports of json-bytes.wat; places are addresses in its memory, and `-1` stands for no such place. */
interface Functions {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  read(at: number, end: number, step: number): number;
  stringEnd(at: number, slack: Slack): number;
  valueEnd(at: number, slack: Slack): number;
  intern(span: number): number;
  internFour(number: number, a: number, b: number, c: number, d: number): number;
  recall(one: number, other: number, kind: number): number;
  learn(one: number, other: number, kind: number, answer: number): number;
  forget(): void;
}

/** As much of the global as is used; Node's own types lack it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Functions };
};

/** As json-bytes.wat has its memory. */
const LITERALS = { start: 16, end: 0x1000 };
const SPANS = { start: 0x1400, end: 0x1500 };
const STEPS = { start: 0x1500, end: 0x4000 };
const SPAN_BYTES = 8;
const STEP_BYTES = 24;

/** Of steps that need none. */
const ANY_SPAN = 0;
/** What json-bytes.wat knows the steps of a program by. */
const OPERATIONS = {
  take: 0,
  unless: 1,
  case: 2,
  string: 3,
  'string?': 4,
  'value?': 5,
  skip: 6,
  plain: 7,
  digits: 8,
  open: 9,
  close: 10,
  note: 11,
  jump: 12,
  end: 13,
  fail: 14,
} as const;

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
  readonly #literals = new Map<string, Place>();
  #literalsEnd = LITERALS.start;
  #stepsEnd = STEPS.start;
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

  /** Puts a program together of steps, each with the slack of what it reads. There is room for some hundred steps in all. */
  program(...parts: readonly (readonly [Slack, readonly Step[]])[]): Program {
    const start = this.#stepsEnd;
    for (const [slack, steps] of parts) this.#compile(steps, slack);
    this.#emit('end');
    return start as Program;
  }

  /**
   * Reads what begins at `at` in the steps of a program; where it ends, or -1 where the bytes are others. All spans are then
   * those of this reading, and empty where it did not come to them.
   */
  read(at: number, program: Program): number {
    return this.#wasm.read(at, this.#end, program);
  }

  /** Where a span begins, or the number in it; 0 for an empty one. */
  startOf(span: SpanId): number {
    return this.#view.readUInt32LE(SPANS.start + span * SPAN_BYTES);
  }

  placeOf(span: SpanId): Place {
    const at = SPANS.start + span * SPAN_BYTES;
    return { start: this.#view.readUInt32LE(at), end: this.#view.readUInt32LE(at + 4) };
  }

  /**
   * A number below 65,536 that the bytes of a span, sixteen at least, keep until `forget` and no others have; -1 where there
   * is no more room. Bytes that hold a zero may get the number of others.
   */
  intern(span: SpanId): number {
    return this.#wasm.intern(SPANS.start + span * SPAN_BYTES);
  }

  /** The same for a number below 16,384 and four spans together; -2 where these have more than 1,000 bytes. */
  internFour(number: number, a: SpanId, b: SpanId, c: SpanId, d: SpanId): number {
    const address = (span: SpanId) => SPANS.start + span * SPAN_BYTES;
    return this.#wasm.internFour(number, address(a), address(b), address(c), address(d));
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

  /** Where the value ends that begins at `at`. */
  valueEnd(at: number, slack: Slack): number {
    return this.#wasm.valueEnd(at, slack);
  }

  #compile(steps: readonly Step[], slack: Slack): void {
    const literal = (text: string) => this.#literal(text, slack);
    for (const step of steps) {
      switch (step[0]) {
        case 'take':
          this.#emit('take', { literal: literal(step[1]) });
          break;
        case 'string':
        case 'string?':
        case 'value?':
          this.#emit(step[0], { literal: literal(step[1]), span: step[2], value: slack });
          break;
        case 'plain string':
          this.#emit('plain', { value: slack });
          break;
        case 'three digits':
          this.#emit('digits', { span: step[1] });
          break;
        case 'skip to':
          this.#emit('skip', { literal: literal(step[1]), value: step[2] });
          break;
        case 'span':
          this.#emit('open', { span: step[1] });
          this.#compile(step[2], slack);
          this.#emit('close', { span: step[1] });
          break;
        case 'note':
          this.#emit('note', { span: step[1], value: step[2] });
          break;
        case 'if': {
          const unless = this.#emit('unless', { literal: literal(step[1]) });
          this.#compile(step[2], slack);
          const jump = step[3] && this.#emit('jump');
          unless(this.#stepsEnd);
          this.#compile(step[3] ?? [], slack);
          jump?.(this.#stepsEnd);
          break;
        }
        case 'one of': {
          const cases = step[1].map((text, value) =>
            this.#emit('case', { literal: literal(text), span: step[2], value }),
          );
          this.#emit('fail');
          for (const found of cases) found(this.#stepsEnd);
          break;
        }
        case 'list': {
          const start = this.#stepsEnd;
          this.#compile(step[1], slack);
          this.#emit('case', { literal: literal(',') })(start);
          break;
        }
        case 'fail':
          this.#emit('fail');
      }
    }
  }

  /** Puts a step into memory; what it gives back says to which other step this one leads. */
  #emit(
    operation: keyof typeof OPERATIONS,
    { literal, span = ANY_SPAN, value = 0 }: { literal?: Place; span?: SpanId | undefined; value?: number } = {},
  ): (target: number) => void {
    const at = this.#stepsEnd;
    this.#stepsEnd += STEP_BYTES;
    if (this.#stepsEnd > STEPS.end || span >= (SPANS.end - SPANS.start) / SPAN_BYTES)
      throw new RangeError('too many steps or spans');
    const { start, end } = literal ?? { start: 0, end: 0 };
    const step = new Uint32Array(this.#view.buffer, at, STEP_BYTES / 4);
    step.set([OPERATIONS[operation], start, end - start, SPANS.start + span * SPAN_BYTES, value]);
    return (target) => {
      step[5] = target;
    };
  }

  #literal(text: string, slack: Slack): Place {
    const written = slack === 1 ? text.replaceAll('"', '\\"') : text;
    const known = this.#literals.get(written);
    if (known) return known;
    const bytes = Buffer.from(written);
    const start = this.#literalsEnd;
    // Zeros up to a multiple of sixteen, and one at least.
    this.#literalsEnd += (bytes.length + 16) & ~15;
    if (this.#literalsEnd > LITERALS.end) throw new RangeError('too many literals');
    this.#view.set(bytes, start);
    const literal = { start, end: start + bytes.length };
    this.#literals.set(written, literal);
    return literal;
  }
}
