/** A message attribute of SQS or SNS, as text. */
export interface StringAttribute {
  readonly DataType: 'String' | 'String.Array' | 'Number';
  readonly StringValue: string;
}

/** What SQS and SNS count of attributes, as UTF-8: the name, type and value of each. */
export function attributeBytesOf(attributes: Readonly<Record<string, StringAttribute>>): number {
  const texts = Object.entries(attributes).flatMap(([name, { DataType, StringValue }]) => [
    name,
    DataType,
    StringValue,
  ]);
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
