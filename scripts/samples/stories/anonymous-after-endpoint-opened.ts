import * as callers from '../callers.ts';
import { ACCOUNT, NODE_A, podOf, REGION } from '../cluster.ts';
import { webSocketExec } from '../exec.ts';
import { type Caller, k8sEvent, ref } from '../k8s-event.ts';
import { sent, stored } from '../objects.ts';
import { type Story, tell } from '../story.ts';
import { at, SECOND } from '../time.ts';
import { eksUpdate, ssoUser, trailEvent } from '../trail-event.ts';
import { background, trailBackground } from './background.ts';

const CLUSTER = 'legacy-green';
const SCANNER_IP = '203.0.113.199';
const INTRUDER_IP = '198.51.100.61';

const erik = callers.platformAdmin('erik@example.com');
const erikOnAws = ssoUser(callers.ADMIN_ROLE, 'erik@example.com');
const scanner = callers.anonymous(SCANNER_IP, 'Mozilla/5.0 zgrab/0.x');
const granted =
  'RBAC: allowed by ClusterRoleBinding "partner-readonly" of ClusterRole "partner-support" to Group "system:unauthenticated"';
const intruder: Caller = { ...callers.anonymous(INTRUDER_IP, 'curl/8.15.0'), reason: granted };

const resourcesVpcConfig = {
  endpointPublicAccess: true,
  endpointPrivateAccess: true,
  publicAccessCidrs: ['0.0.0.0/0'],
};
const opened = trailEvent({
  at: at('09:12:20'),
  by: erikOnAws,
  action: 'eks:UpdateClusterConfig',
  request: { name: CLUSTER, resourcesVpcConfig },
  response: eksUpdate(at('09:12:20'), 'EndpointAccessUpdate', {
    EndpointPublicAccess: 'true',
    EndpointPrivateAccess: 'true',
    PublicAccessCidrs: ['0.0.0.0/0'],
  }),
  resources: [
    { accountId: ACCOUNT, type: 'AWS::EKS::Cluster', ARN: `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/${CLUSTER}` },
  ],
});

const probe = (when: string, verb: string, type: string, namespace?: string) =>
  k8sEvent({ at: at(when), by: scanner, verb, ref: ref(type, namespace), code: 403 });

/** The grant is meant for a partner's script that has no credentials; it is for everyone who can reach the port. */
function grant() {
  const meta = {
    kind: 'ClusterRoleBinding',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    name: 'partner-readonly',
    at: at('09:31:02'),
    manager: 'kubectl-client-side-apply',
  };
  const body = {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'partner-support' },
    subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:unauthenticated' }],
  };
  return k8sEvent({
    at: meta.at,
    by: erik,
    verb: 'create',
    ref: ref('clusterrolebindings', undefined, meta.name),
    query: 'fieldManager=kubectl-client-side-apply&fieldValidation=Strict',
    request: sent(meta, body),
    response: stored(meta, body),
  });
}

const target = podOf('shop', 'checkout', NODE_A);
const read = (when: string, verb: string, type: string, namespace?: string, name?: string) =>
  k8sEvent({
    at: at(when),
    by: intruder,
    verb,
    ref: ref(type, namespace, name),
    ...(verb === 'list' && { query: 'limit=500' }),
  });

function plantPod() {
  return k8sEvent({
    at: at('09:52:19'),
    by: intruder,
    verb: 'create',
    ref: ref('pods', 'default', 'worker-0'),
    request: {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'worker-0', namespace: 'default' },
      spec: { containers: [{ name: 'worker', image: 'docker.io/library/alpine:3.22' }] },
    },
    code: 403,
  });
}

