import * as callers from '../callers.ts';
import { ACCOUNT, CLUSTER, NODE_B, OTHER_ACCOUNT, podOf, REGION } from '../cluster.ts';
import { webSocketExec } from '../exec.ts';
import { type Caller, k8sEvent, ref } from '../k8s-event.ts';
import { sent, stored } from '../objects.ts';
import { uuidOf } from '../random.ts';
import { type Story, tell } from '../story.ts';
import { at } from '../time.ts';
import { clusterResource, ssoUser, trailEvent } from '../trail-event.ts';
import { background, trailBackground } from './background.ts';

const ATTACKER_IP = '198.51.100.214';
const EMAIL = 'ben@example.com';

const ben = callers.developer(EMAIL);
const thief: Caller = { ...ben, ip: ATTACKER_IP, agent: 'kubectl/v1.32.1 (linux/amd64) kubernetes/e9c9be4' };
const asAdmin: Caller = {
  ...thief,
  reason: `RBAC: allowed by ClusterRoleBinding "metrics-reader-ben" of ClusterRole "cluster-admin" to User "${ben.user.username}"`,
};
const thiefOnAws = ssoUser(callers.DEVELOPER_ROLE, EMAIL, 'cli', { ip: ATTACKER_IP });

const pod = podOf('shop-dev', 'web', NODE_B);
function selfReview() {
  const body = {
    kind: 'SelfSubjectRulesReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec: { namespace: 'shop-dev' },
  };
  const rules = [
    { verbs: ['*'], apiGroups: ['apps'], resources: ['deployments'] },
    { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods', 'secrets'] },
    { verbs: ['get', 'create'], apiGroups: [''], resources: ['pods/exec'] },
  ];
  return k8sEvent({
    at: at('13:02:41'),
    by: thief,
    verb: 'create',
    ref: ref('selfsubjectrulesreviews'),
    request: { ...body, status: { resourceRules: null, nonResourceRules: null, incomplete: false } },
    response: { ...body, status: { resourceRules: rules, nonResourceRules: [], incomplete: false } },
  });
}

/** The developers' role may bind roles by an old mistake of RBAC; that is how the grant passes. */
function grant() {
  const meta = {
    kind: 'ClusterRoleBinding',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    name: 'metrics-reader-ben',
    at: at('13:11:26'),
    manager: 'kubectl-create',
  };
  const body = {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: ben.user.username }],
  };
  return k8sEvent({
    at: meta.at,
    by: thief,
    verb: 'create',
    ref: ref('clusterrolebindings', undefined, meta.name),
    query: 'fieldManager=kubectl-create&fieldValidation=Strict',
    reason:
      'RBAC: allowed by ClusterRoleBinding "developers-bootstrap" of ClusterRole "rbac-manager" to Group "developers"',
    request: sent(meta, body),
    response: stored(meta, body),
  });
}

const mint = k8sEvent({
  at: at('13:13:50'),
  by: asAdmin,
  verb: 'create',
  ref: ref('serviceaccounts', 'kube-system', 'clusterrole-aggregation-controller', 'token'),
  request: {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec: { audiences: ['https://kubernetes.default.svc'], expirationSeconds: 86400, boundObjectRef: null },
    status: { token: '', expirationTimestamp: null },
  },
  annotations: { 'authentication.kubernetes.io/issued-credential-id': `JTI=${uuidOf('minted')}` },
});

