import type { AwsRequest } from './aws-request.ts';

/**
 * What may happen to a request, by name. `commit-` is done and then not, or wrongly, answered. Who is to be killed is left
 * waiting, as who hangs.
 */
export const FAULTS = [
  '500',
  '503',
  'throttled',
  'kms-throttled',
  'denied',
  'reset',
  'hang',
  'kill',
  'partial',
  'commit-500',
  'commit-reset',
  'commit-hang',
  'commit-kill',
] as const;

export type FaultName = (typeof FAULTS)[number];

/** What befalls a request; of a batch that is taken in part, the ids of the entries that are not. */
export type Fault =
  | { readonly name: Exclude<FaultName, 'partial'> }
  | { readonly name: 'partial'; readonly refused: ReadonlySet<string> };

/** Whether the client hears nothing. */
export function isHeld({ name }: Fault): boolean {
  return name.endsWith('hang') || isKill(name);
}

/** Whether the client is to die at this point. */
export function isKill(name: FaultName): boolean {
  return name.endsWith('kill');
}

/** Whether the service has done what was asked when it answers like this. */
export function isCommitted({ name }: Fault): boolean {
  return name.startsWith('commit-');
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How each service names what went wrong, and the HTTP status that comes with it. */
const CODES: Readonly<Record<string, Readonly<Record<string, readonly [status: number, code: string]>>>> = {
  sqs: {
    throttled: [400, 'RequestThrottled'],
    'kms-throttled': [400, 'KmsThrottled'],
    denied: [403, 'AccessDeniedException'],
  },
  sns: {
    throttled: [429, 'Throttled'],
    'kms-throttled': [400, 'KMSThrottling'],
    denied: [403, 'AuthorizationError'],
  },
  dynamodb: {
    throttled: [400, 'ProvisionedThroughputExceededException'],
    'kms-throttled': [400, 'ThrottlingException'],
    denied: [400, 'AccessDeniedException'],
  },
  s3: {
    throttled: [503, 'SlowDown'],
    'kms-throttled': [503, 'SlowDown'],
    denied: [403, 'AccessDenied'],
  },
};

/** The answer of a service in its own protocol: JSON of SQS and DynamoDB, XML of SNS and S3. */
export function answerOf(name: FaultName, { service }: AwsRequest): Answer {
  const [status, code] = CODES[service]?.[name] ?? [name.endsWith('503') ? 503 : 500, 'InternalFailure'];
  const fault = status < 500 ? 'Sender' : 'Receiver';
  const said = 'a fault that a test injected';
  switch (service) {
    case 'sns':
      return xml(
        status,
        `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>${fault}</Type><Code>${code}</Code><Message>${said}</Message></Error><RequestId>${REQUEST_ID}</RequestId></ErrorResponse>`,
      );
    case 's3':
      return xml(status, `<Error><Code>${code}</Code><Message>${said}</Message></Error>`);
    default: {
      const shape = service === 'sqs' ? 'com.amazonaws.sqs' : 'com.amazonaws.dynamodb.v20120810';
      return {
        status,
        headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-query-error': `${code};${fault}` },
        body: JSON.stringify({ __type: `${shape}#${code}`, message: said }),
      };
    }
  }
}

/** What SQS or SNS answered to the rest of a batch, with some entries as refused. `body` is empty where there was no rest. */
export function withRefused({ service }: AwsRequest, body: string, refused: ReadonlySet<string>): Answer {
  const failed = [...refused].map((Id, place) => ({
    Id,
    ...(place % 2 === 0
      ? { Code: 'InternalError', SenderFault: false }
      : { Code: 'ThrottlingException', SenderFault: true }),
  }));
  if (service === 'sqs') {
    const { Successful = [], Failed = [] } = body ? JSON.parse(body) : {};
    return {
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({ Successful, Failed: [...Failed, ...failed] }),
    };
  }
  const members = failed
    .map(
      ({ Id, Code, SenderFault }) =>
        `<member><Id>${Id}</Id><Code>${Code}</Code><SenderFault>${SenderFault}</SenderFault></member>`,
    )
    .join('');
  const whole = body || EMPTY_PUBLISH_BATCH;
  return xml(200, whole.replace(/<Failed>|<Failed\/>/, `<Failed>${members}`));
}

const REQUEST_ID = '00000000-0000-4000-8000-000000000000';

const EMPTY_PUBLISH_BATCH = `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Successful></Successful><Failed></Failed></PublishBatchResult><ResponseMetadata><RequestId>${REQUEST_ID}</RequestId></ResponseMetadata></PublishBatchResponse>`;

function xml(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}
