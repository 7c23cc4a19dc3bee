import { hexOf, suffixOf, uuidOf } from './random.ts';

export const ACCOUNT = '111122223333';
export const OTHER_ACCOUNT = '444455556666';
/** The account in which AWS runs the parts of EKS that call in with a role of their own. */
export const AWS_ACCOUNT = '777788889999';
export const REGION = 'eu-west-1';
export const CLUSTER = 'prod-blue';
export const CLUSTER_ARN = `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/${CLUSTER}`;
export const OIDC_ID = hexOf('oidc', 32).toUpperCase();
export const REGISTRY = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;
/** Where the images of EKS add-ons come from. */
export const ADDON_REGISTRY = `602401143452.dkr.ecr.${REGION}.amazonaws.com`;

/** The office's and the load balancers' addresses; the cluster's own are 10.0.0.0/16. */
export const OFFICE_IP = '203.0.113.40';
export const CONTROL_PLANE_IP = '10.0.250.17';
export const AWS_IP = '192.0.2.10';
export const CI_IP = '10.0.48.12';

const VERSION = 'v1.33.4';
export const CLIENT_GO = `${VERSION} (linux/amd64) kubernetes/9a2f5b1`;
export const EKS_VERSION = `${VERSION}-eks-3abbec1`;

export type Node = { name: string; ip: string; zone: string; instance: string; uid: string };

function node(ip: string, zone: string): Node {
  const name = `ip-${ip.replaceAll('.', '-')}.${REGION}.compute.internal`;
  return { name, ip, zone: `${REGION}${zone}`, instance: `i-0${hexOf(name, 16)}`, uid: uuidOf(`nodes/${name}`) };
}

export const NODE_A = node('10.0.12.31', 'a');
export const NODE_B = node('10.0.45.118', 'b');
export const NODE_C = node('10.0.77.9', 'c');
export const NODES: readonly [Node, ...Node[]] = [
  NODE_A,
  NODE_B,
  NODE_C,
  node('10.0.14.202', 'a'),
  node('10.0.51.64', 'b'),
];
/** Nodes that join during the day. */
export const NEW_NODES: readonly [Node, ...Node[]] = [node('10.0.80.155', 'c'), node('10.0.20.77', 'a')];

export type Pod = {
  namespace: string;
  name: string;
  uid: string;
  node: Node;
  ip: string;
  app: string;
  serviceAccount: string;
};

/** The pod of a Deployment (`web-<hash>-<suffix>`), or of a DaemonSet or StatefulSet when its suffix is given. */
export function podOf(namespace: string, app: string, on: Node, serviceAccount = app, suffix?: string): Pod {
  const key = `${namespace}/${app}/${on.name}`;
  const name = `${app}-${suffix ?? `${hexOf(app, 9)}-${suffixOf(key, 5)}`}`;
  const last = 20 + (Number.parseInt(hexOf(key, 4), 16) % 200);
  const ip = on.ip.replace(/\d+$/, String(last));
  return { namespace, name, uid: uuidOf(`pods/${namespace}/${name}`), node: on, ip, app, serviceAccount };
}
