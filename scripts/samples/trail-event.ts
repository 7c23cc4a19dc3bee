import { ACCOUNT, CLUSTER, CLUSTER_ARN, type Node, OFFICE_IP, OIDC_ID, type Pod, REGION } from './cluster.ts';
import type { Json } from './k8s-event.ts';
import { awsIdOf, uuidOf } from './random.ts';
import { DAY, HOUR, seconds } from './time.ts';

export type TrailEvent = { eventID: string; eventTime: string; eventName: string; eventSource: string } & Json;

/** Who calls an AWS API: the identity, the address and the program. */
export type Principal = { identity: Json; ip: string; agent: string };

type SessionOptions = {
  account?: string;
  path?: string;
  created?: number;
  mfa?: boolean;
  context?: Json;
  ip?: string;
  agent?: string;
  extra?: Json;
};

const AWS_CLI =
  'aws-cli/2.28.21 md/awscrt#0.27.6 ua/2.1 os/macos#24.6.0 md/arch#arm64 lang/python#3.13.7 md/pyimpl#CPython m/E,b,C cfg/retry-mode#standard md/installer#exe sid/4f1c2e9a7d30 md/prompt#off';
const CONSOLE = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:142.0) Gecko/20100101 Firefox/142.0';

/** A session of a role; the same role and session name have the same key in the audit log's user.extra. */
export function session(role: string, name: string, options: SessionOptions = {}): Principal {
  const {
    account = ACCOUNT,
    path = '/',
    created = DAY + 8 * HOUR,
    mfa = false,
    context,
    ip = OFFICE_IP,
    agent = AWS_CLI,
    extra,
  } = options;
  const principalId = awsIdOf('AROA', `${account}/${role}`);
  return {
    identity: {
      type: 'AssumedRole',
      principalId: `${principalId}:${name}`,
      arn: `arn:aws:sts::${account}:assumed-role/${role}/${name}`,
      accountId: account,
      accessKeyId: awsIdOf('ASIA', `${role}/${name}`),
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId,
          arn: `arn:aws:iam::${account}:role${path}${role}`,
          accountId: account,
          userName: role,
        },
        attributes: { creationDate: seconds(created), mfaAuthenticated: String(mfa) },
        ...context,
      },
      ...extra,
    },
    ip,
    agent,
  };
}

/** Someone signed in through IAM Identity Center, on a terminal or in the console. */
export function ssoUser(
  role: string,
  email: string,
  where: 'cli' | 'console' = 'cli',
  options: SessionOptions = {},
): Principal {
  const path = `/aws-reserved/sso.amazonaws.com/${REGION}/`;
  return session(role, email, { path, agent: where === 'console' ? CONSOLE : AWS_CLI, ...options });
}

/** An EC2 instance's role, as its kubelet and the CNI use it. */
export const nodeRole = (node: Node, agent: string): Principal =>
  session('prod-blue-node', node.instance, {
    ip: node.ip,
    agent,
    context: { ec2RoleDelivery: '2.0' },
    extra: {
      inScopeOf: {
        issuerType: 'AWS::EC2::Instance',
        credentialsIssuedTo: `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/${node.instance}`,
      },
    },
  });

