import { GetObjectCommand, type GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { CLIENT_OPTIONS } from './client-options.ts';

const client = new S3Client(CLIENT_OPTIONS);

/** Calls S3. The SDK takes longer to load than everything else together: import this when there is something to read. */
export async function getObject(input: GetObjectCommandInput, abortSignal: AbortSignal): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand(input), { abortSignal });
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}
