import { pipeline as piped, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { jsonIn } from '../core/json.ts';
import type { Pipeline } from '../core/pipeline.ts';
import { quarantined } from '../core/record.ts';
import { type Fault, MAX_DECODED_BYTES } from './decode.ts';
import { type Payload, type Received, receivedInText, receivedInValue } from './payload.ts';

/** How much of an object is unpacked and parsed at a time: little enough to be in the processor's cache all the while. */
const CHUNK_BYTES = 64 * 1024;
const OPENING = /^\s*\{\s*"Records"\s*:\s*\[\s*/;
const MAX_OPENING_BYTES = 64;
/** What stands between two records as CloudTrail writes them, seldom anywhere else, and in no string of JSON. */
const BETWEEN = Buffer.from('},{"eventVersion":');

/**
 * Everything in an S3 object, gzip or not, but for the records of which no detector wants to know. A CloudTrail log of
 * any size is judged as it streams, some hundred kilobytes at a time. A record that is broken is quarantined with the text
 * that it came as; where the object itself is broken, what is quarantined has no text: the object keeps it.
 */
export async function* receivedInObject(
  bytes: AsyncIterable<Buffer>,
  payload: Payload,
  pipeline: Pick<Pipeline, 'isIgnored'>,
): AsyncGenerator<Received> {
  try {
    for await (const part of partsOf(unpacked(bytes))) {
      if (typeof part === 'string') yield* receivedInText(part, payload);
      else for (const record of part) if (!pipeline.isIgnored(record)) yield* receivedInValue(record, payload);
    }
  } catch (error) {
    const fault = faultIn(error);
    if (!fault) throw error;
    yield { delivery: quarantined(fault.reason, fault.detail, payload.origin), raw: () => '' };
  }
}

class TooBigError extends Error {}

/** What is wrong with the object; nothing where it was the world that failed. */
function faultIn(error: unknown): Fault | undefined {
  if (error instanceof TooBigError)
    return { reason: 'too-big', detail: `over ${MAX_DECODED_BYTES} bytes that are no list of records` };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('Z_') ? { reason: 'bad-encoding', detail: `gzip broken from here on (${code})` } : undefined;
}

/**
 * The records of a log, parsed, as many at a time as came whole; else, and for whatever is not as CloudTrail writes it,
 * text. That a piece parses as a list proves that it was cut between two records. What remains when all is there, the last
 * record at least, and does not parse is taken apart, so that a broken record costs its neighbours nothing.
 */
async function* partsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string | readonly unknown[]> {
  let pieces: Buffer[] = [];
  let size = 0;
  let isLog: boolean | undefined;
  /** Nothing is tried before so much is there: after a failure twice as much, so that time stays in proportion to size. */
  let enough = MAX_OPENING_BYTES;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    size += chunk.length;
    const isFull = size > MAX_DECODED_BYTES;
    if (isFull && !isLog) throw new TooBigError();
    if ((size < enough && !isFull) || isLog === false) continue;
    let held = Buffer.concat(pieces);
    if (isLog === undefined) {
      const opening = OPENING.exec(held.toString('latin1', 0, MAX_OPENING_BYTES));
      isLog = opening !== null;
      if (opening) held = held.subarray(opening[0].length - 1);
    }
    const end = isLog ? held.lastIndexOf(BETWEEN) + 1 : 0;
    const records = end > 0 ? listIn(held, end) : undefined;
    if (records) yield records;
    else if (isFull && end === 0) throw new TooBigError();
    else if (isFull) yield* textsIn(held, end);
    const isTaken = isFull || records !== undefined;
    held = isTaken ? held.subarray(end) : held;
    pieces = [held];
    size = held.length;
    enough = isTaken ? 0 : size * 2;
  }
  const rest = Buffer.concat(pieces);
  if (!isLog) {
    yield rest.toString('utf8');
    return;
  }
  const end = jsonIn(textFrom(rest, 0)) !== undefined ? 0 : rest.lastIndexOf(BETWEEN) + 1;
  yield* textsIn(rest, end);
  // The last record is received even if nobody wants to know of it: its time says how late the log is.
  yield textFrom(rest, end);
}

/** The end of a log, from the record behind the comma or bracket at `at`, as a log of its own. */
function textFrom(rest: Buffer, at: number): string {
  return `{"Records":[${rest.toString('utf8', at + 1)}`;
}

/** The records between the first byte and the comma at `end`, each as its own text. */
function* textsIn(held: Buffer, end: number): Generator<string> {
  for (let at = 0; at < end; ) {
    const next = held.indexOf(BETWEEN, at) + 1;
    yield held.toString('utf8', at + 1, next);
    at = next;
  }
}

/**
 * What stands between the first byte, which is no matter, and the comma at `end`. The two make room for the brackets of a
 * list: to put these around the text would copy it.
 */
function listIn(held: Buffer, end: number): readonly unknown[] | undefined {
  held.write('[', 0);
  held.write(']', end);
  try {
    return JSON.parse(held.toString('utf8', 0, end + 1));
  } catch {
    held.write(',', end);
    return undefined;
  }
}

async function* unpacked(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = bytes[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done) return;
  const whole = Readable.from(prepended(first.value, chunks));
  // No JSON begins so, and more than a byte need not have come.
  const isGzip = first.value[0] === 0x1f;
  // A failure reaches the reader of the last stream by itself.
  yield* isGzip ? piped(whole, createGunzip({ chunkSize: CHUNK_BYTES }), () => {}) : whole;
}

async function* prepended(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