export const anonymousAfterEndpointOpened = (): Story =>
  tell(
    'anonymous-after-endpoint-opened',
    'The endpoint is opened and anyone may come in',
    `The cluster ${CLUSTER} still runs Kubernetes 1.31, where a request without credentials is \`system:anonymous\` instead of being refused (EKS does that from 1.32 on). Erik, of the platform team, opens the API endpoint to the world for a partner and binds a support role to the group of all callers that are not authenticated. A scanner has found the port by then; forty minutes later somebody reads secrets without a password.`,
    [
      ...background('anonymous', at('09:05'), 55, 75),
      ...trailBackground('anonymous', at('09:05'), 55, 25),
      ...[0, 1, 2, 3, 4, 5].flatMap((i) =>
        k8sEvent({
          at: at('09:06') + i * 480 * SECOND,
          by: callers.anonymous('10.0.250.4', 'ELB-HealthChecker/2.0'),
          verb: 'get',
          path: '/livez',
        }),
      ),
    ],
    [
      {
        attack: ['T1190'],
        what: `publicAccessCidrs of ${CLUSTER} becomes 0.0.0.0/0`,
        covers: ['eks-endpoint-opened-to-world'],
        events: [opened],
      },
      {
        attack: ['T1595.002'],
        what: 'A scanner asks for /version, which anybody may read',
        covers: ['anonymous-request-allowed'],
        events: k8sEvent({ at: at('09:21:07'), by: scanner, verb: 'get', path: '/version/' }),
      },
      {
        attack: ['T1595.002', 'T1613'],
        what: 'The scanner tries pods, secrets, namespaces, nodes, configmaps and roles without credentials; all refused',
        events: [
          ...probe('09:21:09', 'list', 'pods'),
          ...probe('09:21:10', 'list', 'secrets'),
          ...probe('09:21:11', 'list', 'namespaces'),
          ...probe('09:21:12', 'list', 'nodes'),
          ...probe('09:21:13', 'list', 'configmaps', 'kube-system'),
          ...probe('09:21:14', 'list', 'clusterroles'),
          ...probe('09:21:15', 'list', 'secrets', 'kube-system'),
        ],
      },
      {
        attack: ['T1595.002', 'T1610'],
        what: 'The scanner tries to create a pod; refused',
        covers: ['anonymous-workload-write-attempt'],
        events: k8sEvent({
          at: at('09:21:20'),
          by: scanner,
          verb: 'create',
          ref: ref('pods', 'default', 'nginx-probe'),
          request: {
            kind: 'Pod',
            apiVersion: 'v1',
            metadata: { name: 'nginx-probe' },
            spec: { containers: [{ name: 'nginx', image: 'nginx' }] },
          },
          code: 403,
        }),
      },
      {
        attack: ['T1098.006'],
        what: 'A ClusterRoleBinding gives a role to the group system:unauthenticated',
        covers: ['anonymous-access-granted'],
        events: grant(),
      },
      {
        attack: ['T1613'],
        what: 'Someone without credentials lists all pods',
        covers: ['anonymous-request-allowed'],
        events: read('09:48:33', 'list', 'pods'),
      },
      {
        attack: ['T1552.007'],
        what: 'The same caller lists the secrets of every namespace',
        covers: ['anonymous-sensitive-operation', 'secrets-list-cluster-wide'],
        events: read('09:48:51', 'list', 'secrets'),
      },
      {
        attack: ['T1552.007'],
        what: "One of them is read by name: the payment provider's key",
        covers: ['anonymous-sensitive-operation'],
        events: read('09:49:20', 'get', 'secrets', 'shop', 'checkout-env'),
      },
      {
        attack: ['T1609'],
        what: 'An exec over WebSocket (a GET) opens a shell in a checkout pod',
        covers: ['anonymous-sensitive-operation', 'pod-exec'],
        events: webSocketExec({
          at: at('09:50:44'),
          by: { ...intruder, agent: 'Python/3.12 websockets/15.0.1' },
          pod: target,
          command: ['/bin/sh'],
          interactive: true,
          lasts: 74 * SECOND,
        }),
      },
      {
        attack: ['T1610'],
        what: 'A pod of their own is refused: the role has no such verb',
        covers: ['anonymous-workload-write-attempt'],
        events: plantPod(),
      },
    ],
    'The binding and the CIDR list are two separate mistakes; either alone would have held. Both are still in place at the end of the log.',
  );
