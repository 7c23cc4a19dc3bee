import { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { CLIENT_OPTIONS } from './client-options.ts';

// Who reads an object pauses while a queue does not take what was found in it. No socket times out for that, neither after
// our time nor, where none is given, after one of the SDK's own: the deadline ends what hangs.
const client = new S3Client({
  ...CLIENT_OPTIONS,
  requestHandler: { ...CLIENT_OPTIONS.requestHandler, socketTimeout: 0 },
});

/** Calls S3. The SDK takes longer to load than everything else together: import this when there is something to read. */
export async function getObject(input: GetObjectCommandInput, abortSignal: AbortSignal): Promise<Readable> {
  const { Body } = await client.send(new GetObjectCommand(input), { abortSignal });
  // On Node it is always a stream of Node's.
  if (!(Body instanceof Readable)) return Readable.from([]);
  // An object that arrives when its reader has given up fails with nobody listening, which would end the process.
  Body.on('error', () => {});
  return Body;
}
