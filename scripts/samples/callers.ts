import {
  ACCOUNT,
  AWS_ACCOUNT,
  AWS_IP,
  CI_IP,
  CLIENT_GO,
  CONTROL_PLANE_IP,
  EKS_VERSION,
  NODE_A,
  NODE_B,
  NODE_C,
  type Node,
  OFFICE_IP,
  type Pod,
  podOf,
} from './cluster.ts';
import type { AuditUser, Caller } from './k8s-event.ts';
import { awsIdOf, uuidOf } from './random.ts';

const byClusterRole = (binding: string, kind: string, name: string, role = binding) =>
  `RBAC: allowed by ClusterRoleBinding "${binding}" of ClusterRole "${role}" to ${kind} "${name}"`;

/** What aws-iam-authenticator says of an IAM identity. */
export function iamUser(
  account: string,
  role: string,
  session: string,
  username: string,
  groups: string[] = [],
): AuditUser {
  const principalId = awsIdOf('AROA', `${account}/${role}`);
  return {
    username,
    uid: `aws-iam-authenticator:${account}:${principalId}`,
    groups: [...groups, 'system:authenticated'],
    extra: {
      accessKeyId: [awsIdOf('ASIA', `${role}/${session}`)],
      arn: [`arn:aws:sts::${account}:assumed-role/${role}/${session}`],
      canonicalArn: [`arn:aws:iam::${account}:role/${role}`],
      principalId: [principalId],
      sessionName: [session],
      'sigs.k8s.io/aws-iam-authenticator/principalId': [principalId],
    },
  };
}

/** A service account with a token bound to its pod. */
export function serviceAccountUser(namespace: string, name: string, pod?: Pod): AuditUser {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    uid: uuidOf(`serviceaccounts/${namespace}/${name}`),
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    ...(pod && {
      extra: {
        'authentication.kubernetes.io/credential-id': [`JTI=${uuidOf(`jti/${namespace}/${pod.name}`)}`],
        'authentication.kubernetes.io/node-name': [pod.node.name],
        'authentication.kubernetes.io/node-uid': [pod.node.uid],
        'authentication.kubernetes.io/pod-name': [pod.name],
        'authentication.kubernetes.io/pod-uid': [pod.uid],
      },
    }),
  };
}

/** A workload that talks to the API from its pod. */
export function workload(pod: Pod, agent: string, role = pod.serviceAccount): Caller {
  const { namespace, serviceAccount: name } = pod;
  const reason = byClusterRole(role, 'ServiceAccount', `${name}/${namespace}`);
  return { user: serviceAccountUser(namespace, name, pod), ip: pod.ip, agent, reason };
}

