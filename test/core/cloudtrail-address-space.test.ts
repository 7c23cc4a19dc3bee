import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reachOf } from '../../core/cloudtrail/address-space.ts';

/** The two halves of an IPv4 block. */
function halves(address: number, prefix: number): string[] {
  const text = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
  const upper = (address | (2 ** (31 - prefix))) >>> 0;
  return [`${text(address)}/${prefix + 1}`, `${text(upper)}/${prefix + 1}`];
}

describe('the reach of a list of address blocks', () => {
  it.each([
    [['0.0.0.0/0'], 1],
    [['198.51.100.7/0'], 1],
    [['::/0'], 1],
    [['2000::/3'], 1],
    [['0.0.0.0/1', '128.0.0.0/1'], 1],
    [['10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/8'], 1 / 256],
    [['203.0.113.0/24', ' 203.0.113.7/32 '], 1 / 2 ** 24],
    [['203.0.113.7'], 1 / 2 ** 32],
    [['fd00::/8', 'fe80::/10'], 0],
    [[], 0],
  ])('of %j is %d', (cidrs, share) => {
    expect(reachOf(cidrs)).toEqual({ share, unreadable: [] });
  });

  it('names what is no block', () => {
    const broken = ['', '...', '1.2.3.4/33', '256.1.1.1/8', '::/129', '1::2::3/64', '1:2:3/64', 'vpn', '10.0.0.0/-1'];
    expect(reachOf([...broken, '0.0.0.0/0'])).toEqual({ share: 1, unreadable: broken });
  });

  it('is the same for a block and for its two halves, in any order', async () => {
    await fc.assert(
      fc.property(fc.nat({ max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 31 }), (address, prefix) => {
        const first = prefix === 0 ? 0 : ((address >>> (32 - prefix)) << (32 - prefix)) >>> 0;
        const [lower = '', upper = ''] = halves(first, prefix);
        const whole = lower.replace(/\/\d+$/, `/${prefix}`);
        expect(reachOf([upper, lower])).toEqual(reachOf([whole]));
        expect(reachOf([whole]).share).toBe(2 ** -prefix);
      }),
    );
  });

  it('never shrinks when a block is added and never leaves 0 to 1', async () => {
    const block = fc.tuple(fc.ipV4(), fc.nat({ max: 32 })).map(([address, prefix]) => `${address}/${prefix}`);
    await fc.assert(
      fc.property(fc.array(block, { maxLength: 8 }), block, (list, more) => {
        const before = reachOf(list).share;
        const after = reachOf([...list, more]).share;
        expect(after).toBeGreaterThanOrEqual(before);
        expect(after).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('judges any text', async () => {
    await fc.assert(
      fc.property(fc.array(fc.string()), (cidrs) => {
        expect(reachOf(cidrs).share).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
