import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../core/address.ts';

describe('isPublicAddress', () => {
  it.each([
    '203.0.113.7',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '169.253.0.1',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.0.1',
    '223.255.255.255',
    '::ffff:203.0.113.7',
    '::FFFF:203.0.113.7',
    '2600:1f18::1',
    '2A02:26F0::1',
    '3fff:ffff::',
  ])('takes %s for public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00:ec2::254',
    '::ffff:10.0.0.1',
    '256.1.1.1',
    '1.2.3',
    '1.2.3.4.5',
    '203.0.113.7:443',
    ' 203.0.113.7',
    'eks.amazonaws.com',
    'AWS Internal',
    '',
  ])('takes %j for none', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it('answers for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), (text) => {
        expect(typeof isPublicAddress(text)).toBe('boolean');
      }),
    );
  });
});
