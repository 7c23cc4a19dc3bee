import { type Severity, severityRank } from '../severity.ts';
import { classOfHostPath, holdsRuntimeSocket, normalizeHostPath } from './host-path.ts';
import {
  addedCapabilitiesOf,
  containersOf,
  type ListedContainer,
  mayBeRoot,
  type PodSpec,
  type PodTemplate,
} from './pod-spec.ts';

type Opened = 'kernel' | 'processes' | 'files';

/** One setting by which a pod reaches the node it runs on. */
export interface Exposure {
  /** The setting and where it stands: `privileged: containers/app`. */
  readonly setting: string;
  readonly severity: Severity;
  /** What it gives, as the reason of an alert. */
  readonly gives: string;
  /** What of the node lies open; two of the three leave nothing closed. */
  readonly opens?: Opened | undefined;
}

/** How bad something is, and why. */
export interface Weight {
  readonly severity: Severity;
  readonly because: string;
}

const words = (...texts: string[]) => new Set(texts.flatMap((text) => text.split(' ')));

/** Each of these is a known way out of a container. */
const ESCAPE_CAPABILITIES = words('ALL SYS_ADMIN SYS_MODULE SYS_RAWIO DAC_READ_SEARCH BPF');
const STRONG_CAPABILITIES = words(
  'NET_ADMIN SYS_PTRACE SYS_BOOT PERFMON SYSLOG SYS_TIME MAC_ADMIN MAC_OVERRIDE LINUX_IMMUTABLE CHECKPOINT_RESTORE',
  'AUDIT_CONTROL',
);

/** Sysctls that Kubernetes itself holds to stay inside the pod. */
const SAFE_SYSCTLS = words(
  'kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start net.ipv4.ip_local_reserved_ports net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
);

/** SELinux types that confine nothing; the last two are Bottlerocket's, which may command the node's API. */
const UNCONFINED_TYPES = words('spc_t unconfined_t super_t control_t');

/** Everything in a pod template by which its pods reach the node, the worst first. */
export function exposuresOf({ spec }: PodTemplate): Exposure[] {
  const containers = containersOf(spec);
  return [
    ...containerExposures(spec, containers),
    ...namespaceExposures(spec, containers),
    ...hostPathExposures(spec, containers),
    ...minorExposures(spec, containers),
  ].toSorted((a, b) => severityRank(b.severity) - severityRank(a.severity));
}

/** How bad the exposures, the worst first, are together, and what decides it. */
export function reachOf(exposures: readonly Exposure[]): Weight | undefined {
  const [decisive] = exposures;
  if (!decisive) return undefined;
  const opening = new Map(exposures.flatMap(({ opens, gives }) => (opens ? [[opens, gives]] : [])));
  if (decisive.severity === 'high' && opening.size > 1) {
    return { severity: 'critical', because: `nothing of the node stays closed: ${[...opening.values()].join('; ')}` };
  }
  return { severity: decisive.severity, because: decisive.gives };
}

/** The first of the worst. */
function worstOf(exposures: readonly Exposure[]): Exposure | undefined {
  return exposures.toSorted((a, b) => severityRank(b.severity) - severityRank(a.severity))[0];
}

