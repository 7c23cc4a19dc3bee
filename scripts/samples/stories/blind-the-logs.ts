import * as callers from '../callers.ts';
import { ACCOUNT, CLUSTER, OTHER_ACCOUNT, REGION } from '../cluster.ts';
import { type Caller, k8sEvent, ref } from '../k8s-event.ts';
import { stored } from '../objects.ts';
import { type Story, tell } from '../story.ts';
import { at, CLUSTER_BORN } from '../time.ts';
import { clusterResource, eksUpdate, root, ssoUser, type TrailEvent, trailEvent } from '../trail-event.ts';
import { background, trailBackground } from './background.ts';

const ATTACKER_IP = '198.51.100.77';
const EMAIL = 'dora@example.com';
const TRAIL = `arn:aws:cloudtrail:${REGION}:${ACCOUNT}:trail/organization`;
const LOG_GROUP = `/aws/eks/${CLUSTER}/cluster`;
const FILTER = 'auditwire-eks-audit';
const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:auditwire-eks-audit`;

const admin = ssoUser(callers.ADMIN_ROLE, EMAIL, 'cli', { ip: ATTACKER_IP });
const kubectl: Caller = {
  ...callers.platformAdmin(EMAIL),
  ip: ATTACKER_IP,
  agent: 'kubectl/v1.31.0 (linux/amd64) kubernetes/9edcffc',
};

const signIn = trailEvent({
  at: at('02:00:48'),
  by: {
    ...root,
    identity: {
      type: 'Root',
      principalId: ACCOUNT,
      arn: `arn:aws:iam::${ACCOUNT}:root`,
      accountId: ACCOUNT,
      accessKeyId: '',
    },
  },
  action: 'signin:ConsoleLogin',
  region: 'us-east-1',
  type: 'AwsConsoleSignIn',
  response: { ConsoleLogin: 'Success' },
  extra: {
    readOnly: false,
    additionalEventData: { LoginTo: 'https://console.aws.amazon.com/console/home', MobileVersion: 'No', MFAUsed: 'No' },
  },
});

const selectors = [
  { readWriteType: 'WriteOnly', includeManagementEvents: false, dataResources: [], excludeManagementEventSources: [] },
];
const calls = {
  selectors: trailEvent({
    at: at('02:06:12'),
    by: root,
    action: 'cloudtrail:PutEventSelectors',
    request: { trailName: TRAIL, eventSelectors: selectors },
    response: { trailARN: TRAIL, eventSelectors: selectors },
  }),
  stopped: trailEvent({ at: at('02:07:40'), by: root, action: 'cloudtrail:StopLogging', request: { name: TRAIL } }),
  logging: trailEvent({
    at: at('02:11:03'),
    by: admin,
    action: 'eks:UpdateClusterConfig',
    request: { name: CLUSTER, logging: { clusterLogging: [{ types: ['audit', 'authenticator'], enabled: false }] } },
    response: eksUpdate(at('02:11:03'), 'LoggingUpdate', {
      ClusterLogging: { clusterLogging: [{ types: ['audit', 'authenticator'], enabled: false }] },
    }),
    resources: [clusterResource],
  }),
  pattern: trailEvent({
    at: at('02:14:26'),
    by: admin,
    action: 'logs:PutSubscriptionFilter',
    request: {
      logGroupName: LOG_GROUP,
      filterName: FILTER,
      filterPattern: '{ $.verb = "none" }',
      destinationArn: FUNCTION,
      distribution: 'ByLogStream',
    },
  }),
  removed: trailEvent({
    at: at('02:15:51'),
    by: admin,
    action: 'logs:DeleteSubscriptionFilter',
    request: { logGroupName: LOG_GROUP, filterName: FILTER },
  }),
} satisfies Record<string, TrailEvent>;

const nodeMapping = `- rolearn: arn:aws:iam::${ACCOUNT}:role/prod-blue-node\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n`;
const evilMapping = `${nodeMapping}- rolearn: arn:aws:iam::${OTHER_ACCOUNT}:role/backup-orchestrator\n  username: backup-orchestrator\n  groups:\n  - system:masters\n`;

function awsAuth() {
  const meta = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    name: 'aws-auth',
    namespace: 'kube-system',
    at: at('02:19:30'),
    created: CLUSTER_BORN,
    manager: 'kubectl-edit',
  };
  const request = { data: { mapRoles: evilMapping } };
  return k8sEvent({
    at: meta.at,
    by: kubectl,
    verb: 'patch',
    ref: ref('configmaps', 'kube-system', 'aws-auth'),
    query: 'fieldManager=kubectl-edit&fieldValidation=Strict',
    request,
    response: stored(meta, request),
  });
}

const outsider: Caller = {
  ...kubectl,
  user: callers.iamUser(OTHER_ACCOUNT, 'backup-orchestrator', 'session-1', 'backup-orchestrator', ['system:masters']),
  reason: '',
};
const masters = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };
const namespaces = ['shop', 'argocd', 'kube-system', 'external-secrets', 'velero'];

export const blindTheLogs = (): Story =>
  tell(
    'blind-the-logs',
    'First the logs, then the cluster',
    "Root's password was reused and had no second factor; the session of a platform admin came with the same laptop. Before anything is touched in the cluster the records are cut: the trail keeps running but writes nothing, the audit log is switched off, the pipeline's subscription filter is made to match nothing and then removed. What follows in the cluster is seen here only because control-plane log delivery takes minutes to stop.",
    [...background('blind', at('01:55'), 40, 55), ...trailBackground('blind', at('01:55'), 40, 30)],
    [
      {
        attack: ['T1078.004'],
        what: 'Root signs in to the console without a second factor',
        covers: ['root-console-login', 'console-login-without-mfa'],
        events: [signIn],
      },
      {
        attack: ['T1562.008'],
        what: 'The event selectors of the organization trail stop recording management events',
        covers: ['cloudtrail-selectors-weakened', 'root-account-used'],
        events: [calls.selectors],
      },
      {
        attack: ['T1562.008'],
        what: 'The trail is stopped',
        covers: ['cloudtrail-stopped-or-deleted', 'root-account-used'],
        events: [calls.stopped],
      },
      {
        attack: ['T1562.008'],
        what: `Audit and authenticator logging of ${CLUSTER} are switched off with the admin's session`,
        covers: ['eks-control-plane-logging-disabled'],
        events: [calls.logging],
      },
      {
        attack: ['T1562.008'],
        what: "The pipeline's subscription filter is overwritten: its pattern never matches",
        covers: ['log-subscription-filter-tampered'],
        events: [calls.pattern],
      },
      {
        attack: ['T1562.008'],
        what: 'The subscription filter is deleted',
        covers: ['log-subscription-filter-tampered'],
        events: [calls.removed],
      },
      {
        attack: ['T1098', 'T1136.003'],
        what: 'aws-auth is edited: a role of another account becomes system:masters',
        covers: ['aws-auth-privileged-mapping'],
        events: awsAuth(),
      },
      {
        attack: ['T1078.004', 'T1550'],
        what: 'The mapped role acts and impersonates kubernetes-admin of system:masters',
        covers: ['impersonation-privileged'],
        events: k8sEvent({
          at: at('02:23:44'),
          by: outsider,
          verb: 'list',
          ref: ref('namespaces'),
          query: 'limit=500',
          impersonated: masters,
        }),
      },
      {
        attack: ['T1552.007'],
        what: 'Under that name all secrets of the cluster are read in one request',
        covers: ['secrets-list-cluster-wide', 'impersonation-privileged'],
        events: k8sEvent({
          at: at('02:24:30'),
          by: outsider,
          verb: 'list',
          ref: ref('secrets'),
          query: 'limit=500',
          impersonated: masters,
        }),
      },
      {
        attack: ['T1552.007'],
        what: 'Then namespace by namespace, under the own name',
        covers: ['secrets-list-namespace'],
        events: namespaces.flatMap((namespace, i) =>
          k8sEvent({
            at: at('02:25:10') + i * 9000,
            by: outsider,
            verb: 'list',
            ref: ref('secrets', namespace),
            query: 'limit=500',
          }),
        ),
      },
      {
        attack: ['T1070.004'],
        what: 'The events of the shop namespace are deleted',
        covers: ['events-deleted'],
        events: k8sEvent({
          at: at('02:27:05'),
          by: outsider,
          verb: 'deletecollection',
          ref: ref('events.k8s.io/v1/events', 'shop'),
        }),
      },
    ],
    'The log ends soon after. The silence is itself the last signal: no audit event for ten minutes from a cluster that renews leases every few seconds.',
  );