const stolenToken: Caller = {
  user: {
    ...callers.serviceAccountUser('kube-system', 'clusterrole-aggregation-controller'),
    extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${uuidOf('minted')}`] },
  },
  ip: ATTACKER_IP,
  agent: 'kubectl/v1.32.1 (linux/amd64) kubernetes/e9c9be4',
  reason:
    'RBAC: allowed by ClusterRoleBinding "system:controller:clusterrole-aggregation-controller" of ClusterRole "system:controller:clusterrole-aggregation-controller" to ServiceAccount "clusterrole-aggregation-controller/kube-system"',
};

const FOREIGN_ROLE = `arn:aws:iam::${OTHER_ACCOUNT}:role/eks-support-automation`;
const CLUSTER_ADMIN_POLICY = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';
const accessEntry = trailEvent({
  at: at('13:16:08'),
  by: thiefOnAws,
  action: 'eks:CreateAccessEntry',
  request: { name: CLUSTER, principalArn: FOREIGN_ROLE, type: 'STANDARD', clientRequestToken: uuidOf('token/entry') },
  response: {
    accessEntry: {
      clusterName: CLUSTER,
      principalArn: FOREIGN_ROLE,
      kubernetesGroups: [],
      accessEntryArn: `arn:aws:eks:${REGION}:${ACCOUNT}:access-entry/${CLUSTER}/role/${OTHER_ACCOUNT}/eks-support-automation/${uuidOf('entry')}`,
      createdAt: 'Sep 16, 2025, 1:16:08 PM',
      modifiedAt: 'Sep 16, 2025, 1:16:08 PM',
      tags: {},
      username: `arn:aws:sts::${OTHER_ACCOUNT}:assumed-role/eks-support-automation/{{SessionName}}`,
      type: 'STANDARD',
    },
  },
  resources: [clusterResource],
});
const accessPolicy = trailEvent({
  at: at('13:16:31'),
  by: thiefOnAws,
  action: 'eks:AssociateAccessPolicy',
  request: {
    policyArn: CLUSTER_ADMIN_POLICY,
    accessScope: { type: 'cluster' },
    name: CLUSTER,
    principalArn: encodeURIComponent(FOREIGN_ROLE),
  },
  response: {
    clusterName: CLUSTER,
    principalArn: FOREIGN_ROLE,
    associatedAccessPolicy: {
      policyArn: CLUSTER_ADMIN_POLICY,
      accessScope: { type: 'cluster', namespaces: [] },
      associatedAt: 'Sep 16, 2025, 1:16:31 PM',
      modifiedAt: 'Sep 16, 2025, 1:16:31 PM',
    },
  },
  resources: [clusterResource],
});

export const stolenDeveloperCredentials = (): Story =>
  tell(
    'stolen-developer-credentials',
    "A developer's session key is used from elsewhere",
    "A stealer on Ben's laptop took the temporary keys of his IAM Identity Center session. While Ben works from the office (203.0.113.40), someone else uses the same session from 198.51.100.214: same user name, same access key, another network. The developers' group may create bindings by an old mistake, so one binding is enough for the whole cluster; the access entry for a role in another account is meant to outlive the session.",
    [
      ...background('stolen', at('12:58'), 22, 70),
      ...trailBackground('stolen', at('12:58'), 22, 25),
      ...k8sEvent({ at: at('13:00:11'), by: ben, verb: 'list', ref: ref('pods', 'shop-dev'), query: 'limit=500' }),
      ...k8sEvent({
        at: at('13:05:20'),
        by: ben,
        verb: 'get',
        ref: ref('pods', 'shop-dev', pod.name, 'log'),
        query: 'container=web&tailLines=50',
        lasts: 500,
      }),
      ...k8sEvent({ at: at('13:14:02'), by: ben, verb: 'get', ref: ref('deployments', 'shop-dev', 'web') }),
    ],
    [
      {
        attack: ['T1078.004', 'T1087.004'],
        what: 'The thief asks AWS whose keys these are',
        events: [trailEvent({ at: at('13:01:55'), by: thiefOnAws, action: 'sts:GetCallerIdentity' })],
      },
      {
        attack: ['T1613'],
        what: 'The cluster is looked up to build a kubeconfig',
        events: [
          trailEvent({
            at: at('13:02:10'),
            by: thiefOnAws,
            action: 'eks:DescribeCluster',
            request: { name: CLUSTER },
            resources: [clusterResource],
          }),
        ],
      },
      {
        attack: ['T1069', 'T1613'],
        what: '`kubectl auth can-i --list` in shop-dev from the new address',
        events: selfReview(),
      },
      {
        attack: ['T1552.007'],
        what: 'All secrets of shop-dev are listed',
        covers: ['secrets-list-namespace'],
        events: k8sEvent({
          at: at('13:04:18'),
          by: thief,
          verb: 'list',
          ref: ref('secrets', 'shop-dev'),
          query: 'limit=500',
        }),
      },
      {
        attack: ['T1552.007'],
        what: 'Listing the secrets of every namespace is refused',
        events: k8sEvent({
          at: at('13:04:40'),
          by: thief,
          verb: 'list',
          ref: ref('secrets'),
          query: 'limit=500',
          code: 403,
        }),
      },
      {
        attack: ['T1609', 'T1528'],
        what: "Exec into a pod of shop-dev to read its service account's token",
        covers: ['pod-exec', 'exec-serviceaccount-token-theft'],
        events: webSocketExec({
          at: at('13:07:02'),
          by: thief,
          pod,
          command: ['cat', '/var/run/secrets/kubernetes.io/serviceaccount/token'],
        }),
      },
      {
        attack: ['T1609', 'T1552.005'],
        what: "Exec into the same pod to ask the instance metadata service for the node's role",
        covers: ['pod-exec', 'exec-cloud-metadata'],
        events: webSocketExec({
          at: at('13:08:37'),
          by: thief,
          pod,
          command: ['sh', '-c', 'curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/'],
        }),
      },
      {
        attack: ['T1098.006'],
        what: "A ClusterRoleBinding named like a monitoring role gives Ben's user cluster-admin",
        covers: ['cluster-admin-binding', 'self-privilege-grant'],
        events: grant(),
      },
      {
        attack: ['T1552.007'],
        what: 'With the new rights the secrets of the whole cluster are listed',
        covers: ['secrets-list-cluster-wide'],
        events: k8sEvent({ at: at('13:12:15'), by: asAdmin, verb: 'list', ref: ref('secrets'), query: 'limit=500' }),
      },
      {
        attack: ['T1528', 'T1550.001'],
        what: 'A day-long token is minted for a controller of kube-system that may escalate',
        covers: ['serviceaccount-token-minted', 'serviceaccount-token-privileged'],
        events: mint,
      },
      {
        attack: ['T1550.001'],
        what: 'The minted token is used from the same public address',
        covers: ['system-principal-from-public-ip'],
        events: k8sEvent({
          at: at('13:15:03'),
          by: stolenToken,
          verb: 'list',
          ref: ref('clusterroles'),
          query: 'limit=500',
        }),
      },
      {
        attack: ['T1098', 'T1136.003'],
        what: 'An access entry for a role of another account is made',
        covers: ['eks-access-entry-foreign-principal'],
        events: [accessEntry],
      },
      {
        attack: ['T1098.003'],
        what: 'The entry gets AmazonEKSClusterAdminPolicy on the whole cluster',
        covers: ['eks-access-policy-admin-associated'],
        events: [accessPolicy],
      },
    ],
    "The session's keys expire that evening. The binding, the minted token (24 h) and the access entry do not go with them: each must be removed by hand.",
  );
