import { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { CLIENT_OPTIONS } from './client-options.ts';

const client = new S3Client(CLIENT_OPTIONS);

/** Calls S3. The SDK takes longer to load than everything else together: import this when there is something to read. */
export async function getObject(
  input: GetObjectCommandInput,
  abortSignal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const { Body } = await client.send(new GetObjectCommand(input), { abortSignal });
  // On Node it is always a stream of Node's.
  if (!(Body instanceof Readable)) return Readable.from([]);
  // An object that arrives when its reader has given up fails with nobody listening, which would end the process.
  Body.on('error', () => {});
  return Body;
}
