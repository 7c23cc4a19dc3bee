import type { AnnouncedObject } from './announcement.ts';
import type { Deadline } from './deadline.ts';

/** The bytes of an S3 object, as they arrive; rejects with S3's own error where there is none or it may not be read. */
export async function* fetchObject(
  { bucket, key, versionId }: AnnouncedObject,
  deadline: Deadline,
): AsyncGenerator<Buffer> {
  const { getObject } = await import('./s3-client.ts');
  const body = await deadline.run((signal) => getObject({ Bucket: bucket, Key: key, VersionId: versionId }, signal));
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await deadline.run(() => chunks.next());
    if (done) return;
    yield value;
  }
}