/** A controller of kube-controller-manager; its token is bound to no pod. */
export function controller(name: string): Caller {
  return {
    user: {
      ...serviceAccountUser('kube-system', name),
      extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${uuidOf(`jti/${name}`)}`] },
    },
    ip: CONTROL_PLANE_IP,
    agent: `kube-controller-manager/${CLIENT_GO}/system:serviceaccount:kube-system:${name}`,
    reason: byClusterRole(`system:controller:${name}`, 'ServiceAccount', `${name}/kube-system`),
  };
}

function component(username: string, agent: string, reason = byClusterRole(username, 'User', username)): Caller {
  return { user: { username, groups: ['system:authenticated'] }, ip: CONTROL_PLANE_IP, agent, reason };
}

export const apiserver: Caller = {
  user: { username: 'system:apiserver', uid: uuidOf('apiserver'), groups: ['system:authenticated', 'system:masters'] },
  ip: '::1',
  agent: `kube-apiserver/${CLIENT_GO}`,
  reason: '',
};
export const scheduler = component('system:kube-scheduler', `kube-scheduler/${CLIENT_GO}/scheduler`);
export const schedulerLease = component('system:kube-scheduler', `kube-scheduler/${CLIENT_GO}/leader-election`);
export const controllerManager = component(
  'system:kube-controller-manager',
  `kube-controller-manager/${CLIENT_GO}/leader-election`,
);
export const garbageCollector = controller('generic-garbage-collector');
export const certificateController = component(
  'eks:certificate-controller',
  'eks-certificates-controller/v0.0.0 (linux/amd64)',
);
export const cloudControllerManager = component(
  'eks:cloud-controller-manager',
  `aws-cloud-controller-manager/${CLIENT_GO}`,
);
export const authenticator = component('eks:authenticator', 'aws-iam-authenticator/v0.7.4 (linux/amd64)');

/** Parts of EKS that call from AWS's account with a role of their own. */
function eksService(username: string, role: string, agent: string, reason: string): Caller {
  return { user: iamUser(AWS_ACCOUNT, role, '1757986812604417265', username), ip: AWS_IP, agent, reason };
}
export const addonManager = eksService(
  'eks:addon-manager',
  'AWSWesleyClusterManagerLambda-Add-AddonManagerRole-7QK2MXN4TVBD',
  'Go-http-client/1.1',
  byClusterRole('eks:addon-cluster-admin', 'User', 'eks:addon-manager', 'cluster-admin'),
);
export const nodeManager = eksService(
  'eks:node-manager',
  'AWSWesleyClusterManagerLambda-NodeManagerRole-3HXW5R2LPJ6C',
  'Go-http-client/1.1',
  byClusterRole('eks:node-manager', 'User', 'eks:node-manager'),
);
export const kmsStorageMigrator = eksService(
  'eks:kms-storage-migrator',
  'AWSWesleyClusterManagerLambda-KmsStorageMigrationRole-5ZDN4V7TQYAK',
  'kms-storage-migrator/v0.0.0 (linux/amd64) kubernetes/$Format',
  byClusterRole('eks:kms-storage-migrator', 'User', 'eks:kms-storage-migrator'),
);

export const vpcResourceController = eksService(
  'eks:vpc-resource-controller',
  'AWSWesleyClusterManagerLambda-VpcResourceControllerRole-9TGB6YHN2UJM',
  'vpc-resource-controller/v0.0.0 (linux/amd64) kubernetes/$Format',
  byClusterRole('eks:vpc-resource-controller', 'User', 'eks:vpc-resource-controller', 'vpc-resource-controller-role'),
);

/** A kubelet: the node's IAM role, one session per instance. */
export function kubelet(on: Node): Caller {
  const user = iamUser(ACCOUNT, 'prod-blue-node', on.instance, `system:node:${on.name}`);
  user.groups = ['system:nodes', 'system:authenticated'];
  return { user, ip: on.ip, agent: `kubelet/${EKS_VERSION} (linux/amd64) kubernetes/9a2f5b1`, reason: '' };
}

const KUBECTL = 'kubectl/v1.33.3 (darwin/arm64) kubernetes/80779bd';
export const DEVELOPER_ROLE = 'AWSReservedSSO_Developer_1f0c6d2a9b3e4758';
export const ADMIN_ROLE = 'AWSReservedSSO_PlatformAdmin_7b1e90c4d2fa6385';

const assumed = (role: string, session: string) => `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${session}`;

/** Someone of the group `developers`, who may edit shop-dev and look at shop. */
export const developer = (email: string): Caller => ({
  user: iamUser(ACCOUNT, DEVELOPER_ROLE, email, assumed(DEVELOPER_ROLE, email), ['developers']),
  ip: OFFICE_IP,
  agent: KUBECTL,
  reason: 'RBAC: allowed by RoleBinding "developers/shop-dev" of ClusterRole "edit" to Group "developers"',
});

/** Someone of the platform team, admin of the cluster by an access entry. */
export const platformAdmin = (email: string): Caller => {
  const policy = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';
  const user = iamUser(ACCOUNT, ADMIN_ROLE, email, assumed(ADMIN_ROLE, email));
  const reason = `EKS Access Policy: allowed by ClusterRoleBinding "${user.extra?.canonicalArn?.[0]}+${policy}" of ClusterRole "${policy}" to User "${user.extra?.principalId?.[0]}"`;
  return { user, ip: OFFICE_IP, agent: KUBECTL, reason };
};

export const ci: Caller = {
  user: iamUser(ACCOUNT, 'ci-deployer', 'GitHubActions', 'ci-deployer', ['deployers']),
  ip: CI_IP,
  agent: 'Helm/3.18.4',
  reason: 'RBAC: allowed by RoleBinding "deployers/shop" of ClusterRole "admin" to Group "deployers"',
};

export const anonymous = (ip: string, agent: string): Caller => ({
  user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
  ip,
  agent,
  reason: byClusterRole('system:public-info-viewer', 'Group', 'system:unauthenticated'),
});

/** A request whose authentication failed: the log names nobody. */
export const nobody = (ip: string, agent: string): Caller => ({ user: {}, ip, agent, reason: '' });

export const albController = workload(
  podOf('kube-system', 'aws-load-balancer-controller', NODE_A),
  'elbv2.k8s.aws/v2.13.4',
);
export const argocd = workload(
  podOf('argocd', 'argocd-application-controller', NODE_B, 'argocd-application-controller', '0'),
  `argocd-application-controller/v0.0.0 (linux/amd64) kubernetes/$Format`,
);
export const certManager = workload(
  podOf('cert-manager', 'cert-manager', NODE_C),
  'cert-manager-certificates/v1.18.2 (linux/amd64)',
);
export const caInjector = workload(
  podOf('cert-manager', 'cert-manager-cainjector', NODE_A),
  'cainjector/v1.18.2 (linux/amd64)',
);
export const coredns = workload(
  podOf('kube-system', 'coredns', NODE_A),
  'coredns/v0.0.0 (linux/amd64) kubernetes/$Format',
  'system:coredns',
);
export const ebsController = workload(
  podOf('kube-system', 'ebs-csi-controller', NODE_B, 'ebs-csi-controller-sa'),
  'csi-provisioner/v5.3.0',
);
export const externalSecrets = workload(
  podOf('external-secrets', 'external-secrets', NODE_B),
  'external-secrets/v0.19.1 (linux/amd64)',
);
export const fluxKustomize = workload(
  podOf('flux-system', 'kustomize-controller', NODE_C),
  'kustomize-controller/v0.0.0 (linux/amd64) kubernetes/$Format',
  'cluster-reconciler-flux-system',
);
export const karpenter = workload(podOf('kube-system', 'karpenter', NODE_C), 'karpenter.sh/1.6.2');
export const kubeStateMetrics = workload(
  podOf('monitoring', 'kube-state-metrics', NODE_B),
  'kube-state-metrics/v2.16.0 (linux/amd64)',
);
export const metricsServer = workload(
  podOf('kube-system', 'metrics-server', NODE_C),
  'metrics-server/v0.8.0 (linux/amd64) kubernetes/f4d9b3d',
  'system:metrics-server',
);
export const prometheus = workload(
  podOf('monitoring', 'prometheus-server', NODE_A, 'prometheus-server', '0'),
  'Prometheus/3.5.0',
);
export const velero = workload(
  podOf('velero', 'velero', NODE_A),
  'velero-server/v1.16.2 (linux/amd64) 6e0b4f1',
  'velero-server',
);
export const vpcCni = (on: Node): Caller =>
  workload(podOf('kube-system', 'aws-node', on), 'aws-node/v1.20.1 (linux/amd64)');
