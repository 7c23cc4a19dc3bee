/** The keys under which a document holds a list of records; the list is taken apart while it streams. */
const LIST_KEYS = new Set(['Records', 'items', 'events', 'Events', 'results']);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Takes JSON documents apart as their bytes arrive, without holding more than one record: yields the elements of a
 * top-level list, each wrapped as `{"Records":[element]}` where they stood under such a key of a top-level object, and
 * whole top-level values otherwise. What is left at the end, cut or broken, comes out as text that does not parse.
 */
export class JsonElements {
  readonly #maxBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The depth at which records begin: 0 for top-level values, 1 inside a top-level list, 2 inside `{"Records":[`. */
  #recordDepth = 0;
  #wrapper: string | undefined;
  #lastString: number[] = [];
  #key = '';
  #overflowed = false;

  /** A record of more than `maxBytes` comes out as `undefined` in its place. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  *push(chunk: Buffer): Generator<string | undefined> {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
        else if (this.#depth === 1 && this.#lastString.length < 8) this.#lastString.push(byte);
        continue;
      }
      switch (byte) {
        case QUOTE:
          this.#inString = true;
          this.#lastString = [];
          break;
        case COLON:
          if (this.#depth === 1) this.#key = String.fromCharCode(...this.#lastString);
          break;
        case OPEN_LIST:
        case OPEN_OBJECT:
          this.#depth++;
          if (byte === OPEN_LIST && this.#opensRecords()) start = at + 1;
          break;
        case CLOSE_LIST:
        case CLOSE_OBJECT:
          this.#depth--;
          if (this.#depth === this.#recordDepth) {
            yield this.#take(chunk.subarray(start, at + 1));
            start = at + 1;
          } else if (this.#depth < this.#recordDepth) {
            yield* this.#rest(chunk.subarray(start, at));
            if (this.#depth > 0) this.#recordDepth = Number.POSITIVE_INFINITY;
            else this.#restart();
            start = at + 1;
          }
          if (this.#depth <= 0) {
            this.#restart();
            start = at + 1;
          }
          break;
        case COMMA:
          if (this.#depth === this.#recordDepth) {
            yield* this.#rest(chunk.subarray(start, at));
            start = at + 1;
          }
          break;
      }
    }
    this.#keep(chunk.subarray(start));
  }

  *end(): Generator<string | undefined> {
    // A record that was cut stands for itself: nothing closes what stood around it.
    this.#wrapper = undefined;
    if (this.#recordDepth !== Number.POSITIVE_INFINITY) yield* this.#rest(Buffer.alloc(0));
  }

  /** Whether the list just opened is one of records; what stood before it is then let go. */
  #opensRecords(): boolean {
    const inList = this.#depth === 1 && this.#recordDepth === 0;
    const underKey = this.#depth === 2 && this.#recordDepth === 0 && LIST_KEYS.has(this.#key);
    if (!inList && !underKey) return false;
    this.#recordDepth = this.#depth;
    this.#wrapper = underKey ? this.#key : undefined;
    this.#pending = [];
    this.#pendingBytes = 0;
    return true;
  }

  #restart(): void {
    this.#depth = 0;
    this.#recordDepth = 0;
    this.#wrapper = undefined;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#key = '';
  }

  #keep(bytes: Buffer): void {
    if (this.#recordDepth === Number.POSITIVE_INFINITY) return;
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > this.#maxBytes) {
      this.#overflowed = true;
      this.#pending = [];
    } else {
      this.#pending.push(bytes);
    }
  }

  #take(last: Buffer): string | undefined {
    this.#keep(last);
    const overflowed = this.#overflowed;
    const text = Buffer.concat(this.#pending).toString('utf8').trim();
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#overflowed = false;
    if (overflowed) return undefined;
    return this.#wrapper && text !== '' ? `{"${this.#wrapper}":[${text}]}` : text;
  }

  /** What stands where no record ended: nothing, or a scalar or a broken record. */
  *#rest(last: Buffer): Generator<string | undefined> {
    const text = this.#take(last);
    if (text !== '') yield text;
  }
}
