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
import type { Alert } from '../../core/alert.ts';

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

/** SQS, SNS and S3 on loopback, in this process. */
export class LocalAws {
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly s3: S3Client;
  readonly #server: FauxqsServer;

  private constructor(server: FauxqsServer) {
    this.#server = server;
    const options = {
      region: REGION,
      endpoint: server.address,
      credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'test' },
    };
    this.sqs = new SQSClient(options);
    this.sns = new SNSClient(options);
    this.s3 = new S3Client({ ...options, forcePathStyle: true });
  }

  static async start(): Promise<LocalAws> {
    return new LocalAws(await startFauxqs({ port: 0, logger: false, defaultRegion: REGION }));
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  /** What the SDK reads in a Lambda, pointed here. */
  get environment(): Record<string, string> {
    return {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_SQS: this.#server.address,
      AWS_ENDPOINT_URL_SNS: this.#server.address,
      AWS_ENDPOINT_URL_S3: this.#server.address,
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
  async pump(
    queueUrl: string,
    handle: (event: SQSEvent) => Promise<{ batchItemFailures: readonly { itemIdentifier: string }[] } | undefined>,
  ): Promise<string[]> {
    const failed: string[] = [];
    for (;;) {
      const batch = await this.receive(queueUrl);
      if (batch.length === 0) return failed;
      const answer = await handle(sqsEvent(batch));
      const reported = new Set(answer?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
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
