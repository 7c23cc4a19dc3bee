import { createHash } from 'node:crypto';

const SEED = 'auditwire-samples-1';

export type Random = ReturnType<typeof createRandom>;

const digest = (key: string): string => createHash('sha256').update(`${SEED}/${key}`).digest('hex');

/** A version 4 uuid that depends on the key alone, so that an object keeps its uid in every event that names it. */
export function uuidOf(key: string): string {
  const hex = digest(key);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Lower-case hexadecimal digits that depend on the key alone; at most 64. */
export const hexOf = (key: string, length: number): string => digest(key).slice(0, length);

/** Characters of the alphabet that Kubernetes uses for generated names: no vowels, no look-alikes. */
export const suffixOf = (key: string, length: number): string => {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return [...Buffer.from(digest(key), 'hex').subarray(0, length)].map((byte) => alphabet[byte % 27]).join('');
};

/** An AWS unique id such as AROA… or a key id such as ASIA…; key ids end in EXAMPLE, as in AWS's own documents. */
export function awsIdOf(prefix: 'AROA' | 'AIDA' | 'ASIA' | 'AKIA', key: string): string {
  const body = BigInt(`0x${digest(key)}`)
    .toString(36)
    .toUpperCase()
    .replaceAll(/[0189]/g, 'Q');
  return prefix === 'ASIA' || prefix === 'AKIA'
    ? `${prefix}${body.slice(0, 9)}EXAMPLE`
    : `${prefix}${body.slice(0, 17)}`;
}

/** mulberry32, seeded by a name: a change in one part of the samples leaves the others as they are. */
export function createRandom(name: string) {
  let state = Number.parseInt(hexOf(name, 8), 16);
  const float = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (min: number, max: number) => min + Math.floor(float() * (max - min + 1));
  return {
    int,
    chance: (probability: number) => float() < probability,
    pick: <T extends readonly [unknown, ...unknown[]]>(items: T): T[number] =>
      items[int(0, items.length - 1)] ?? items[0],
  };
}
