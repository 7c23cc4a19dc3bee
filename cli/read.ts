import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { decodeBase64Gzip } from '../aws/decode.ts';
import { deliveriesOf } from '../core/envelope.ts';
import { jsonIn } from '../core/json.ts';
import { type Delivery, quarantined } from '../core/record.ts';
import type { Origin } from '../core/source.ts';
import type { SourceId } from '../core/sources.ts';
import type { Input } from './inputs.ts';
import { JsonElements } from './json-elements.ts';

/** More than any record, and than any payload of records on one line, that AWS delivers. */
const MAX_RECORD_BYTES = 32 * 1024 * 1024;
/** How much is looked at to tell lines from a document. A first line beyond this is a document on one line. */
const MAX_HEAD_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

export interface ReadOptions {
  readonly source: SourceId | undefined;
  /** What holds of records that do not say: cluster, account, region. */
  readonly origin: Origin;
  /** Told of every chunk as it leaves the disk, before it is unpacked. */
  readonly onBytes: (bytes: number) => void;
  /** Asked of every whole line, as bytes: one that is quiet is not read any further. */
  readonly isQuiet: (line: Buffer) => boolean;
}

/**
 * Everything in one input, in order, holding no more than one record or payload at a time. What cannot be read comes
 * out as quarantined with its line; only an input that cannot be opened or read at all makes it throw.
 */
export async function* deliveriesIn(input: Input, options: ReadOptions): AsyncGenerator<Delivery> {
  const originAt = (line: number): Origin => ({ ...options.origin, file: input.name, line });
  /** Of the line, or of the record where the input is one JSON document. */
  let number = 0;
  let splitter: Splitter | undefined;
  let head = Buffer.alloc(0);

  function* deliver(texts: Iterable<string | undefined>): Generator<Delivery> {
    for (const text of texts) {
      if (splitter instanceof Lines) number++;
      for (const delivery of deliveriesOfText(text)) {
        if (splitter instanceof JsonElements) number++;
        yield { ...delivery, origin: { ...delivery.origin, line: number } };
      }
    }
  }

  function* deliveriesOfText(text: string | undefined): Generator<Delivery> {
    const origin = { ...options.origin, file: input.name };
    if (text === undefined) yield quarantined('too-big', `over ${MAX_RECORD_BYTES} bytes`, origin);
    else if (text !== '') yield* deliveriesOf(text, origin, decodeBase64Gzip, options.source);
  }

  try {
    for await (const chunk of unpacked(input.open(), options.onBytes)) {
      if (splitter) {
        yield* deliver(splitter.push(chunk));
        continue;
      }
      head = Buffer.concat([head, chunk]);
      if (isBinary(head)) {
        yield quarantined('unrecognised', 'binary data, no text', originAt(1));
        return;
      }
      if (!hasTwoLines(head) && head.length < MAX_HEAD_BYTES) continue;
      splitter = splitterFor(head, options.isQuiet);
      yield* deliver(splitter.push(head));
    }
    if (!splitter) {
      splitter = splitterFor(head, options.isQuiet);
      yield* deliver(splitter.push(head));
    }
    yield* deliver(splitter.end());
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!code.startsWith('Z_')) throw error;
    // What came out before the break was read; the half record at the break is part of the same fault.
    yield quarantined('bad-encoding', `gzip broken from here on (${code})`, originAt(number + 1));
  }
}

/** Turns bytes into the texts of single records or payloads; `undefined` stands for one that is too big. */
interface Splitter {
  push(chunk: Buffer): Iterable<string | undefined>;
  end(): Iterable<string | undefined>;
}

/** Splits at line ends. An empty or quiet line is an empty text, so that lines keep their numbers. */
class Lines implements Splitter {
  readonly #isQuiet: (line: Buffer) => boolean;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(isQuiet: (line: Buffer) => boolean) {
    this.#isQuiet = isQuiet;
  }

  *push(chunk: Buffer): Generator<string | undefined> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = chunk.subarray(start, end);
      // Most lines lie in one chunk whole, and are not worth a copy.
      if (this.#pendingBytes > 0) yield this.#line(line);
      else yield this.#isQuiet(line) ? '' : line.toString('utf8').trim();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  *end(): Generator<string | undefined> {
    if (this.#pendingBytes > 0) yield this.#line(Buffer.alloc(0));
  }

  #keep(bytes: Buffer): void {
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > MAX_RECORD_BYTES) this.#pending = [];
    else this.#pending.push(bytes);
  }

  #line(last: Buffer): string | undefined {
    this.#keep(last);
    const text =
      this.#pendingBytes > MAX_RECORD_BYTES ? undefined : Buffer.concat(this.#pending).toString('utf8').trim();
    this.#pending = [];
    this.#pendingBytes = 0;
    return text;
  }
}

/**
 * A document's elements where the input is one JSON document, be it on one line or many; else lines. A first line that
 * was merely cut makes no document: those break their lines where a bracket opens or after a comma.
 */
function splitterFor(head: Buffer, isQuiet: (line: Buffer) => boolean): Splitter {
  const [first = '', second = ''] = firstLines(head);
  const isJson = /^[[{]/.test(first);
  const goesOn = /[[{]$/.test(first) || (first.endsWith(',') && !parses(second));
  const isDocument = isJson && (second === '' || (goesOn && !parses(first)));
  return isDocument ? new JsonElements(MAX_RECORD_BYTES) : new Lines(isQuiet);
}

/** The first two lines that are not blank, as far as they are there. */
function firstLines(head: Buffer): string[] {
  const text = head.toString('utf8').replace(/^\ufeff/, '');
  return [...text.matchAll(/[^\n]*\S[^\n]*/g).take(2)].map(([line]) => line.trim());
}

/** Whether the second line that is not blank is there to its end. */
function hasTwoLines(head: Buffer): boolean {
  return /^\s*\S[^\n]*\n\s*\S[^\n]*\n/.test(head.toString('latin1'));
}

function parses(text: string): boolean {
  return jsonIn(text) !== undefined;
}

/** Whether a tenth of the beginning is control characters, which no log line holds. */
function isBinary(head: Buffer): boolean {
  const sample = head.subarray(0, 4096);
  const controls = sample.filter((byte) => byte < 0x20 && byte !== 0x09 && byte !== NEWLINE && byte !== 0x0d).length;
  return sample.length >= 16 && controls > sample.length / 10;
}

/** The bytes of a stream, unpacked if they begin as gzip does, whatever the file is called. */
async function* unpacked(stream: Readable, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  const chunks = counted(stream, onBytes);
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const { value, done } = await chunks.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  const whole = prepended(head, chunks);
  if (head[0] !== 0x1f || head[1] !== 0x8b) yield* whole;
  // A failure reaches the reader of the last stream by itself.
  else yield* pipeline(Readable.from(whole), createGunzip({ chunkSize: CHUNK_BYTES }), () => {});
}

async function* counted(stream: Readable, onBytes: (bytes: number) => void): AsyncGenerator<Buffer, undefined> {
  for await (const chunk of stream) {
    onBytes(chunk.length);
    yield chunk;
  }
  return undefined;
}

async function* prepended(head: Buffer, chunks: AsyncGenerator<Buffer, undefined>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* chunks;
}
