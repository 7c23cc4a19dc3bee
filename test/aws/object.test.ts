import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DECODED_BYTES } from '../../aws/decode.ts';
import { receivedInObject } from '../../aws/object.ts';

const PAYLOAD = { origin: { region: 'eu-west-1' }, source: 'cloudtrail' } as const;

/** Text that looks like what stands between two records, brackets and quotes among it. */
const tricky = fc.oneof(
  fc.string(),
  fc.constantFrom('},{"eventVersion":', '"},{"eventVersion":"', '[', ']', ',', '\\', '\u{1f512}'),
);
const record = fc.record({
  eventVersion: fc.constant('1.11'),
  eventSource: fc.constant('eks.amazonaws.com'),
  eventName: fc.constantFrom('CreateCluster', 'DeleteCluster'),
  requestParameters: fc.dictionary(tricky, fc.array(tricky, { maxLength: 3 }), { maxKeys: 3 }),
  // An object between whose members a list of records might be cut.
  nested: fc.array(fc.record({ eventVersion: tricky }), { maxLength: 3 }),
});
const opening = fc.constantFrom('{"Records":[', ' {\n "Records" : [ ', '{"Records":\n[');

/** The bytes in pieces, the lengths of which are told and repeat. */
async function* inPieces(bytes: Buffer, lengths: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + (lengths[turn % lengths.length] ?? bytes.length);
    yield bytes.subarray(at, end);
    at = end;
  }
}

async function judged(bytes: AsyncIterable<Buffer>, isIgnored: (record: unknown) => boolean = () => false) {
  const received: unknown[] = [];
  for await (const { delivery } of receivedInObject(bytes, PAYLOAD, { isIgnored }))
    received.push(delivery.kind === 'record' ? delivery.value : delivery);
  return received;
}

describe('a log of CloudTrail', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 });

  it('is the same records, in order, in whatever pieces it comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 12 }), opening, lengths, async (records, open, cuts) => {
        const text = Buffer.from(`${open}${records.map((one) => JSON.stringify(one)).join(',')}]}`);
        expect(await judged(inPieces(text, cuts))).toEqual(records);
        expect(await judged(inPieces(gzipSync(text), cuts))).toEqual(records);
      }),
    );
  });

  it('is judged but for what nobody wants to know', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 12 }), lengths, async (records, cuts) => {
        const text = Buffer.from(JSON.stringify({ Records: records }));
        const isIgnored = (one: unknown) => (one as { eventName: string }).eventName === 'DeleteCluster';
        const rest = await judged(inPieces(text, cuts), isIgnored);
        // What comes last is received whole, and ignored there.
        expect(records.filter((one) => !isIgnored(one))).toEqual(rest.filter((one) => !isIgnored(one)));
      }),
    );
  });

  /** Ways to break a record that leave its neighbours where they are. */
  const broken = fc.constantFrom<((json: string) => string)[]>(
    (json) => json.replace('"eventName":', '"eventName"'),
    (json) => json.replace('"eventName":"', '"eventName":'),
    (json) => json.replace('"eventName":"', '"eventName":"\n'),
    (json) => json.replace('"eventName":', '"eventName":{'),
    (json) => json.replace('"eventName":', '"eventName":]'),
  );
  /** A record within which there is nothing that stands between two. */
  const plain = record.map((one) => ({ ...one, nested: one.nested.slice(0, 1) }));

  it('with a broken record quarantines that one alone, as it came, and judges its neighbours', async () => {
    const cases = [fc.array(plain, { minLength: 1, maxLength: 12 }), fc.nat(), broken, lengths] as const;
    await fc.assert(
      fc.asyncProperty(...cases, async (records, at, breaking, cuts) => {
        const place = at % records.length;
        const texts = records.map((one, nth) => (nth === place ? breaking(JSON.stringify(one)) : JSON.stringify(one)));
        const log = inPieces(gzipSync(`{"Records":[${texts.join(',')}]}`), cuts);
        const whole: unknown[] = [];
        const bad: string[] = [];
        for await (const { delivery, raw } of receivedInObject(log, PAYLOAD, { isIgnored: () => false })) {
          if (delivery.kind === 'record') whole.push(delivery.value);
          else bad.push(raw());
        }
        expect(whole).toEqual(records.filter((_, nth) => nth !== place));
        const isLast = place === records.length - 1;
        expect(bad.join('')).toBe(isLast ? `{"Records":[${texts[place]}]}` : texts[place]);
      }),
    );
  });

  it('with a broken record is judged to the end though it is longer than what is held of it', async () => {
    const padding = 'x'.repeat(1024 * 1024);
    const count = Math.ceil(MAX_DECODED_BYTES / padding.length) + 5;
    async function* log() {
      yield Buffer.from('{"Records":[{"eventVersion":"1.11",broken}');
      for (let place = 0; place < count; place++)
        yield Buffer.from(
          `,{"eventVersion":"1.11","eventSource":"a","eventName":"b","place":${place},"padding":"${padding}"}`,
        );
      yield Buffer.from(']}');
    }
    const kinds: string[] = [];
    for await (const { delivery } of receivedInObject(log(), PAYLOAD, { isIgnored: () => false }))
      kinds.push(delivery.kind);
    expect(kinds).toEqual(['quarantined', ...Array(count).fill('record')]);
  });

  it('that is cut loses nothing that was judged before, and says that it is not whole', async () => {
    const cases = [fc.array(plain, { minLength: 2, maxLength: 12 }), lengths, fc.nat()] as const;
    await fc.assert(
      fc.asyncProperty(...cases, async (records, cuts, place) => {
        const text = JSON.stringify({ Records: records });
        const cut = Buffer.from(text.slice(0, 1 + (place % (text.length - 1))));
        const found = await judged(inPieces(cut, cuts));
        const fault = found.pop();
        expect(fault).toMatchObject({ kind: 'quarantined' });
        expect(found).toEqual(records.slice(0, found.length));
      }),
    );
  });
});
