import { ACCOUNT, CLUSTER, CLUSTER_ARN, REGION } from '../cluster.ts';
import { createRandom, uuidOf } from '../random.ts';
import { at, MINUTE } from '../time.ts';
import { clusterResource, iamDenied, type Principal, ssoUser, type TrailEvent, trailEvent } from '../trail-event.ts';

/** A morning at IAM Identity Center: password, second factor, a role in the account. */
export function signIn(when: number, role: string, email: string): TrailEvent[] {
  const by = ssoUser(role, email, 'console', { created: when });
  const person = {
    identity: {
      type: 'IdentityCenterUser',
      accountId: ACCOUNT,
      onBehalfOf: {
        userId: uuidOf(email),
        identityStoreArn: `arn:aws:identitystore::${ACCOUNT}:identitystore/d-9367a1b2c3`,
      },
      credentialId: uuidOf(`${email}/${when}`),
    },
    ip: by.ip,
    agent: by.agent,
  };
  const federated: Principal = {
    ...by,
    identity: {
      type: 'SAMLUser',
      principalId: `kq3V0example=:${email}`,
      userName: email,
      identityProvider: 'kq3V0example=',
    },
  };
  return [
    trailEvent({
      at: when,
      by: person,
      action: 'signin:CredentialChallenge',
      type: 'AwsConsoleSignIn',
      extra: {
        readOnly: false,
        additionalEventData: { CredentialType: 'PASSWORD', UserName: email },
        serviceEventDetails: { CredentialChallenge: 'Success' },
      },
    }),
    trailEvent({
      at: when + 9000,
      by: person,
      action: 'signin:CredentialVerification',
      type: 'AwsConsoleSignIn',
      extra: {
        readOnly: false,
        additionalEventData: { CredentialType: 'TOTP', UserName: email },
        serviceEventDetails: { CredentialVerification: 'Success' },
      },
    }),
    trailEvent({
      at: when + 11_000,
      by: person,
      action: 'signin:UserAuthentication',
      type: 'AwsConsoleSignIn',
      extra: {
        readOnly: false,
        additionalEventData: {
          AuthWorkflowID: uuidOf(`workflow/${email}/${when}`),
          CredentialType: 'TOTP',
          LoginTo: 'https://d-9367a1b2c3.awsapps.com/start',
          UserName: email,
        },
        serviceEventDetails: { UserAuthentication: 'Success' },
      },
    }),
    trailEvent({
      at: when + 15_000,
      by: federated,
      action: 'sts:AssumeRoleWithSAML',
      request: {
        roleArn: `arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/${REGION}/${role}`,
        roleSessionName: email,
        principalArn: `arn:aws:iam::${ACCOUNT}:saml-provider/AWSSSO_2f4a6c8e_DO_NOT_DELETE`,
        durationSeconds: 28800,
      },
      response: {
        assumedRoleUser: { arn: by.identity.arn },
        credentials: { accessKeyId: by.identity.accessKeyId, expiration: 'Sep 16, 2025, 11:59:59 PM' },
      },
    }),
    trailEvent({
      at: when + 16_000,
      by,
      action: 'signin:ConsoleLogin',
      region: 'us-east-1',
      type: 'AwsConsoleSignIn',
      response: { ConsoleLogin: 'Success' },
      extra: {
        readOnly: false,
        additionalEventData: {
          MobileVersion: 'No',
          MFAUsed: 'No',
          SamlProviderArn: `arn:aws:iam::${ACCOUNT}:saml-provider/AWSSSO_2f4a6c8e_DO_NOT_DELETE`,
        },
      },
    }),
  ];
}

/** The console's pages of EKS: each click is a handful of reads. */
export function browsing(email: string, role: string, from: number, turns: number): TrailEvent[] {
  const random = createRandom(`trail/${email}`);
  const by = ssoUser(role, email, 'console', { extra: {} });
  const inConsole = { sessionCredentialFromConsole: 'true' };
  return Array.from({ length: turns }, (_, i) => from + i * 11 * MINUTE + random.int(0, 4 * MINUTE)).flatMap((when) =>
    random
      .pick([
        [
          ['eks:ListClusters', { maxResults: 100 }],
          ['eks:DescribeCluster', { name: CLUSTER }],
          ['eks:ListNodegroups', { name: CLUSTER }],
        ],
        [
          ['eks:DescribeCluster', { name: CLUSTER }],
          ['eks:ListAddons', { name: CLUSTER }],
          ['eks:DescribeAddon', { name: CLUSTER, addonName: 'coredns' }],
        ],
        [
          ['cloudwatch:GetMetricData', null],
          ['logs:DescribeLogGroups', { limit: 50 }],
          ['cloudwatch:DescribeAlarms', { maxRecords: 100 }],
        ],
        [
          ['ec2:DescribeInstances', { filterSet: {} }],
          ['ec2:DescribeSecurityGroups', {}],
        ],
        [
          ['iam:ListRoles', null],
          ['iam:GetRole', { roleName: 'prod-blue-node' }],
          ['iam:ListAttachedRolePolicies', { roleName: 'prod-blue-node' }],
        ],
      ] as const)
      .map(([action, request], i) =>
        trailEvent({
          at: when + i * 1000,
          by,
          action,
          request,
          region: action.startsWith('iam:') ? 'us-east-1' : REGION,
          extra: inConsole,
        }),
      ),
  );
}

/** `aws eks get-token` makes no record; `update-kubeconfig` does. */
export const kubeconfig = (when: number, by: Principal) => [
  trailEvent({ at: when, by, action: 'sts:GetCallerIdentity' }),
  trailEvent({
    at: when + 3000,
    by,
    action: 'eks:DescribeCluster',
    request: { name: CLUSTER },
    resources: [clusterResource],
  }),
];

export const denials = (ana: Principal): TrailEvent[] => [
  trailEvent({
    at: at('10:12:08'),
    by: ana,
    action: 'eks:ListAccessEntries',
    request: null,
    error: iamDenied(ana, 'eks:ListAccessEntries', CLUSTER_ARN),
  }),
  trailEvent({
    at: at('10:40:51'),
    by: ana,
    action: 'ec2:StopInstances',
    request: { instancesSet: { items: [{ instanceId: 'i-0f9e8d7c6b5a43210' }] }, force: false },
    error: [
      'Client.UnauthorizedOperation',
      `You are not authorized to perform this operation. User: ${ana.identity.arn} is not authorized to perform: ec2:StopInstances because no identity-based policy allows the ec2:StopInstances action`,
    ],
  }),
  trailEvent({
    at: at('13:20:17'),
    by: ana,
    action: 'iam:ListUsers',
    request: null,
    region: 'us-east-1',
    error: iamDenied(ana, 'iam:ListUsers', `arn:aws:iam::${ACCOUNT}:user/`),
  }),
  trailEvent({
    at: at('15:09:33'),
    by: ana,
    action: 'logs:GetQueryResults',
    request: { queryId: uuidOf('query') },
    error: ['ResourceNotFoundException', 'The specified query does not exist.'],
  }),
];
