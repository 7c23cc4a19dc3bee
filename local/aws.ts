import { devNull } from 'node:os';
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, DeleteTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import type { Alert } from '../core/alert.ts';
import * as z from '../core/zod.ts';
import { LocalDynamo, STATE_TABLE } from './dynamo.ts';

const REGION = 'eu-west-1';
const ACCOUNT = '000000000000';

/** What a subscriber got: the alert as JSON, the texts beside it, and what filter policies look at. */
export interface Received {
  readonly alert: Alert;
  readonly email: string;
  readonly sms: string;
  readonly subject: string;
  readonly attributes: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
}

/** SQS, SNS, S3 and DynamoDB on loopback, in this process. */
export class LocalAws {
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly s3: S3Client;
  readonly dynamo: DynamoDBClient;
  /** The name of the table that holds all state, whether or not there is one. */
  readonly stateTable = 'state';
  readonly #server: FauxqsServer;
  readonly #dynamoServer: LocalDynamo;

  private constructor(server: FauxqsServer, dynamoServer: LocalDynamo) {
    this.#server = server;
    this.#dynamoServer = dynamoServer;
    const options = {
      region: REGION,
      endpoint: server.address,
      credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'test' },
      // Where the environment asks for FIPS endpoints, the SDK refuses any other.
      useFipsEndpoint: false,
    };
    this.sqs = new SQSClient(options);
    this.sns = new SNSClient(options);
    this.s3 = new S3Client({ ...options, forcePathStyle: true });
    this.dynamo = new DynamoDBClient({ ...options, endpoint: dynamoServer.address });
  }

  static async start(): Promise<LocalAws> {
    return new LocalAws(
      await startFauxqs({ port: 0, logger: false, defaultRegion: REGION }),
      await LocalDynamo.start(),
    );
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    await this.#dynamoServer.stop();
  }

  /** Creates what functions are deployed with: what {@link settings} name. */
  async deploy(): Promise<void> {
    await this.createQueue('findings.fifo');
    await this.createQueue('quarantine.fifo');
    await this.createTopic('alerts');
    await this.createStateTable();
  }

  /** The environment of a function that is deployed here. */
  get settings(): Record<string, string> {
    return {
      ...this.environment,
      FINDINGS_QUEUE_URL: this.queueUrl('findings.fifo'),
      QUARANTINE_QUEUE_URL: this.queueUrl('quarantine.fifo'),
      ALERT_TOPIC_ARN: this.topicArn('alerts'),
      INCIDENT_TABLE: this.stateTable,
    };
  }

  /** What the SDK reads in a Lambda, pointed here. */
  get environment(): Record<string, string> {
    return {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'test',
      // What is in the home directory of whoever runs this is for the real AWS.
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_ENDPOINT_URL_SQS: this.#server.address,
      AWS_ENDPOINT_URL_SNS: this.#server.address,
      AWS_ENDPOINT_URL_S3: this.#server.address,
      AWS_ENDPOINT_URL_DYNAMODB: this.#dynamoServer.address,
    };
  }

  /** Where a queue would be, whether or not there is one. */
  queueUrl(name: string): string {
    return `${this.#server.address}/${ACCOUNT}/${name}`;
  }

  topicArn(name: string): string {
    return `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;
  }

  async createQueue(name: string): Promise<string> {
    const Attributes = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
    await this.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    return this.queueUrl(name);
  }

  async deleteQueue(name: string): Promise<void> {
    await this.sqs.send(new DeleteQueueCommand({ QueueUrl: this.queueUrl(name) }));
  }

  async createTopic(name: string): Promise<string> {
    await this.sns.send(new CreateTopicCommand({ Name: name }));
    return this.topicArn(name);
  }

  async deleteTopic(name: string): Promise<void> {
    await this.sns.send(new DeleteTopicCommand({ TopicArn: this.topicArn(name) }));
  }

  async createStateTable(name = this.stateTable): Promise<void> {
    await this.dynamo.send(new CreateTableCommand({ TableName: name, ...STATE_TABLE }));
    for (;;) {
      const { Table } = await this.dynamo.send(new DescribeTableCommand({ TableName: name }));
      if (Table?.TableStatus === 'ACTIVE') return;
    }
  }

  /** A queue that receives what is published to a topic, or what its filter policy wants of that. */
  async subscribe(topic: string, queue: string, filterPolicy?: object): Promise<string> {
    const url = await this.createQueue(queue);
    await this.sns.send(
      new SubscribeCommand({
        TopicArn: this.topicArn(topic),
        Protocol: 'sqs',
        Endpoint: `arn:aws:sqs:${REGION}:${ACCOUNT}:${queue}`,
        ...(filterPolicy ? { Attributes: { FilterPolicy: JSON.stringify(filterPolicy) } } : {}),
      }),
    );
    return url;
  }

  async putObject(bucket: string, key: string, body: Buffer): Promise<void> {
    await this.s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await this.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  }

  async send(queueUrl: string, body: string, group: string, id: string): Promise<void> {
    await this.sqs.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: body,
        MessageGroupId: group,
        MessageDeduplicationId: id,
      }),
    );
  }

  /** Tells a standard queue of something, as S3 does of new objects. */
  async notify(queueUrl: string, notification: unknown): Promise<void> {
    await this.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(notification) }));
  }

  /** Takes everything out of a queue. What was sent before is there at once, so that an empty answer is the end. */
  async drain(queueUrl: string): Promise<Message[]> {
    const all: Message[] = [];
    for (;;) {
      const batch = await this.receive(queueUrl);
      if (batch.length === 0) return all;
      await this.#delete(queueUrl, batch);
      all.push(...batch);
    }
  }

  async receive(queueUrl: string): Promise<Message[]> {
    const { Messages = [] } = await this.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    );
    return Messages;
  }

  /** Takes alerts out of a subscriber's queue, as SNS delivers them. */
  async alerts(queueUrl: string): Promise<Received[]> {
    return (await this.drain(queueUrl)).map(({ Body = '' }) => {
      const { Message, Subject, MessageAttributes } = JSON.parse(Body);
      // The emulator leaves it to the subscriber to choose the text of its protocol.
      const texts = JSON.parse(Message);
      return {
        alert: JSON.parse(texts.default),
        email: texts.email,
        sms: texts.sms,
        subject: Subject,
        attributes: MessageAttributes,
      };
    });
  }

  /**
   * Does what Lambda does for a function on a queue: gives it batches until there are no more, deletes what it does not
   * report, and leaves the rest in flight. Returns the ids of messages that the function reported.
   */
  async pump(queueUrl: string, handle: (event: SQSEvent) => Promise<unknown>): Promise<string[]> {
    const failed: string[] = [];
    for (;;) {
      const batch = await this.receive(queueUrl);
      if (batch.length === 0) return failed;
      const reported = failedIn(await handle(sqsEvent(batch)));
      const done = batch.filter(({ MessageId = '' }) => !reported.has(MessageId));
      if (done.length > 0) await this.#delete(queueUrl, done);
      failed.push(...reported);
    }
  }

  async #delete(queueUrl: string, messages: readonly Message[]): Promise<void> {
    const Entries = messages.map(({ ReceiptHandle }, place) => ({ Id: String(place), ReceiptHandle }));
    await this.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

/** Messages as Lambda hands them to a function. */
export function sqsEvent(messages: readonly Message[]): SQSEvent {
  return {
    Records: messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', MD5OfBody = '', Attributes = {} }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      md5OfBody: MD5OfBody,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '0',
        SenderId: 'AIDAEXAMPLE',
        ApproximateFirstReceiveTimestamp: '0',
        ...Attributes,
      },
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:${REGION}:${ACCOUNT}:findings.fifo`,
      awsRegion: REGION,
    })),
  };
}

const batchResponse = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

/** What a function says must come again; nothing where it was not asked about a batch. */
export function failedIn(answer: unknown): ReadonlySet<string> {
  const { batchItemFailures } = answer === undefined ? { batchItemFailures: [] } : batchResponse.parse(answer);
  return new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
}
