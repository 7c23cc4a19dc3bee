/**
 * What lies at a path of a node.
 * - `runtime-socket`: a socket that obeys as root: container runtimes, systemd, D-Bus, the Bottlerocket API.
 * - `node`: files that make the node what it is, or a directory that holds them; to write there is to own the node.
 * - `limited`: of the node, but writing there gains less: logs, an agent's own directory under /run, single devices.
 * - `common`: read by ordinary agents; to read it harms nobody, to write it is as for `node`.
 * - `other`: anything else.
 */
export type HostPathClass = 'runtime-socket' | 'node' | 'limited' | 'common' | 'other';

const lines = (...texts: string[]) => texts.flatMap((text) => text.split(' '));

/** Names that are runtime sockets wherever a distribution puts them. */
const SOCKETS = new Set(
  lines(
    'docker.sock containerd.sock containerd.sock.ttrpc host-containerd.sock crio.sock cri-dockerd.sock dockershim.sock',
    'podman.sock frakti.sock buildkitd.sock system_bus_socket',
  ),
);
/** Sockets whose names say nothing elsewhere, and Windows pipes. */
const SOCKET_PATHS = new Set(
  lines(
    '/run/api.sock /run/systemd/private /run/systemd/io.system.manager /pipe/docker_engine /pipe/containerd-containerd',
  ),
);

const NODE_TREE = lines(
  '/etc /root /home /proc /sys /dev /boot /usr /opt/cni /opt/amazon /opt/aws /var/lib/kubelet /var/lib/containerd',
  '/var/lib/docker /var/lib/containers /var/lib/crio /var/lib/etcd /var/lib/cni /var/lib/cloud /var/lib/amazon',
  '/var/lib/systemd /var/lib/rancher /var/log /var/spool/cron /run /local /.bottlerocket',
  '/windows /programdata /users /k',
);

const LIMITED_TREE = lines(
  '/var/log /var/lib/docker/containers /var/lib/kubelet/device-plugins /var/lib/kubelet/pod-resources',
  '/var/lib/kubelet/plugins /var/lib/kubelet/plugins_registry /dev/shm /dev/fuse /dev/kvm /dev/net /dev/dri',
  '/dev/infiniband /dev/kmsg /dev/log /dev/null /etc/localtime /etc/timezone /etc/machine-id /etc/os-release',
  '/usr/share/zoneinfo',
);
/** Under /run each daemon has its own directory; these belong to what runs the node. */
const RUN_OF_NODE = lines(
  '/run/containerd /run/docker /run/crio /run/podman /run/k3s /run/systemd /run/dbus /run/user /run/host-containerd',
);

const COMMON_TREE = lines(
  '/etc/ssl /etc/pki /usr/src /usr/lib/modules /sys/fs/cgroup /sys/kernel/debug /usr/lib/os-release',
);

/** Directories that are links to others on the systems EKS nodes run. */
const LINKS: readonly (readonly [string, string])[] = [
  ['/var/run', '/run'],
  ['/var/lock', '/run/lock'],
  ['/bin', '/usr/bin'],
  ['/sbin', '/usr/sbin'],
  ['/lib', '/usr/lib'],
  ['/lib64', '/usr/lib64'],
];

/** Other names of `/`: through a process, and where tools that look at a node put its root. */
const ROOT_ALIAS =
  /^\/(?:proc\/[^/]+\/(?:task\/[^/]+\/)?(?:root|cwd)|host|hostfs|hostroot|rootfs|\.bottlerocket\/rootfs)(?=\/|$)/;

/** PATH_MAX of Linux: nothing longer can be mounted. */
const MAX_PATH_LENGTH = 4096;

/**
 * One spelling for a path of the node: no drive, backslashes, `//`, `.`, `..` or trailing slash, links and other names of
 * the root resolved, lower case (Windows does not mind it, and nobody gains by `/ETC`).
 */
export function normalizeHostPath(path: string): string {
  let clean = resolved(
    path
      .slice(0, MAX_PATH_LENGTH)
      .replaceAll('\\', '/')
      .replace(/^[a-z]:/i, '')
      .replace(/^\/\/[.?]\//, '/')
      .toLowerCase(),
  );
  for (let alias = ROOT_ALIAS.exec(clean); alias; alias = ROOT_ALIAS.exec(clean)) {
    clean = clean.slice(alias[0].length) || '/';
  }
  for (const [link, target] of LINKS) if (isWithin(clean, link)) return target + clean.slice(link.length);
  return clean;
}

function resolved(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
}

function isWithin(path: string, tree: string): boolean {
  return path === tree || path.startsWith(tree === '/' ? '/' : `${tree}/`);
}

/** What a normalized path is of the node, or holds. */
export function classOfHostPath(path: string): HostPathClass {
  if (SOCKETS.has(path.slice(path.lastIndexOf('/') + 1)) || SOCKET_PATHS.has(path)) return 'runtime-socket';
  if (LIMITED_TREE.some((tree) => isWithin(path, tree))) return 'limited';
  if (COMMON_TREE.some((tree) => isWithin(path, tree))) return 'common';
  if (path !== '/run' && isWithin(path, '/run') && !RUN_OF_NODE.some((tree) => isWithin(path, tree))) return 'limited';
  return NODE_TREE.some((tree) => isWithin(path, tree) || isWithin(tree, path)) ? 'node' : 'other';
}

const SOCKET_DIRECTORIES = lines(
  '/run /run/containerd /run/docker /run/crio /run/podman /run/systemd /run/dbus /run/host-containerd',
);

/** Whether a normalized path is a directory where such sockets lie; root needs no write access to use them. */
export function holdsRuntimeSocket(path: string): boolean {
  return SOCKET_DIRECTORIES.includes(path);
}