function containerExposures(spec: PodSpec, containers: readonly ListedContainer[]): Exposure[] {
  const privileged = labelsOf(containers, ({ securityContext }) => securityContext.privileged === true);
  const hostProcess = labelsOf(
    containers,
    ({ securityContext }) =>
      (securityContext.windowsOptions.hostProcess ?? spec.securityContext.windowsOptions.hostProcess) === true,
  );
  const unmasked = labelsOf(
    containers,
    ({ securityContext }) => securityContext.procMount?.toLowerCase() === 'unmasked',
  );
  const seLinux = containers.filter(({ securityContext }) =>
    UNCONFINED_TYPES.has(
      (securityContext.seLinuxOptions.type ?? spec.securityContext.seLinuxOptions.type ?? '').toLowerCase(),
    ),
  );
  return [
    ...(privileged
      ? [exposure(`privileged: ${privileged}`, 'high', 'a privileged container is root on the node', 'kernel')]
      : []),
    ...(hostProcess || spec.securityContext.windowsOptions.hostProcess === true
      ? [
          exposure(
            `hostProcess: ${hostProcess || 'pod'}`,
            'high',
            'a host process container runs on the Windows node itself',
            'kernel',
          ),
        ]
      : []),
    ...capabilityExposures(spec, containers),
    ...(unmasked
      ? [
          spec.hostUsers === false
            ? exposure(
                `procMount Unmasked: ${unmasked}`,
                'medium',
                'an unmasked /proc, though in a user namespace of its own',
              )
            : exposure(
                `procMount Unmasked: ${unmasked}`,
                'high',
                'an unmasked /proc lets root in the container set the kernel of the node',
              ),
        ]
      : []),
    ...(seLinux.length > 0
      ? [
          exposure(
            `SELinux unconfined: ${seLinux.map(({ label }) => label).join(', ')}`,
            'medium',
            'SELinux no longer keeps the container from the node',
          ),
        ]
      : []),
  ];
}

function capabilityExposures(spec: PodSpec, containers: readonly ListedContainer[]): Exposure[] {
  const added = containers.map((one) => ({ label: one.label, names: new Set(addedCapabilitiesOf(one)) }));
  return [...ESCAPE_CAPABILITIES, ...STRONG_CAPABILITIES].flatMap((name) => {
    const labels = added.filter(({ names }) => names.has(name)).map(({ label }) => label);
    if (labels.length === 0) return [];
    const setting = `capability ${name}: ${labels.join(', ')}`;
    if (ESCAPE_CAPABILITIES.has(name)) {
      return exposure(setting, 'high', `the capability ${name} is a way out of the container`);
    }
    return name === 'SYS_PTRACE' && spec.hostPID
      ? exposure(setting, 'high', 'SYS_PTRACE with hostPID takes over any process of the node', 'processes')
      : exposure(setting, 'medium', `the capability ${name} reaches beyond an ordinary container`);
  });
}

function namespaceExposures(spec: PodSpec, containers: readonly ListedContainer[]): Exposure[] {
  const asRoot = containers.length === 0 || containers.some((one) => mayBeRoot(one, spec));
  return [
    ...(spec.hostPID
      ? [
          asRoot
            ? exposure('hostPID', 'high', 'hostPID as root reads and enters any process of the node', 'processes')
            : exposure(
                'hostPID',
                'medium',
                'hostPID shows the processes of the node; without root it enters none of root’s',
              ),
        ]
      : []),
    ...(spec.hostNetwork
      ? [
          exposure(
            'hostNetwork',
            'medium',
            'hostNetwork gives the node’s network and with it the credentials of its instance role',
          ),
        ]
      : []),
    ...(spec.hostIPC ? [exposure('hostIPC', 'medium', 'hostIPC gives the shared memory of the node’s processes')] : []),
  ];
}

function hostPathExposures(spec: PodSpec, containers: readonly ListedContainer[]): Exposure[] {
  const mounts = Map.groupBy(
    containers.flatMap((container) =>
      container.volumeMounts.map((mount) => ({
        volume: mount.name,
        label: container.label,
        // What a subPathExpr expands to is unknown, so it narrows nothing.
        subPath: mount.subPath ?? '',
        writable: mount.readOnly !== true,
        asRoot: mayBeRoot(container, spec),
      })),
    ),
    ({ volume }) => volume,
  );
  return spec.volumes.flatMap(({ name, hostPath }) => {
    const path = hostPath?.path;
    if (path === undefined) return [];
    const used = mounts.get(name) ?? [{ label: 'no container', subPath: '', writable: false, asRoot: false }];
    const judged = used.flatMap(
      ({ subPath, ...use }) => judgedPath(`${path}/${subPath}`, { ...use, type: hostPath?.type }) ?? [],
    );
    const decisive = worstOf(judged);
    if (!decisive) return [];
    const access = used.some(({ writable }) => writable) ? 'read-write' : 'read-only';
    const setting = `hostPath ${path} (${access}): ${[...new Set(used.map(({ label }) => label))].join(', ')}`;
    return [{ ...decisive, setting, opens: judged.find(({ opens }) => opens)?.opens }];
  });
}

