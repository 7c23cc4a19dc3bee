import { createHash } from 'node:crypto';
import { beginningOf, type Parts } from '../json-beginning.ts';
import * as z from '../zod.ts';
import type { Cut } from './schema.ts';

/**
 * What is delivered though it does not tell who did what, in UTF-16 units: before its objects only what the client
 * says of itself makes an event as long, its URI, `Audit-ID` and other headers, up to 1 MiB in all
 * (https://pkg.go.dev/net/http#pkg-constants).
 */
export const MIN_PADDED_LENGTH = 8 * 1024;

/**
 * Of anything else a part would be taken for another whole: without `subresource` a shell in a pod is a pod, without
 * `namespace` one namespace is all.
 */
const PARTS: Parts = {
  user: { extra: {} },
  impersonatedUser: { extra: {} },
  responseStatus: {},
  annotations: {},
};

const filled = z.lazy(() => z.string().check(z.minLength(1)));
const whoDidWhat = z.object({ verb: filled, user: z.object({ username: filled }) });

/**
 * The whole fields of an event whose text is the beginning of one, and as `cut` how it ended; `undefined` where they
 * are too few to judge by.
 */
export function salvage(text: string): object | undefined {
  const beginning = beginningOf(text, PARTS);
  if (!beginning || (text.length < MIN_PADDED_LENGTH && !whoDidWhat.safeParse(beginning.fields).success))
    return undefined;
  const { endsIn, rest } = beginning;
  const cut: Cut = {
    length: text.length,
    field: endsIn,
    path: endsIn === 'requestURI' ? /^"([^"\\?]*)\?/.exec(rest)?.[1] : undefined,
    digest: createHash('sha256').update(text).digest('hex').slice(0, 32),
  };
  return { ...beginning.fields, cut };
}
