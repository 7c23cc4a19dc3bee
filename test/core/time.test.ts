import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rfc3339 } from '../../core/time.ts';

describe('rfc3339', () => {
  it.each([
    ['2026-03-01T10:00:00.123456Z', '2026-03-01T10:00:00.123Z'],
    ['2026-03-01T10:00:00Z', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T10:00:00+02:00', '2026-03-01T08:00:00.000Z'],
    ['', undefined],
    ['yesterday', undefined],
    ['2026', undefined],
    ['2026-13-01T10:00:00Z', undefined],
    ['1772359200000', undefined],
  ])('reads %j as %j', (timestamp, time) => {
    expect(rfc3339(timestamp)).toBe(time);
  });

  it('gives nothing that sorts otherwise than time does', () => {
    const moment = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(moment, moment, (a, b) => {
        const [first = '', second = ''] = [rfc3339(a.toISOString()), rfc3339(b.toISOString())];
        expect(first < second).toBe(a < b);
      }),
    );
  });
});
