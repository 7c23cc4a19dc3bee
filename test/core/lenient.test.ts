import { describe, expect, it } from 'vitest';
import { quarantinedRecordIn } from '../../aws/quarantine-queue.ts';
import { alertSchema } from '../../core/alert.ts';
import { findingsSchema } from '../../core/findings.ts';
import { readLeniently } from '../../core/lenient.ts';
import { alertOf } from '../support/build.ts';
import { findingsOf } from '../support/second-stage.ts';

const alert = alertOf();
const findings = findingsOf(alert);

describe('what a newer version wrote', () => {
  it('is read with the fields that it added, wherever they stand', () => {
    const added = { ...alert, mood: 'bad', event: { ...alert.event, planet: 'Earth' } };
    expect(readLeniently(alertSchema, added)).toEqual(added);
    expect(readLeniently(findingsSchema, { ...findings, alert: added, weather: 1 })).toMatchObject({ alert: added });
    const origin = JSON.stringify({ logGroup: '/aws/eks/a/cluster', planet: 'Earth' });
    const attributes = { reason: 'not-json', detail: '-', origin, encoding: 'text' };
    expect(quarantinedRecordIn({ body: 'x', attributes })?.origin).toMatchObject({ logGroup: '/aws/eks/a/cluster' });
  });

  it('is refused where a field that is known is not as it must be, whatever was added', () => {
    expect(readLeniently(alertSchema, { ...alert, mood: 'bad', severity: 'awful' })).toBeUndefined();
    expect(readLeniently(findingsSchema, { ...findings, windowMs: undefined, mood: 'bad' })).toBeUndefined();
    expect(readLeniently(findingsSchema, 'findings')).toBeUndefined();
  });
});
