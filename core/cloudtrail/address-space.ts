/** A block of addresses, ends included. */
interface Block {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** What is routed on the internet: all of IPv4, private parts not subtracted, and 2000::/3 of IPv6. */
const INTERNET: Readonly<Record<4 | 6, Block>> = {
  4: { family: 4, first: 0n, last: (1n << 32n) - 1n },
  6: { family: 6, first: 0x2n << 124n, last: (0x4n << 124n) - 1n },
};

/** How much of the internet a list of CIDR blocks lets in. */
export interface Reach {
  /** From 0 to 1, of IPv4 or IPv6, whichever is more; overlapping blocks count once. */
  readonly share: number;
  /** Entries that are no CIDR block. */
  readonly unreadable: readonly string[];
}

/** Blocks are merged before they are measured: 0.0.0.0/1 and 128.0.0.0/1 reach as far as 0.0.0.0/0. */
export function reachOf(cidrs: readonly string[]): Reach {
  const blocks = cidrs.map((cidr) => blockOf(cidr));
  const shares = ([4, 6] as const).map((family) =>
    share(
      blocks.filter((block) => block?.family === family),
      INTERNET[family],
    ),
  );
  return { share: Math.max(...shares), unreadable: cidrs.filter((_, index) => !blocks[index]) };
}

function share(blocks: readonly (Block | undefined)[], whole: Block): number {
  let next = whole.first;
  let covered = 0n;
  for (const block of blocks.filter((one) => one !== undefined).sort((a, b) => (a.first < b.first ? -1 : 1))) {
    const first = block.first > next ? block.first : next;
    const last = block.last < whole.last ? block.last : whole.last;
    if (last < first) continue;
    covered += last - first + 1n;
    next = last + 1n;
  }
  // In 32 bits, of which one IPv4 address is the last.
  return Number((covered << 32n) / (whole.last - whole.first + 1n)) / 2 ** 32;
}

function blockOf(cidr: string): Block | undefined {
  const [, address = '', length] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(cidr.trim()) ?? [];
  const family = address.includes(':') ? 6 : 4;
  const bits = family === 4 ? 32 : 128;
  const value = family === 4 ? ipv4(address) : ipv6(address);
  const prefix = length === undefined ? bits : Number(length);
  if (value === undefined || prefix > bits) return undefined;
  const size = 1n << BigInt(bits - prefix);
  const first = value - (value % size);
  return { family, first, last: first + size - 1n };
}

function ipv4(address: string): bigint | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number);
  if (!parts || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((value, part) => (value << 8n) + BigInt(part), 0n);
}

function ipv6(address: string): bigint | undefined {
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((value, group) => (value << 16n) + BigInt(`0x${group}`), 0n);
}
