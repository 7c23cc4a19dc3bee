import * as callers from '../../scripts/samples/callers.ts';
import { type Node, type Pod, podOf, REGION } from '../../scripts/samples/cluster.ts';
import { DAEMONSETS } from '../../scripts/samples/daemonsets.ts';
import type { Caller } from '../../scripts/samples/k8s-event.ts';
import { hexOf, type Random, suffixOf, uuidOf } from '../../scripts/samples/random.ts';

const NODES = 300;
const TEAMS = 40;
const PEOPLE = 30;
const OPERATORS = 30;

/** At least one, as {@link Random} picks from. */
type Some<T> = readonly [T, ...T[]];

const some = <T>(count: number, make: (i: number) => T): Some<T> => [
  make(0),
  ...Array.from({ length: count - 1 }, (_, i) => make(i + 1)),
];

function node(i: number): Node {
  const ip = `10.0.${16 + Math.floor(i / 100)}.${20 + (i % 100) * 2}`;
  const name = `ip-${ip.replaceAll('.', '-')}.${REGION}.compute.internal`;
  return {
    name,
    ip,
    zone: `${REGION}${'abc'[i % 3]}`,
    instance: `i-0${hexOf(name, 16)}`,
    uid: uuidOf(`nodes/${name}`),
  };
}

export const nodes = some(NODES, node);

const APPS: Some<string> = ['api', 'worker', 'web', 'orders', 'search', 'mailer', 'gateway', 'reports'];
export const teams = some(TEAMS, (i) => `team-${String(i + 1).padStart(2, '0')}`);

/** One of some hundreds of services; which pod of it, and so on which node, is open. */
export const anyPod = (random: Random): Pod => {
  const namespace = random.pick(teams);
  const app = `${namespace}-${random.pick(APPS)}`;
  return podOf(namespace, app, random.pick(nodes));
};

const AGENTS: Some<string> = [
  'controller/v0.0.0 (linux/amd64) kubernetes/$Format',
  'manager/v0.21.0 (linux/amd64) kubernetes/$Format/leader-election',
  'Kubernetes Java Client/24.0.0',
  'OpenAPI-Generator/34.1.0/python',
  'okhttp/4.12.0',
];

/** Programs that watch and write all day: what everybody installs, and the house's own. */
export const operators: Some<Caller> = [
  callers.argocd,
  callers.albController,
  callers.caInjector,
  callers.certManager,
  callers.coredns,
  callers.ebsController,
  callers.externalSecrets,
  callers.fluxKustomize,
  callers.karpenter,
  callers.kubeStateMetrics,
  callers.metricsServer,
  callers.prometheus,
  callers.velero,
  ...some(OPERATORS, (i) => {
    const team = teams[i % TEAMS] ?? teams[0];
    return callers.workload(
      podOf(team, `${team}-operator`, nodes[(i * 7) % NODES] ?? nodes[0]),
      AGENTS[i % 5] ?? AGENTS[0],
    );
  }),
];

const CONTROLLERS: Some<string> = ['endpointslice', 'replicaset', 'deployment', 'job', 'node', 'attachdetach'];
export const controllers = some(CONTROLLERS.length, (i) => callers.controller(`${CONTROLLERS[i]}-controller`));

export const people = some(
  PEOPLE,
  (i): Caller => ({ ...callers.developer(`dev${i + 1}@example.com`), ip: `203.0.113.${10 + i * 3}` }),
);

/** A pod of each node's DaemonSets that talks to the API. */
export function daemonOf(on: Node, random: Random): Caller {
  const app = random.pick(['aws-node', 'kube-proxy', 'ebs-csi-node', 'fluent-bit']);
  const { namespace = 'kube-system', spec } = DAEMONSETS[app] ?? {};
  const pod = podOf(namespace, app, on, spec?.serviceAccountName, suffixOf(`${app}/${on.name}`, 5));
  return callers.workload(pod, `${app}/v1.20.1 (linux/amd64) kubernetes/$Format`);
}
