/**
 * What a path leads to.
 * - `token`: a token that the cluster or AWS accepts for the pod's service account.
 * - `credential`: accounts' passwords, what belongs to a node, the environment or memory of a process.
 * - `key`: a private key or somebody's credential file, which programs are also pointed at to use it.
 * - `secret`: a file that by its name may keep secrets.
 * - `accounts`: the list of accounts.
 * - `runtime-socket`: the socket of a container runtime, which obeys as root of the node.
 */
export type PathKind = 'token' | 'credential' | 'key' | 'secret' | 'accounts' | 'runtime-socket';

/** By segments from the root; `*` is any one segment. A path below such a place counts, and so does a pattern that may mean one. */
const PLACES: readonly (readonly [PathKind, readonly string[]])[] = (
  [
    ['token', '/run/secrets/kubernetes.io'],
    ['token', '/run/secrets/eks.amazonaws.com'],
    ['token', '/run/secrets/pods.eks.amazonaws.com'],
    ['token', '/run/secrets/azure'],
    ['token', '/run/secrets/tokens'],
    ['token', '/var/lib/kubelet/pods/*/volumes'],
    ['credential', '/run/secrets'],
    ['credential', '/etc/shadow'],
    ['credential', '/etc/shadow-'],
    ['credential', '/etc/gshadow'],
    ['credential', '/etc/gshadow-'],
    ['credential', '/etc/sudoers'],
    ['credential', '/etc/sudoers.d'],
    ['credential', '/etc/security/opasswd'],
    ['credential', '/etc/krb5.keytab'],
    ['credential', '/etc/kubernetes'],
    ['credential', '/var/lib/kubelet'],
    ['credential', '/var/lib/etcd'],
    ['credential', '/proc/*/environ'],
    ['credential', '/proc/*/mem'],
    ['credential', '/proc/kcore'],
    ['credential', '/dev/mem'],
    ['accounts', '/etc/passwd'],
    ['accounts', '/etc/passwd-'],
    ['runtime-socket', '/run/docker.sock'],
    ['runtime-socket', '/run/containerd/containerd.sock'],
    ['runtime-socket', '/run/crio/crio.sock'],
    ['runtime-socket', '/run/dockershim.sock'],
    ['runtime-socket', '/run/cri-dockerd.sock'],
    ['runtime-socket', '/run/podman/podman.sock'],
  ] as const
).map(([kind, path]) => [kind, path.slice(1).split('/')]);

/** Directories that programs keep credentials in, wherever somebody's home is. */
const HOMES = new Set(['.ssh', '.aws', '.kube', '.azure', '.gnupg', '.password-store']);
const CREDENTIAL_FILE =
  /^(?:id_(?:rsa|dsa|ecdsa|ed25519)|ssh_host_\w+_key|\.pgpass|\.my\.cnf|\.netrc|_netrc|\.git-credentials|\.vault-token|\.dockercfg|kubeconfig|[\w.-]+\.kubeconfig|application_default_credentials\.json|credentials\.db|\.htpasswd|wp-config\.php|\.bash_history|\.(?:ash|zsh|psql|mysql)_history)$/;
const KEY_FILE = /\.(?:key|p12|pfx|jks|keystore|ppk|kdbx|pem)$/i;
/** Certificates are public; `ca.pem` is no key. */
const CERTIFICATE = /(?:^|[._-])(?:ca|cert|certs|cacert|cacerts|chain|fullchain|bundle|pub|public)(?:[._-]|$)/i;
const CERTIFICATE_TREE = /^\/(?:etc\/(?:ssl\/certs|pki\/(?:ca-trust|tls\/certs))|usr\/)/;
const SECRET_DIRECTORY = /^\.?(?:secrets?|credentials?|creds|private)$/i;
const SECRET_FILE =
  /(?:^|[._-])(?:secrets?|credentials?|creds?|passwords?|passphrase|tokens?|private[_-]?keys?|api[_-]?keys?)(?:[._-]|$)|^\.env(?:\.\w+)?$/i;
const SOURCE_CODE = /\.(?:[cm]?[jt]sx?|py|pyc|rb|php|go|java|class|rs|html?|md|css|map|sh|lua|so)$/i;

/** Where debug pods and agents see the root of the node. */
const HOST_MOUNT =
  /^\/(?:host(?:fs|-root|root|path)?|rootfs|node(?:fs|-root|root)?|mnt(?:\/(?:host|node|root(?:fs)?))?)(?=\/)/;