const OIDC_PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.eks.${REGION}.amazonaws.com/id/${OIDC_ID}`;

/** A pod with an IAM role for its service account. */
export const irsa = (pod: Pod, role: string, agent: string): Principal =>
  session(role, String(1_757_980_000_000 + Number.parseInt(pod.uid.slice(0, 6), 16)), {
    ip: pod.node.ip,
    agent,
    context: { webIdFederationData: { federatedProvider: OIDC_PROVIDER, attributes: {} } },
  });

/** A pod with an EKS Pod Identity association. */
export const podIdentity = (pod: Pod, role: string, agent: string): Principal =>
  session(role, `eks-${CLUSTER}-${pod.name}-${uuidOf(`podid/${pod.uid}`)}`.slice(0, 64), { ip: pod.node.ip, agent });

/** Another AWS service that acts for the account. */
export const service = (host: string): Principal => ({
  identity: { type: 'AWSService', invokedBy: host },
  ip: host,
  agent: host,
});

/** A role's call that a service makes on its behalf, such as CloudFormation for its caller. */
export const through = (who: Principal, host: string): Principal => ({
  identity: { ...who.identity, invokedBy: host },
  ip: host,
  agent: host,
});

export const root: Principal = {
  identity: {
    type: 'Root',
    principalId: ACCOUNT,
    arn: `arn:aws:iam::${ACCOUNT}:root`,
    accountId: ACCOUNT,
    accessKeyId: awsIdOf('ASIA', 'root'),
    sessionContext: { attributes: { creationDate: seconds(DAY + 2 * HOUR), mfaAuthenticated: 'false' } },
  },
  ip: '198.51.100.77',
  agent: CONSOLE,
};

/** The token service's own call that the kubelet's credential provider makes for a pod; identified by the JWT alone. */
export const webIdentity = (pod: Pod, agent: string): Principal => {
  const subject = `system:serviceaccount:${pod.namespace}:${pod.serviceAccount}`;
  return {
    identity: {
      type: 'WebIdentityUser',
      principalId: `${OIDC_PROVIDER}:sts.amazonaws.com:${subject}`,
      userName: subject,
      identityProvider: OIDC_PROVIDER,
    },
    ip: pod.node.ip,
    agent,
  };
};

type Call = {
  at: number;
  by: Principal;
  /** In IAM's notation: `eks:UpdateClusterConfig`. */
  action: string;
  request?: Json | null;
  response?: Json | null;
  error?: [code: string, message: string];
  region?: string;
  resources?: Json[];
  type?: 'AwsApiCall' | 'AwsServiceEvent' | 'AwsConsoleSignIn';
  extra?: Json;
};

const HOSTS: Record<string, string> = {
  cloudwatch: 'monitoring',
  elb: 'elasticloadbalancing',
  'identity-center': 'sso',
};
const READS = /^(Describe|List|Get|Head|BatchGet|Lookup|Assume|Decrypt|Search|Check|Filter|Simulate|Test)/;

/** One CloudTrail record. */
export function trailEvent({
  at,
  by,
  action,
  request = null,
  response = null,
  error,
  region = REGION,
  resources,
  type = 'AwsApiCall',
  extra,
}: Call): TrailEvent {
  const [prefix = '', eventName = ''] = action.split(':');
  const host = `${HOSTS[prefix] ?? prefix}.amazonaws.com`;
  const key = `${at}/${by.identity.arn ?? by.identity.userName ?? by.ip}/${action}/${JSON.stringify(request)}`;
  return {
    eventVersion: '1.11',
    userIdentity: by.identity,
    eventTime: seconds(at),
    eventSource: host,
    eventName,
    awsRegion: region,
    sourceIPAddress: by.ip,
    userAgent: by.agent,
    ...(error && { errorCode: error[0], errorMessage: error[1] }),
    requestParameters: request,
    responseElements: error ? null : response,
    ...(type === 'AwsApiCall' && { requestID: uuidOf(`request/${key}`) }),
    eventID: uuidOf(`event/${key}`),
    readOnly: READS.test(eventName),
    ...(resources && { resources }),
    eventType: type,
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    eventCategory: 'Management',
    ...(type === 'AwsApiCall' &&
      !by.ip.endsWith('.amazonaws.com') && {
        tlsDetails: {
          tlsVersion: 'TLSv1.3',
          cipherSuite: 'TLS_AES_128_GCM_SHA256',
          clientProvidedHostHeader: `${HOSTS[prefix] ?? prefix}.${region}.amazonaws.com`,
        },
      }),
    ...extra,
  };
}

export const trailByTime = (events: TrailEvent[]): TrailEvent[] =>
  events.sort((a, b) => (a.eventTime < b.eventTime ? -1 : a.eventTime > b.eventTime ? 1 : 0));

export const iamDenied = (by: Principal, action: string, resource: string): [string, string] => [
  'AccessDenied',
  `User: ${by.identity.arn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
];

/** EKS's answer to a change of a cluster: the update that it has begun. */
export const eksUpdate = (at: number, type: string, params: Record<string, unknown>): Json => ({
  update: {
    id: uuidOf(`update/${at}/${type}`),
    status: 'InProgress',
    type,
    params: Object.entries(params).map(([key, value]) => ({
      type: key,
      value: typeof value === 'string' ? value : JSON.stringify(value),
    })),
    createdAt: at / 1000,
    errors: [],
  },
});

export const clusterResource: Json = { accountId: ACCOUNT, type: 'AWS::EKS::Cluster', ARN: CLUSTER_ARN };
export const EKS_SERVICE_ROLE = session('prod-blue-cluster', 'AmazonEKS', {
  ip: 'eks.amazonaws.com',
  agent: 'eks.amazonaws.com',
  extra: { invokedBy: 'eks.amazonaws.com' },
});
