import type { Attribute, AwsRequest, Entry } from './aws-request.ts';

const KIB = 1024;
/** https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html */
const MAX_SNS_BYTES = 256 * KIB;
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const MAX_SQS_BYTES = 1024 * KIB;
/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const MAX_ITEM_BYTES = 400 * KIB;
const MAX_ENTRIES = 10;
const MAX_SQS_ATTRIBUTES = 10;

/** Message groups and deduplication ids: letters, digits and punctuation, as both services say. */
const TOKEN = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;
const ENTRY_ID = /^[A-Za-z0-9_-]{1,80}$/;
const ATTRIBUTE_NAME = /^(?!aws\.|amazon\.|.*\.\.)(?!\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/i;
const SQS_TEXT = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]+$/u;
/** Fewer than 100 characters, no line break, no control character. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const SNS_SUBJECT = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,99}$/u;

/**
 * What AWS would refuse of a request, though the emulators let some of it pass: each violation in words that hold
 * nothing of the request.
 */
export function violationsIn(request: AwsRequest): string[] {
  const { service, action, target, entries } = request;
  if (action === 'SendMessageBatch' || action === 'PublishBatch') {
    const ofEntry = service === 'sqs' ? (entry: Entry) => sqsViolations(entry, target) : snsViolations;
    const violations = [...batchViolations(request), ...entries.flatMap(ofEntry)];
    return violations.map((what) => `${service} ${action}: ${what}`);
  }
  if (action === 'PutItem') {
    const bytes = valueBytes({ M: JSON.parse(request.body).Item });
    return bytes > MAX_ITEM_BYTES ? [`dynamodb PutItem: an item of ${bytes} bytes`] : [];
  }
  return [];
}

function batchViolations({ service, entries }: AwsRequest): string[] {
  const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
  const limit = service === 'sqs' ? MAX_SQS_BYTES : MAX_SNS_BYTES;
  return [
    ...(entries.length === 0 || entries.length > MAX_ENTRIES ? [`${entries.length} entries`] : []),
    ...(new Set(entries.map(({ id }) => id)).size < entries.length ? ['entry ids that are not distinct'] : []),
    ...(bytes > limit ? [`${bytes} bytes in all`] : []),
  ];
}

function sqsViolations(entry: Entry, queueUrl: string): string[] {
  const isOrdered = entry.group !== undefined && entry.deduplication !== undefined;
  return [
    ...entryViolations(entry),
    ...(SQS_TEXT.test(entry.text) ? [] : ['a body that is empty or holds a character that SQS refuses']),
    ...(queueUrl.endsWith('.fifo') && !isOrdered ? ['no group or deduplication id'] : []),
    ...(entry.attributes.length > MAX_SQS_ATTRIBUTES ? [`${entry.attributes.length} attributes`] : []),
    ...entry.attributes.flatMap(({ value }) =>
      SQS_TEXT.test(value) ? [] : ['an attribute value that is empty or holds a character that SQS refuses'],
    ),
  ];
}

function snsViolations(entry: Entry): string[] {
  return [
    ...entryViolations(entry),
    ...(entry.text === '' ? ['an empty message'] : []),
    ...(entry.subject === undefined || SNS_SUBJECT.test(entry.subject) ? [] : ['a subject that SNS refuses']),
    ...entry.attributes.flatMap(({ value }) => (value === '' ? ['an empty attribute value'] : [])),
  ];
}

function entryViolations({ id, group, deduplication, attributes }: Entry): string[] {
  return [
    ...(ENTRY_ID.test(id) ? [] : ['an entry id that AWS refuses']),
    ...[group, deduplication].flatMap((token) =>
      token === undefined || TOKEN.test(token) ? [] : ['a group or deduplication id that AWS refuses'],
    ),
    ...attributes.flatMap(attributeViolations),
    ...(new Set(attributes.map(({ name }) => name)).size < attributes.length ? ['an attribute twice'] : []),
  ];
}

function attributeViolations({ name, type, value }: Attribute): string[] {
  const isNumber = type === 'Number';
  const isList = type === 'String.Array';
  return [
    ...(ATTRIBUTE_NAME.test(name) ? [] : ['an attribute name that AWS refuses']),
    ...(isNumber && !Number.isFinite(Number(value)) ? ['a Number that is none'] : []),
    ...(isList && !Array.isArray(JSON.parse(value)) ? ['a String.Array that is none'] : []),
  ];
}

function bytesOf({ text, subject = '', attributes }: Entry): number {
  const texts = [text, subject, ...attributes.flatMap(({ name, type, value }) => [name, type, value])];
  return texts.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
}

type AttributeValue = Readonly<Record<string, unknown>>;

/**
 * What DynamoDB counts, at least: names and values as UTF-8, numbers as the 21 bytes of the longest, three more for a map
 * or list. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
function valueBytes(value: AttributeValue): number {
  const { S, B, N, M, L, SS } = value;
  if (typeof S === 'string') return Buffer.byteLength(S);
  if (typeof B === 'string') return Buffer.byteLength(B, 'base64');
  if (N !== undefined) return 21;
  if (Array.isArray(SS)) return SS.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
  if (Array.isArray(L)) return L.reduce((sum, each) => sum + 1 + valueBytes(each), 3);
  if (typeof M === 'object' && M !== null)
    return Object.entries(M).reduce((sum, [name, each]) => sum + 1 + Buffer.byteLength(name) + valueBytes(each), 3);
  return 1;
}
