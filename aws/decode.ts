import { gunzipSync } from 'node:zlib';
import type { Decode } from '../core/envelope.ts';
import type { Quarantined } from '../core/record.ts';

/**
 * Five times what the largest payload that Lambda takes from CloudWatch Logs, 1 MB of base64, usually holds, and little
 * enough for a function of 1 GB: `test/faults/poison.test.ts` fills it.
 */
export const MAX_DECODED_BYTES = 48 * 1024 * 1024;
/** What is set aside for unpacked bytes before they are there: the size that gzip claims is anybody's word. */
const MAX_CHUNK_BYTES = 16 * 1024 * 1024;

/** What is wrong with data, in place of what it holds. */
export type Fault = Pick<Quarantined, 'reason' | 'detail'>;

/**
 * base64 gzip to text, as CloudWatch Logs sends it, or base64 JSON, as EventBridge puts it into Kinesis. Capped, so that
 * a gzip bomb is an error and not an outage.
 */
export const decodeBase64Gzip: Decode = (base64) => {
  const bytes = unpackBase64(base64);
  return 'reason' in bytes ? bytes : { text: bytes.toString('utf8') };
};

/** The same as bytes. */
export function unpackBase64(base64: string): Buffer | Fault {
  const bytes = bytesIn(base64) ?? bytesIn(base64.replace(/\s+/g, ''));
  return bytes ? unpack(bytes) : { reason: 'bad-encoding', detail: 'data is not base64' };
}

/** What gzip holds, capped in the same way, or the bytes of JSON as they are. */
function unpack(bytes: Buffer): Buffer | Fault {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    const beginning = bytes.toString('utf8', 0, 256).trimStart();
    return /^[{[]/.test(beginning) ? bytes : { reason: 'bad-encoding', detail: 'data is neither gzip nor JSON' };
  }
  // One byte more than there should be, or zlib asks for another chunk to find that there is nothing to put into it.
  const claimed = bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4) + 1;
  const chunkSize = Math.min(Math.max(claimed, 1024), MAX_CHUNK_BYTES);
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_DECODED_BYTES, chunkSize });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (code === 'ERR_BUFFER_TOO_LARGE')
      return { reason: 'too-big', detail: `gzip that unpacks to over ${MAX_DECODED_BYTES} bytes` };
    return { reason: 'bad-encoding', detail: `broken gzip (${code})` };
  }
}

/** What base64 stands for; `undefined` where it is none. Node skips what is none, which shows in the length. */
function bytesIn(base64: string): Buffer | undefined {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length > 0 && bytes.length === Math.floor((base64.length - padding) * 0.75) ? bytes : undefined;
}
