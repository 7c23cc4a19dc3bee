import type { Readable } from 'node:stream';
import { cut, inert } from '../core/inert.ts';
import type { AnnouncedObject } from './announcement.ts';
import type { Deadline } from './deadline.ts';

/** As long as the address of an S3 object, whose key has up to 1024 characters. */
const MAX_PLACE_LENGTH = 1200;

/**
 * The bytes of an S3 object, as they arrive; rejects with S3's own error where there is none or it may not be read. Whatever
 * ends the reading, its message names the object.
 */
export async function* fetchObject(
  { bucket, key, versionId }: AnnouncedObject,
  deadline: Deadline,
): AsyncGenerator<Buffer> {
  const { getObject } = await import('./s3-client.ts');
  let body: Readable | undefined;
  try {
    body = await deadline.run((signal) => getObject({ Bucket: bucket, Key: key, VersionId: versionId }, signal));
    const chunks = body[Symbol.asyncIterator]();
    for (;;) {
      const { value, done } = await deadline.run(() => chunks.next());
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (error instanceof Error) error.message += ` (${cut(inert(`s3://${bucket}/${key}`), MAX_PLACE_LENGTH)})`;
    throw error;
  } finally {
    // To wait for the end of an iterator is to wait for what it waits for.
    body?.destroy();
  }
}
