import { type AttributeValue, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { Deadline } from '../../aws/deadline.ts';
import { IncidentTable } from '../../aws/incident-table.ts';
import { LocalAws } from '../../local/aws.ts';

/** Tables on loopback for the tests of one file. */
export interface IncidentTables {
  /** A new and empty one. */
  open(): Promise<IncidentTable>;
  /** Everything in the one that was opened last. */
  items(): Promise<Record<string, AttributeValue>[]>;
}

/** Starts DynamoDB before the tests of this file and stops it after them. */
export function incidentTables(): IncidentTables {
  let aws: LocalAws;
  let opened = 0;
  let name = '';
  beforeAll(async () => {
    aws = await LocalAws.start();
    Object.assign(process.env, aws.environment);
  });
  afterAll(() => aws.stop());
  return {
    async open() {
      name = `state-${++opened}`;
      await aws.createStateTable(name);
      return new IncidentTable(name, new Deadline(600_000));
    },
    async items() {
      const { Items = [] } = await aws.dynamo.send(new ScanCommand({ TableName: name }));
      return Items;
    },
  };
}