/** How a path of the node is used. */
export interface PathUse {
  readonly writable: boolean;
  readonly asRoot: boolean;
  /** The `type` of the hostPath. */
  readonly type?: string | undefined;
}

/** What one path of the node gives to who uses it so; `undefined` where it is nothing of the node's own. */
export function judgedPath(hostPath: string, { writable, asRoot, type }: PathUse): Exposure | undefined {
  const path = normalizeHostPath(hostPath);
  const kind = classOfHostPath(path);
  if (kind === 'runtime-socket' || (asRoot && holdsRuntimeSocket(path))) {
    const what = kind === 'runtime-socket' ? 'is' : 'holds';
    return exposure(
      path,
      'critical',
      `${path} ${what} a socket that starts any container or program on the node as root`,
    );
  }
  if (kind === 'node' || kind === 'common') {
    if (writable) return exposure(path, 'high', `${path} of the node is writable`, path === '/' ? 'files' : undefined);
    if (kind === 'common') return exposure(path, 'low', `${path} of the node is readable, as agents need it`);
    // A read-only mount is so only at its top: what is mounted below, and every socket, is not.
    return asRoot && path === '/'
      ? exposure(path, 'high', '/ of the node is readable, and root may use the sockets below it all the same')
      : exposure(path, 'medium', `${path} of the node is readable`);
  }
  if (type === 'Socket') return exposure(path, 'medium', `${path} is a socket of a daemon on the node`);
  if (kind !== 'limited') return undefined;
  return writable
    ? exposure(path, 'medium', `${path} of the node is writable`)
    : exposure(path, 'low', `${path} of the node is readable`);
}

/** What a volume of this CSI driver gives; `undefined` for any but the one that keeps volumes on the node itself. */
export function judgedDriver(driver: string | undefined): Exposure | undefined {
  return driver?.toLowerCase().startsWith('hostpath.csi.')
    ? exposure(`CSI volume ${driver}`, 'medium', 'the hostpath CSI driver keeps the volume on the disk of the node')
    : undefined;
}

function minorExposures(spec: PodSpec, containers: readonly ListedContainer[]): Exposure[] {
  const sysctls = spec.securityContext.sysctls
    .map(({ name }) => name.replaceAll('/', '.'))
    .filter((name) => !SAFE_SYSCTLS.has(name));
  const csi = spec.volumes.flatMap((volume) => judgedDriver(volume.csi?.driver) ?? []);
  // With hostNetwork the API server itself writes every container port as a host port too.
  const hostPort = spec.hostNetwork
    ? ''
    : labelsOf(containers, ({ ports }) => ports.some((port) => (port.hostPort ?? 0) > 0));
  return [
    ...(sysctls.length > 0
      ? [exposure(`unsafe sysctls ${sysctls.join(', ')}`, 'medium', 'these sysctls may change the node and other pods')]
      : []),
    ...csi.slice(0, 1),
    ...(hostPort
      ? [exposure(`hostPort: ${hostPort}`, 'low', 'a port of the node leads to the pod, past Services')]
      : []),
  ];
}

function labelsOf(containers: readonly ListedContainer[], test: (one: ListedContainer) => boolean): string {
  return containers
    .filter(test)
    .map(({ label }) => label)
    .join(', ');
}

function exposure(setting: string, severity: Severity, gives: string, opens?: Opened): Exposure {
  return { setting, severity, gives, opens };
}

/** Where the pods of a template were made to run by more than the scheduler: a node by name, any node, ahead of others. */
export function placementOf({ spec }: PodTemplate): string[] {
  return [
    ...(spec.nodeName ? [`nodeName ${spec.nodeName}`] : []),
    ...(spec.tolerations.some(({ key, operator }) => !key && operator === 'Exists') ? ['tolerates every taint'] : []),
    ...(/^system-(?:node|cluster)-critical$/.test(spec.priorityClassName ?? '')
      ? [`priority ${spec.priorityClassName}`]
      : []),
  ];
}
