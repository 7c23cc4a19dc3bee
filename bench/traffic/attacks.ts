import * as callers from '../../scripts/samples/callers.ts';
import { spdyExec, webSocketExec } from '../../scripts/samples/exec.ts';
import { type K8sEvent, k8sEvent, ref } from '../../scripts/samples/k8s-event.ts';
import { sent, stored } from '../../scripts/samples/objects.ts';
import { podStarts } from '../../scripts/samples/pod-life.ts';
import { container, hostPath, podSpec } from '../../scripts/samples/pod-specs.ts';
import type { Random } from '../../scripts/samples/random.ts';
import type { Act } from './act.ts';
import { anyPod, people, teams } from './fleet.ts';

function clusterAdmin(at: number, random: Random): K8sEvent[] {
  const by = random.pick(people);
  const name = `debug-${random.pick(teams)}`;
  const meta = { kind: 'ClusterRoleBinding', apiVersion: 'rbac.authorization.k8s.io/v1', name, at, manager: 'kubectl' };
  const body = {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: random.pick(teams) }],
  };
  const target = ref('clusterrolebindings', undefined, name);
  return k8sEvent({ at, by, verb: 'create', ref: target, request: sent(meta, body), response: stored(meta, body) });
}

function privilegedPod(at: number, random: Random): K8sEvent[] {
  const pod = { ...anyPod(random), name: 'node-shell' };
  const shell = container('shell', 'alpine:3.20', {
    command: ['nsenter', '-t', '1', '-m', '-u', '-i', '-n', 'sleep', '3600'],
    securityContext: { privileged: true },
  });
  const spec = podSpec({ hostPID: true, volumes: [hostPath('host', '/')], containers: [shell] });
  const template = { namespace: pod.namespace, app: 'node-shell', spec };
  return podStarts({ at, by: random.pick(people), manager: 'kubectl-run', template, pod });
}

/** What somebody should hear of: rare, as it is. */
export const attacks: readonly Act<K8sEvent>[] = [
  {
    weight: 0.5,
    make(at, random) {
      const open = random.pick([webSocketExec, spdyExec]);
      return open({ at, by: random.pick(people), pod: anyPod(random), command: ['/bin/bash'], interactive: true });
    },
  },
  {
    weight: 0.1,
    make: (at, random) =>
      k8sEvent({ at, by: random.pick(people), verb: 'list', ref: ref('secrets'), query: 'limit=500' }),
  },
  { weight: 0.1, make: clusterAdmin },
  { weight: 0.1, make: privilegedPod },
  {
    weight: 0.1,
    make: (at) =>
      k8sEvent({ at, by: callers.anonymous('198.51.100.23', 'curl/8.9.1'), verb: 'list', ref: ref('pods', 'default') }),
  },
];
