import { gunzipSync } from 'node:zlib';
import type { Decode } from '../core/envelope.ts';

/** More than any payload can hold: Lambda takes 6 MB, and the audit log compresses some fifteenfold. */
const MAX_DECODED_BYTES = 256 * 1024 * 1024;

/**
 * base64 gzip to text, as CloudWatch Logs sends it, or base64 JSON, as EventBridge puts it into Kinesis. Capped, so that
 * a gzip bomb is an error and not an outage.
 */
export const decodeBase64Gzip: Decode = (base64) => {
  const compact = base64.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return { reason: 'bad-encoding', detail: 'data is not base64' };
  return decodeGzip(Buffer.from(compact, 'base64'));
};

/** gzip to text, as CloudTrail writes its objects, or the bytes of JSON as they are. Capped in the same way. */
export function decodeGzip(bytes: Buffer): ReturnType<Decode> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    const text = bytes.toString('utf8').trimStart();
    return /^[{[]/.test(text) ? { text } : { reason: 'bad-encoding', detail: 'data is neither gzip nor JSON' };
  }
  try {
    return { text: gunzipSync(bytes, { maxOutputLength: MAX_DECODED_BYTES }).toString('utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (code === 'ERR_BUFFER_TOO_LARGE')
      return { reason: 'too-big', detail: `gzip that unpacks to over ${MAX_DECODED_BYTES} bytes` };
    return { reason: 'bad-encoding', detail: `broken gzip (${code})` };
  }
}
