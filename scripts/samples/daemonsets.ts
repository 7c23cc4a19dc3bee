import { ADDON_REGISTRY, CLUSTER, REGION } from './cluster.ts';
import { container, EVERYWHERE, fieldEnv, hostPath, mount, type PodSpec, podSpec, port } from './pod-specs.ts';

/** DaemonSets of a usual EKS cluster with the host access that each really asks for. */
export const DAEMONSETS: Record<string, { namespace: string; spec: PodSpec }> = {
  'aws-node': {
    namespace: 'kube-system',
    spec: podSpec({
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      serviceAccountName: 'aws-node',
      tolerations: EVERYWHERE,
      volumes: [
        hostPath('cni-bin-dir', '/opt/cni/bin'),
        hostPath('cni-net-dir', '/etc/cni/net.d'),
        hostPath('log-dir', '/var/log/aws-routed-eni', 'DirectoryOrCreate'),
        hostPath('run-dir', '/var/run/aws-node', 'DirectoryOrCreate'),
        hostPath('xtables-lock', '/run/xtables.lock'),
        hostPath('bpf-pin-path', '/sys/fs/bpf'),
      ],
      initContainers: [
        container('aws-vpc-cni-init', `${ADDON_REGISTRY}/amazon-k8s-cni-init:v1.20.1-eksbuild.3`, {
          env: [{ name: 'DISABLE_TCP_EARLY_DEMUX', value: 'false' }],
          volumeMounts: [mount('cni-bin-dir', '/host/opt/cni/bin')],
          securityContext: { privileged: true },
        }),
      ],
      containers: [
        container('aws-node', `${ADDON_REGISTRY}/amazon-k8s-cni:v1.20.1-eksbuild.3`, {
          ports: [port('metrics', 61678, { hostPort: 61678 })],
          env: [
            { name: 'CLUSTER_NAME', value: CLUSTER },
            { name: 'AWS_VPC_K8S_CNI_LOGLEVEL', value: 'DEBUG' },
            fieldEnv('MY_NODE_NAME', 'spec.nodeName'),
          ],
          volumeMounts: [
            mount('cni-bin-dir', '/host/opt/cni/bin'),
            mount('cni-net-dir', '/host/etc/cni/net.d'),
            mount('run-dir', '/var/run/aws-node'),
            mount('xtables-lock', '/run/xtables.lock'),
          ],
          securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
        }),
        container('aws-eks-nodeagent', `${ADDON_REGISTRY}/amazon/aws-network-policy-agent:v1.2.4-eksbuild.1`, {
          args: ['--enable-ipv6=false', '--enable-network-policy=true', '--metrics-bind-addr=:8162'],
          volumeMounts: [mount('bpf-pin-path', '/sys/fs/bpf')],
          securityContext: { capabilities: { add: ['NET_ADMIN'] }, privileged: true },
        }),
      ],
    }),
  },
  'kube-proxy': {
    namespace: 'kube-system',
    spec: podSpec({
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      serviceAccountName: 'kube-proxy',
      tolerations: EVERYWHERE,
      volumes: [
        hostPath('varlog', '/var/log'),
        hostPath('xtables-lock', '/run/xtables.lock', 'FileOrCreate'),
        hostPath('lib-modules', '/lib/modules'),
        { name: 'config', configMap: { name: 'kube-proxy-config', defaultMode: 420 } },
      ],
      containers: [
        container('kube-proxy', `${ADDON_REGISTRY}/eks/kube-proxy:v1.33.3-minimal-eksbuild.4`, {
          command: ['kube-proxy', '--v=2', '--config=/var/lib/kube-proxy-config/config'],
          volumeMounts: [
            mount('varlog', '/var/log'),
            mount('xtables-lock', '/run/xtables.lock'),
            mount('lib-modules', '/lib/modules', { readOnly: true }),
          ],
          securityContext: { privileged: true },
        }),
      ],
    }),
  },
  'ebs-csi-node': {
    namespace: 'kube-system',
    spec: podSpec({
      priorityClassName: 'system-node-critical',
      serviceAccountName: 'ebs-csi-node-sa',
      tolerations: EVERYWHERE,
      volumes: [
        hostPath('kubelet-dir', '/var/lib/kubelet', 'Directory'),
        hostPath('plugin-dir', '/var/lib/kubelet/plugins/ebs.csi.aws.com/', 'DirectoryOrCreate'),
        hostPath('registration-dir', '/var/lib/kubelet/plugins_registry/', 'Directory'),
        hostPath('device-dir', '/dev', 'Directory'),
      ],
      containers: [
        container('ebs-plugin', `${ADDON_REGISTRY}/eks/aws-ebs-csi-driver:v1.48.0`, {
          args: ['node', '--endpoint=$(CSI_ENDPOINT)', '--logging-format=text', '--v=2'],
          env: [{ name: 'CSI_ENDPOINT', value: 'unix:/csi/csi.sock' }, fieldEnv('CSI_NODE_NAME', 'spec.nodeName')],
          volumeMounts: [
            mount('kubelet-dir', '/var/lib/kubelet', { mountPropagation: 'Bidirectional' }),
            mount('plugin-dir', '/csi'),
            mount('device-dir', '/dev'),
          ],
          securityContext: { privileged: true, readOnlyRootFilesystem: true },
        }),
        container('node-driver-registrar', `${ADDON_REGISTRY}/eks/csi-node-driver-registrar:v2.15.0-eks-1-34-3`, {
          args: [
            '--csi-address=$(ADDRESS)',
            '--kubelet-registration-path=/var/lib/kubelet/plugins/ebs.csi.aws.com/csi.sock',
          ],
          volumeMounts: [mount('plugin-dir', '/csi'), mount('registration-dir', '/registration')],
          securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
        }),
      ],
    }),
  },
  'fluent-bit': {
    namespace: 'logging',
    spec: podSpec({
      serviceAccountName: 'fluent-bit',
      tolerations: EVERYWHERE,
      volumes: [
        hostPath('varlog', '/var/log'),
        hostPath('varlibcontainers', '/var/lib/docker/containers'),
        hostPath('etcmachineid', '/etc/machine-id', 'File'),
        { name: 'config', configMap: { name: 'fluent-bit', defaultMode: 420 } },
      ],
      containers: [
        container('fluent-bit', 'public.ecr.aws/aws-observability/aws-for-fluent-bit:2.34.0', {
          ports: [port('http', 2020)],
          env: [{ name: 'AWS_REGION', value: REGION }],
          volumeMounts: [
            mount('varlog', '/var/log'),
            mount('varlibcontainers', '/var/lib/docker/containers', { readOnly: true }),
            mount('etcmachineid', '/etc/machine-id', { readOnly: true }),
            mount('config', '/fluent-bit/etc'),
          ],
        }),
      ],
    }),
  },
  'node-exporter': {
    namespace: 'monitoring',
    spec: podSpec({
      hostNetwork: true,
      hostPID: true,
      serviceAccountName: 'node-exporter',
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
      volumes: [hostPath('proc', '/proc'), hostPath('sys', '/sys'), hostPath('root', '/')],
      securityContext: { fsGroup: 65534, runAsGroup: 65534, runAsNonRoot: true, runAsUser: 65534 },
      containers: [
        container('node-exporter', 'quay.io/prometheus/node-exporter:v1.9.1', {
          args: [
            '--path.procfs=/host/proc',
            '--path.sysfs=/host/sys',
            '--path.rootfs=/host/root',
            '--web.listen-address=[$(HOST_IP)]:9100',
          ],
          ports: [port('metrics', 9100, { hostPort: 9100 })],
          env: [fieldEnv('HOST_IP', 'status.hostIP')],
          volumeMounts: [
            mount('proc', '/host/proc', { readOnly: true }),
            mount('sys', '/host/sys', { readOnly: true }),
            mount('root', '/host/root', { readOnly: true, mountPropagation: 'HostToContainer' }),
          ],
          securityContext: { readOnlyRootFilesystem: true },
        }),
      ],
    }),
  },
  'datadog-agent': {
    namespace: 'datadog',
    spec: podSpec({
      hostPID: true,
      serviceAccountName: 'datadog-agent',
      tolerations: EVERYWHERE,
      volumes: [
        hostPath('procdir', '/proc'),
        hostPath('cgroups', '/sys/fs/cgroup'),
        hostPath('passwd', '/etc/passwd'),
        hostPath('debugfs', '/sys/kernel/debug'),
        hostPath('runtimesocketdir', '/var/run'),
      ],
      containers: [
        container('agent', 'public.ecr.aws/datadog/agent:7.69.1', {
          command: ['agent', 'run'],
          env: [
            { name: 'DD_API_KEY', valueFrom: { secretKeyRef: { name: 'datadog-api-key', key: 'api-key' } } },
            fieldEnv('DD_KUBERNETES_KUBELET_HOST', 'status.hostIP'),
          ],
          volumeMounts: [
            mount('procdir', '/host/proc', { readOnly: true }),
            mount('cgroups', '/host/sys/fs/cgroup', { readOnly: true }),
            mount('runtimesocketdir', '/host/var/run', { readOnly: true }),
          ],
        }),
        container('system-probe', 'public.ecr.aws/datadog/agent:7.69.1', {
          command: ['system-probe', '--config=/etc/datadog-agent/system-probe.yaml'],
          volumeMounts: [mount('debugfs', '/sys/kernel/debug'), mount('procdir', '/host/proc', { readOnly: true })],
          securityContext: {
            capabilities: {
              add: [
                'SYS_ADMIN',
                'SYS_RESOURCE',
                'SYS_PTRACE',
                'NET_ADMIN',
                'NET_BROADCAST',
                'NET_RAW',
                'IPC_LOCK',
                'CHOWN',
                'DAC_READ_SEARCH',
              ],
            },
          },
        }),
      ],
    }),
  },
};
