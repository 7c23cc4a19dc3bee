import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type QuarantinedRecord, quarantinedRecordIn, quarantineMessage } from '../../aws/quarantine-queue.ts';
import { MAX_SQS_BYTES, sqsBytesOf } from '../../aws/sqs.ts';

const KIB = 1024;

const record = (raw: string, fields: Partial<QuarantinedRecord> = {}): QuarantinedRecord => ({
  reason: 'not-json',
  detail: 'not JSON from character 1',
  origin: { logGroup: '/aws/eks/prod-blue/cluster', receivedAt: 1 },
  raw,
  ...fields,
});

const attribute = (message: ReturnType<typeof quarantineMessage>, name: string) =>
  message.MessageAttributes?.[name]?.StringValue;

/** What SQS takes of a body or an attribute, in the words of its API reference. */
const TAKEN = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]+$/u;

/** The record as who receives the message reads it. */
function readBack({ MessageBody, MessageAttributes = {} }: ReturnType<typeof quarantineMessage>) {
  const attributes = Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]);
  return quarantinedRecordIn({ body: MessageBody, attributes: Object.fromEntries(attributes) });
}

const rawOf = (message: ReturnType<typeof quarantineMessage>) => readBack(message)?.raw ?? '';

describe('a record in quarantine', () => {
  it('is its own text, with the reason beside it', () => {
    const message = quarantineMessage(record('{"half":'), 0);
    expect(message.MessageBody).toBe('{"half":');
    expect(attribute(message, 'reason')).toBe('not-json');
    expect(attribute(message, 'detail')).toBe('not JSON from character 1');
    expect(JSON.parse(attribute(message, 'origin') ?? '')).toEqual(record('').origin);
    expect(attribute(message, 'encoding')).toBe('text');
    expect(attribute(message, 'cut')).toBeUndefined();
  });

  it('is what SQS takes, and can be read back, whatever text it is', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '\uffff', 'a\u0000b', '\ufffe\u001b[31m'),
    );
    fc.assert(
      fc.property(texts, texts, (raw, name) => {
        const message = quarantineMessage(record(raw, { detail: name, origin: { logGroup: name } }), 0);
        const values = Object.values(message.MessageAttributes ?? {}).map(({ StringValue }) => StringValue);
        for (const text of [message.MessageBody, ...values]) expect(text).toMatch(TAKEN);
        expect(rawOf(message)).toBe(raw);
      }),
    );
  });

  it('keeps its text up to the limit, is packed beyond it, and cut where packing does not suffice', () => {
    const payload = randomBytes(MAX_SQS_BYTES)
      .toString('base64')
      .slice(0, MAX_SQS_BYTES - KIB);
    const whole = quarantineMessage(record(payload), 0);
    expect(attribute(whole, 'encoding')).toBe('text');
    expect(rawOf(whole)).toBe(payload);
    const packed = quarantineMessage(record('a'.repeat(MAX_SQS_BYTES)), 0);
    expect(attribute(packed, 'encoding')).toBe('gzip+base64');
    expect(rawOf(packed).length).toBe(MAX_SQS_BYTES);
    for (const message of [whole, packed]) expect(readBack(message)?.isCut).toBe(false);

    const noise = randomBytes(2 * MAX_SQS_BYTES).toString('latin1');
    const cut = quarantineMessage(record(noise), 0);
    expect(attribute(cut, 'cut')).toBe('true');
    expect(readBack(cut)?.isCut).toBe(true);
    expect(noise.startsWith(rawOf(cut).slice(0, -1))).toBe(true);
    expect(rawOf(cut).length).toBeGreaterThan(MAX_SQS_BYTES / 4);
  });

  it('is never more than SQS takes', () => {
    const long = '\u{4e2d}'.repeat(2 * MAX_SQS_BYTES);
    const origin = { logGroup: long, logStream: `"${long}`, file: long, account: long, region: long, cluster: long };
    for (const raw of [
      'a'.repeat(MAX_SQS_BYTES),
      'a'.repeat(MAX_SQS_BYTES - 16 * KIB),
      randomBytes(2 * MAX_SQS_BYTES).toString('base64'),
      long,
    ])
      expect(sqsBytesOf(quarantineMessage(record(raw, { detail: long, origin }), 0))).toBeLessThanOrEqual(
        MAX_SQS_BYTES,
      );
  });

  it('is read back with its reason and its origin', () => {
    const origins = fc.record(
      {
        file: fc.constant('s3://trail/AWSLogs/1.json.gz'),
        line: fc.nat(),
        logStream: fc.string(),
        account: fc.constant('111122223333'),
        receivedAt: fc.nat(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(origins, fc.string(), (origin, raw) => {
        expect(readBack(quarantineMessage(record(raw, { origin }), 0))).toEqual({
          ...record(raw, { origin }),
          isCut: false,
        });
      }),
    );
  });

  it('is not taken for one where it is none', () => {
    const attributes = { reason: 'not-json', detail: '-', origin: '{}', encoding: 'text' };
    expect(quarantinedRecordIn({ body: 'a', attributes })?.raw).toBe('a');
    for (const wrong of [{ origin: '{' }, { origin: '{"file":1}' }, { origin: '[]' }, { encoding: 'zip' }])
      expect(quarantinedRecordIn({ body: 'a', attributes: { ...attributes, ...wrong } })).toBeUndefined();
    expect(quarantinedRecordIn({ body: 'a', attributes: { ...attributes, encoding: 'gzip+base64' } })).toBeUndefined();
    expect(quarantinedRecordIn({ body: 'a', attributes: {} })).toBeUndefined();
  });

  it('has an id that is the same when its payload comes again, and differs from that of any other record', () => {
    const idOf = (one: QuarantinedRecord, position: number) => quarantineMessage(one, position).MessageDeduplicationId;
    const ids = [
      idOf(record('a'), 0),
      idOf(record('a'), 1),
      idOf(record('b'), 0),
      idOf(record('a', { origin: { receivedAt: 2 } }), 0),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(idOf(record('a'), 0)).toBe(ids[0]);
  });
});
