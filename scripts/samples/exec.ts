import type { Pod } from './cluster.ts';
import { type Caller, type K8sEvent, k8sEvent, ref } from './k8s-event.ts';

type Exec = {
  at: number;
  by: Caller;
  pod: Pod;
  command: string[];
  container?: string;
  interactive?: boolean;
  code?: number;
  lasts?: number;
};

const queryOf = ({ command, pod, container = pod.app, interactive }: Exec) =>
  [
    ...command.map((word) => `command=${encodeURIComponent(word)}`),
    `container=${container}`,
    ...(interactive ? ['stdin=true'] : []),
    ...(interactive ? [] : ['stderr=true']),
    'stdout=true',
    ...(interactive ? ['tty=true'] : []),
  ].join('&');

const open =
  (verb: 'get' | 'create') =>
  (exec: Exec): K8sEvent[] =>
    k8sEvent({
      at: exec.at,
      by: exec.by,
      verb,
      ref: ref('pods', exec.pod.namespace, exec.pod.name, 'exec'),
      query: queryOf(exec),
      code: exec.code ?? 101,
      lasts: exec.lasts ?? 1300,
    });

/** `kubectl exec` since 1.31: a WebSocket, which is a GET. */
export const webSocketExec = open('get');
/** `kubectl exec` before that: SPDY, which is a POST. */
export const spdyExec = open('create');
