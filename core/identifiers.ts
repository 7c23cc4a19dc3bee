import { createHash } from 'node:crypto';

/** The same for the same detector and event, whatever is retried: 32 hexadecimal digits. */
export function alertIdOf(detectorId: string, eventKey: string): string {
  return digest('alert', detectorId, eventKey);
}

/** The same while a problem lasts in one cluster or account: 32 hexadecimal digits. */
export function dedupKeyOf(detectorId: string, dedup: readonly string[], place: string): string {
  return digest('dedup', detectorId, place, ...dedup);
}

// Length-prefixed, so that ["a","bc"] and ["ab","c"] differ.
function digest(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest('hex').slice(0, 32);
}
