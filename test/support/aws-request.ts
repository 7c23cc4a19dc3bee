import type { IncomingHttpHeaders } from 'node:http';

/** A request to AWS as it went over the wire, read as far as faults and limits need it. */
export interface AwsRequest {
  /** As the signature names it: `sqs`, `sns`, `dynamodb`, `s3`. */
  readonly service: string;
  /** `SendMessageBatch`. */
  readonly action: string;
  /** The access key id that signed it. Every sandbox has its own. */
  readonly caller: string;
  readonly body: string;
  /** Of a batch to SQS or SNS, its entries. */
  readonly entries: readonly Entry[];
  /** The queue or topic of such a batch, the table, or the path of an object. */
  readonly target: string;
}

/** An entry of a batch to SQS or SNS. */
export interface Entry {
  readonly id: string;
  readonly text: string;
  readonly subject?: string | undefined;
  readonly group?: string | undefined;
  readonly deduplication?: string | undefined;
  readonly attributes: readonly Attribute[];
}

export interface Attribute {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

/** Reads a signed request of SQS, SNS, DynamoDB (AWS JSON or query protocol) or S3. */
export function readRequest(method: string, path: string, headers: IncomingHttpHeaders, body: string): AwsRequest {
  const [caller = '', , , service = ''] =
    /Credential=([^,\s]+)/.exec(headers.authorization ?? '')?.[1]?.split('/') ?? [];
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const fields = JSON.parse(body);
    return {
      service,
      action: target.slice(target.indexOf('.') + 1),
      caller,
      body,
      entries: (service === 'sqs' ? (fields.Entries ?? []) : []).map(sqsEntry),
      target: fields.QueueUrl ?? fields.TableName ?? '',
    };
  }
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    const form = new URLSearchParams(body);
    return {
      service,
      action: form.get('Action') ?? '',
      caller,
      body,
      entries: snsEntries(form),
      target: form.get('TopicArn') ?? '',
    };
  }
  const action = method === 'GET' ? 'GetObject' : method;
  return { service, action, caller, body, entries: [], target: path.split('?', 1)[0] ?? '' };
}

/** The body of the same batch without some of its entries. */
export function bodyWithout({ service, body, entries }: AwsRequest, left: ReadonlySet<string>): string {
  if (service === 'sqs') {
    const fields = JSON.parse(body);
    return JSON.stringify({ ...fields, Entries: fields.Entries.filter(({ Id }: { Id: string }) => !left.has(Id)) });
  }
  const form = new URLSearchParams(body);
  const kept = new URLSearchParams([...form].filter(([key]) => !key.startsWith(SNS_ENTRIES)));
  let place = 0;
  for (const [index, { id }] of entries.entries()) {
    if (left.has(id)) continue;
    place++;
    for (const [key, value] of form) {
      const prefix = `${SNS_ENTRIES}${index + 1}.`;
      if (key.startsWith(prefix)) kept.append(`${SNS_ENTRIES}${place}.${key.slice(prefix.length)}`, value);
    }
  }
  return kept.toString();
}

const SNS_ENTRIES = 'PublishBatchRequestEntries.member.';

interface SqsEntry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
  readonly MessageAttributes?: Readonly<Record<string, { DataType: string; StringValue?: string }>>;
}

function sqsEntry(entry: SqsEntry): Entry {
  return {
    id: entry.Id,
    text: entry.MessageBody,
    group: entry.MessageGroupId,
    deduplication: entry.MessageDeduplicationId,
    attributes: Object.entries(entry.MessageAttributes ?? {}).map(([name, { DataType, StringValue = '' }]) => ({
      name,
      type: DataType,
      value: StringValue,
    })),
  };
}

function snsEntries(form: URLSearchParams): Entry[] {
  const entries: Entry[] = [];
  for (let place = 1; ; place++) {
    const field = (name: string) => form.get(`${SNS_ENTRIES}${place}.${name}`);
    const id = field('Id');
    if (id === null) return entries;
    const attributes: Attribute[] = [];
    for (let nth = 1; ; nth++) {
      const part = (name: string) => field(`MessageAttributes.entry.${nth}.${name}`);
      const name = part('Name');
      if (name === null) break;
      attributes.push({ name, type: part('Value.DataType') ?? '', value: part('Value.StringValue') ?? '' });
    }
    entries.push({
      id,
      text: field('Message') ?? '',
      subject: field('Subject') ?? undefined,
      group: field('MessageGroupId') ?? undefined,
      deduplication: field('MessageDeduplicationId') ?? undefined,
      attributes,
    });
  }
}