/**
 * One spelling for a path of a container: absolute (from `directory`, where it is relative), no `//`, `.` or `..`,
 * `/var/run` as `/run`, and `/proc/1/root` and its like taken for the root that they are.
 */
export function resolvePath(path: string, directory = '/'): string {
  const home = /^~(\w*)(?=\/|$)/.exec(path);
  const whole = home
    ? `${home[1] ? `/home/${home[1]}` : '/root'}${path.slice(home[0].length)}`
    : path.startsWith('/')
      ? path
      : `${directory}/${path}`;
  const kept: string[] = [];
  for (const segment of whole.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
    if (kept.length > 2 && /^(?:root|cwd)$/.test(kept.at(-1) ?? '') && covers(kept[0], 'proc')) {
      if (kept.length === 3 || (kept.length === 5 && kept[2] === 'task')) kept.length = 0;
    }
  }
  if (kept.length > 1 && covers(kept[0], 'var') && covers(kept[1], 'run')) kept.shift();
  return `/${kept.join('/')}`;
}

/** What a resolved path leads to, or may lead to where it holds `*`, `?` or `[…]`; `undefined` for ordinary files. */
export function kindOfPath(path: string): PathKind | undefined {
  const mount = HOST_MOUNT.exec(path)?.[0];
  return (mount ? kindAt(resolvePath(path.slice(mount.length))) : undefined) ?? kindAt(path);
}

/** Whether a resolved path is a directory that has such places somewhere below: `/`, `/etc`, `/root`, `/run`. */
export function holdsCredentials(path: string): boolean {
  return /^\/(?:|etc|root|home(?:\/[^/]+)?|run|var|var\/lib|proc|host|hostfs|rootfs)$/.test(path);
}

function kindAt(path: string): PathKind | undefined {
  const segments = path.slice(1).split('/');
  const isPattern = /[*?[]/.test(path);
  const name = segments.at(-1) ?? '';
  // Written next to every token, and no secrets: which namespace this is, and whom to trust.
  const isHarmless = name === 'namespace' || name === 'ca.crt';
  if (!isPattern || path.replace(/[/*[\]]/g, '').length >= 2) {
    for (const [kind, place] of PLACES) {
      if (segments.length < place.length || !place.every((literal, index) => covers(segments[index], literal)))
        continue;
      // Alone, `/etc/*` and `/etc/*.conf` are alike; only what may mean the place itself counts.
      return kind === 'token' && isHarmless ? undefined : kind;
    }
  }
  const account = segments.indexOf('serviceaccount');
  if (
    account >= 0 &&
    !isHarmless &&
    /^(?:kubernetes\.io|(?:pods\.)?eks\.amazonaws\.com)$/.test(segments[account - 1] ?? '')
  )
    return 'token';
  if (/serviceaccount\/token$/.test(path) || name.startsWith('eks-pod-identity-token')) return 'token';
  if (name === 'known_hosts' || name.endsWith('.pub')) return undefined;
  if (segments.some(isHome) || CREDENTIAL_FILE.test(name)) return 'key';
  if (path.includes('/.docker/config.json') || path.includes('/.config/gcloud')) return 'key';
  if (KEY_FILE.test(name) && !CERTIFICATE.test(name) && !CERTIFICATE_TREE.test(path)) return 'key';
  if (SOURCE_CODE.test(name)) return undefined;
  return SECRET_FILE.test(name) || segments.slice(0, -1).some((segment) => SECRET_DIRECTORY.test(segment))
    ? 'secret'
    : undefined;
}

/** Whether a segment is such a directory, or a pattern that says enough of its name. */
function isHome(segment: string): boolean {
  return HOMES.has(segment) || (/^\.\w+[*?[]/.test(segment) && [...HOMES].some((home) => matchesGlob(segment, home)));
}

/** Whether a segment with shell wildcards may stand for `literal`; `*` in `literal` takes any segment. */
function covers(pattern: string | undefined, literal: string): boolean {
  if (pattern === undefined) return false;
  if (literal === '*' || pattern === literal) return true;
  return /[*?[]/.test(pattern) && matchesGlob(pattern, literal);
}

/** Shell wildcards against a name; a `[…]` takes any one character. Takes time of one length by the other. */
export function matchesGlob(glob: string, name: string): boolean {
  const pattern = glob.slice(0, 256).replace(/\[[^\]]{1,64}\]/g, '?');
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < name.length; ) {
    if (pattern[at] === '?' || (pattern[at] === name[index] && pattern[at] !== '*')) {
      at++;
      index++;
    } else if (pattern[at] === '*') {
      star = at++;
      resume = index;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
