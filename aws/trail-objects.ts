import type { AnnouncedObject } from './announcement.ts';
import type { Deadline } from './deadline.ts';

/** Fetches an object; rejects with S3's own error where there is none or it may not be read. */
export async function fetchObject({ bucket, key, versionId }: AnnouncedObject, deadline: Deadline): Promise<Buffer> {
  const { getObject } = await import('./s3-client.ts');
  return await deadline.run((signal) => getObject({ Bucket: bucket, Key: key, VersionId: versionId }, signal));
}
