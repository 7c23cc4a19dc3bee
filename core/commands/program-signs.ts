import { FETCHER, fetchedBy, outputsOf, type Run, tarOf, urlsIn } from './command-line.ts';
import { holdsCredentials, kindOfPath, resolvePath } from './credential-path.ts';
import { canonicalHost, isAddress, isForeignAddress, isForeignHost, isLoopback, isMetadataHost } from './host.ts';
import { isDecoder, type Redirect } from './shell.ts';
import { isFileOutput, isRemoteLink, type Stage } from './stage.ts';
import { namesForeignAddress } from './text-signs.ts';
import { type Betrayal, sign } from './traits.ts';

const TUNNEL =
  /^(?:chisel|ligolo(?:-ng)?|ligolo-agent|frpc|ngrok|gs-netcat|gsocket|cloudflared|autossh|bore|rathole|sshuttle|iodine|dnscat2?|ptunnel(?:-ng)?|revsocks|rpivot|gost|tailscaled?|localtunnel)(?:[-_][\w.-]{0,40})?$/;
const TOOL =
  /^(?:kubectl|oc|helm|crictl|ctr|nerdctl|docker|podman|runc|gdb|gcore|strace|ltrace|tcpdump|tshark|mount|nmap|arp-scan|capsh|debugfs|etcdctl)$/;
const ATTACK_TOOL =
  /^(?:peirates|kdigger|deepce(?:\.sh)?|botb|amicontained|linpeas(?:\.sh)?|linenum(?:\.sh)?|lse\.sh|pspy(?:32|64)?|kube-hunter|kubeletctl|kubeletmein|kubesploit|masscan|zmap|rustscan|mimipenguin|mimikatz|lazagne|meterpreter|msfconsole|msfvenom|sliver(?:-client)?|xmrig|minerd|cpuminer|kinsing|kdevtmpfsi|traitor|nuclei|pwncat-cs)(?:[-_][\w.-]{0,40})?$/i;

/** Package managers, and the words that make them fetch something. */
const PACKAGES: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^(?:apt|apt-get|aptitude|yum|dnf|microdnf|zypper|tdnf|brew|conda|mamba|micromamba|snap|gem|cargo|luarocks|opkg|pkg|emerge)$/,
    /^(?:install|reinstall|localinstall|in|download|source)$/,
  ],
  [/^apk$/, /^(?:add|fetch)$/],
  [/^(?:pip[\d.]{0,6}|pipx|uv|poetry|composer)$/, /^(?:install|download|add|require)$/],
  [/^(?:npm|pnpm|yarn|bun)$/, /^(?:install|i|add|ci|exec|dlx|x)$/],
  [/^(?:npx|bunx|uvx|pnpx|cpan|cpanm)$/, /^[^-]/],
  [/^go$/, /^(?:install|get)$/],
  [/^(?:dpkg|rpm)$/, /^-[a-zA-Z]*[iU]|^--install/],
  [/^python[\d.]{0,6}$/, /^(?:ensurepip|pip)$/],
];

/** Options of env after which it still prints, unless a program follows. */
const ENV_OPTION = /^-[0vi]{0,3}$|^--(?:null|debug|ignore-environment)?$|^-[uC]|^--(?:unset|chdir)\b|=/;
const HEALTH_PATH = /^\/(?:health|healthz|livez|readyz|ready|live|ping|status)$/;
const TAKEN_FILE =
  /\.(?:sql|dump|bak|backup|db|sqlite3?|rdb|mdb|hprof|pcap|tar|tgz|gz|bz2|xz|zst|zip|7z|jar|war|csv|parquet|core)$/i;

/** What a program betrays by its name and options. */
export function* programSigns({ path, program, args }: Run): Generator<Betrayal> {
  const has = (pattern: RegExp) => args.some((word) => pattern.test(word));
  if (program === 'nsenter' || (program === 'chroot' && has(/^[^-]/)))
    yield sign('enters-host', [program, ...args.slice(0, 4)].join(' '));
  if (program === 'unshare' && has(/^--mount|^-[A-Za-z]*m/)) yield sign('enters-host', 'unshare --mount');
  const isEngine = /^(?:docker|podman|nerdctl|ctr)$/.test(program);
  if (isEngine && has(/^--privileged|^--pid[= ]?host|^(?:-v|--volume=?)?\/:|^host$/))
    yield sign('enters-host', `${program} ${args[0] ?? ''}`);
  if (/^(?:mount|debugfs)$/.test(program) && has(/^\/dev\/(?:nvme|xvd|sd|vd|dm-|mapper)/))
    yield sign('enters-host', `${program} of a disk of the node`);
  if (/^(?:insmod|modprobe|kexec)$/.test(program) && has(/^[^-]/)) yield sign('kernel-escape', program);

  if (/^(?:nc|ncat|netcat|nc\.\w+|sbd|cryptcat)$/.test(program)) {
    if (has(/^(?:-[a-zA-Z]*[ec]|--exec|--sh-exec|--lua-exec)(?:=|$|\/)/)) yield sign('reverse-shell', program);
    else if (has(/^-[a-zA-Z]*l|^--listen/)) yield sign('tunnel', `${program} listens`);
  }
  if (/^(?:rcat|rustcat)$/.test(program) && has(/^-[a-z]*[rs]$|^--(?:exec|shell)$/))
    yield sign('reverse-shell', program);
  if (program === 'telnetd' && has(/^-[a-zA-Z]*l/)) yield sign('reverse-shell', program);
  const peer = isRemoteLink({ path, program, args }) ? args.find(namesForeignAddress) : undefined;
  // Whoever checks a certificate or a port says so; data goes to an address without a name.
  if (peer !== undefined && !/^telnet$|^socat$/.test(program) && !has(/^-servername$|^-showcerts$|^-[a-zA-Z]*v/))
    yield sign('raw-socket', `${program} ${peer}`);
  if (program === 'socat' && has(/(?:^|[,:])(?:tcp|udp|ssl|openssl|sctp|socks|proxy|vsock)[\w-]{0,20}:/i)) {
    if (has(/(?:^|[,:])(?:exec|system|shell|pty)\b/i)) yield sign('reverse-shell', program);
    else if (!args.every(isLocalSocatAddress)) yield sign('tunnel', program);
  }
  if (program === 'ssh' && has(/^-[a-zA-Z]*[RLDw]/)) yield sign('tunnel', 'ssh forwards ports');
  if (/^python/.test(program) && args[0] === '-m' && /^(?:http\.server|SimpleHTTPServer)$/.test(args[1] ?? ''))
    yield sign('tunnel', `${program} serves files`);
  if (program === 'xterm' && has(/^-display/)) yield sign('reverse-shell', 'xterm -display');
  if (TUNNEL.test(program) && !has(/^(?:--?version|--?help|-v|-h|version|status|list|info|ping|netcheck|ip)$/))
    yield sign('tunnel', program);
  // AWS has a cdk too, and Ory a hydra.
  const isNamesake =
    (/^cdk/.test(program) && has(/^(?:eva|evaluate|auto-escape|run|probe|kcurl|ectl)$/)) ||
    (program === 'hydra' && has(/^-[lLP]$/));
  if (isNamesake || ATTACK_TOOL.test(program)) yield sign('attack-tool', program);
  if (TOOL.test(program)) yield sign('tool', program);

  const printsAll =
    program === 'printenv'
      ? args.length === 0 || has(/key|token|secret|passw|cred/i)
      : program === 'env'
        ? args.every(
            (word, index) => ENV_OPTION.test(word) || /^(?:-[uC]|--unset|--chdir)$/.test(args[index - 1] ?? ''),
          )
        : program === 'set'
          ? args.length === 0
          : program === 'ps'
            ? /^[a-z]{0,8}e[a-z]{0,8}$/i.test(args[0] ?? '')
            : /^(?:export|declare|typeset)$/.test(program) && args.every((word) => /^-[px]{1,2}$/.test(word));
  const printsOne = /^(?:echo|printf)$/.test(program) && has(/\$\{?\w{0,60}(?:PASS|SECRET|TOKEN|CREDENTIAL|_KEY)/i);
  if (printsAll || printsOne || (program === 'compgen' && has(/^-[ve]$/))) yield sign('dumps-environment', program);
  if (program === 'getent' && has(/^g?shadow$/)) yield sign('reads-credential', 'getent shadow');
  if (program === 'getent' && args.length === 1 && args[0] === 'passwd') yield sign('reads-accounts', 'getent passwd');
  if (program === 'ztcp' && has(/[.\w]/)) yield sign('raw-socket', program);
  if (/^ec2-?metadata$/.test(program) || (program === 'cloud-init' && has(/^query$/)))
    yield sign('cloud-metadata', program);
  const minted = args.find((word) =>
    /^(?:export-credentials|get-token|assume-role(?:-with-[a-z-]{3,12})?|get-(?:session|federation)-token)$/.test(word),
  );
  if (program === 'aws' && minted) yield sign('mints-credential', `aws ${minted}`);
}

/** What goes to the internet or comes from it by a program made for that. */
export function* fetchSigns(run: Run, redirects: readonly Redirect[]): Generator<Betrayal> {
  const { program, args } = run;
  const has = (pattern: RegExp) => args.some((word) => pattern.test(word));
  for (const [manager, verb] of PACKAGES) {
    const at = manager.test(program) ? args.slice(0, 8).findIndex((word) => verb.test(word)) : -1;
    if (at >= 0 && (!program.startsWith('python') || args[0] === '-m'))
      yield sign('installs-package', [program, ...args.slice(at, at + 3)].join(' '));
  }
  if (program === 'git' && has(/^(?:clone|fetch|pull)$/)) {
    for (const { host, text } of args.flatMap(urlsIn)) if (isForeignHost(host)) yield sign('download', text);
  }
  if (/^(?:scp|rsync)$/.test(program)) {
    const remote = args.find((word) => /^[\w.@-]{2,255}:|^rsync:\/\//.test(word));
    if (remote) yield sign(args.at(-1) === remote ? 'sends-file' : 'download', `${program} ${remote}`);
  }
  if (/^(?:aws|gsutil|s5cmd|mc|rclone|azcopy)$/.test(program) && has(/^(?:cp|sync|mv|copy|move)$/)) {
    const bucket = args.findIndex((word) => /^(?:s3|gs|https?):\/\//.test(word));
    const isFrom = args.slice(0, Math.max(bucket, 0)).every((word) => /^(?:s3|cp|sync|mv|copy|move|-.*)$/.test(word));
    if (bucket >= 0) yield sign(isFrom ? 'download' : 'sends-file', `${program} ${args[bucket]}`);
  }
  if (!FETCHER.test(program)) return;

  const sends =
    has(/^(?:-T|--upload-file|--post-file|--body-file)/) ||
    has(/^(?:-d|--data[\w-]{0,12}=|--json=)?@./) ||
    has(/^(?:-F)?[\w-]{1,60}=[@<]./);
  const outputs = outputsOf(run).filter((output) => output !== '-');
  const isDiscarded =
    outputs.length > 0
      ? outputs.every((output) => output === '/dev/null')
      : program === 'curl' && redirects.some(({ fd, target }) => fd !== '2' && target === '/dev/null');
  const onlyAsks = has(/^(?:-[a-zA-Z]*I|--head|--spider)$/) || isDiscarded;
  const saves = program.startsWith('wget')
    ? !isDiscarded && !has(/^-[a-zA-Z]*O-$/)
    : has(/^-[a-zA-Z]*O|^--remote-name/);
  const isSaved = !onlyAsks && (outputs.length > 0 || (saves && outputsOf(run).length === 0));
  for (const { host, text, path } of fetchedBy(run)) {
    if (!isForeignHost(host)) {
      // A neighbour by its bare address: services are called by name.
      if (isSaved && isAddress(host) && !isLoopback(host) && !isMetadataHost(host)) yield sign('download', text);
      continue;
    }
    const isHealthCheck = HEALTH_PATH.test(path) && !isSaved && program === 'curl';
    if (sends) yield sign('sends-file', text);
    else if (!onlyAsks && !isHealthCheck) yield sign(isForeignAddress(host) ? 'download-address' : 'download', text);
  }
}

/** Files that go to the client or come from it: as `kubectl cp` moves them, and by other means. */
export function* transferSigns(
  { program, args }: Run,
  { redirects, isFirst, isShown }: Stage,
  directory: string,
): Generator<Betrayal> {
  const files = args.filter((word) => !word.startsWith('-') && !/^\d+$/.test(word));
  const has = (pattern: RegExp) => args.some((word) => pattern.test(word));
  const operandOf = (name: string) => args.find((word) => word.startsWith(name))?.slice(name.length);
  if (/^(?:g?tar|bsdtar|gnutar)$/.test(program)) {
    const { mode, isStream, directory: into, paths } = tarOf(args);
    if (isStream && mode === 'extract' && isFirst) yield sign('file-in', into ?? '.');
    if (isStream && mode === 'create' && isShown)
      yield sent(
        paths.map((path) => (path.startsWith('/') || !into ? path : `${into}/${path}`)),
        directory,
      );
  }
  if (isShown) {
    const isEncoder = /^(?:base64|base32|xxd|od|hexdump|uuencode)$/.test(program) && !isDecoder([program, ...args]);
    const isPacker = /^(?:gzip|bzip2|xz|zstd|lz4|pigz)$/.test(program) && has(/^-[a-z\d]{0,6}c|^--stdout/);
    const isZip = /^(?:zip|7z[ar]?)$/.test(program) && has(/^-$|^-so$/);
    if ((isEncoder || isPacker || isZip) && files.length > 0) yield sent(files, directory);
    const input = program === 'dd' && !operandOf('of=') ? operandOf('if=') : undefined;
    if (input && !/^\/dev\/(?:zero|null|u?random|stdin)$/.test(input)) yield sent([input], directory);
    const taken = /^(?:cat|tac|head|tail)$/.test(program) ? files.filter((file) => TAKEN_FILE.test(file)) : [];
    if (taken.length > 0) yield sent(taken, directory);
    const isDump = /^(?:pg_dump(?:all)?|mysqldump|mariadb-dump|mongodump)$/.test(program);
    if (isDump && !has(/^(?:-f|--file|-r|--result-file|-o|--out)/)) yield sign('file-out', program);
    if (program === 'cpio' && has(/^-[a-z]*o|^--create/)) yield sign('file-out', program);
  }
  if (program === 'rsync' && has(/^--server$/))
    yield sign(has(/^--sender$/) ? 'file-out' : 'file-in', files.at(-1) ?? '.');
  if (isFirst) {
    const copies = (program === 'cat' || isDecoder([program, ...args])) && files.length === 0;
    const isPlaced = /^(?:cp|mv|install)$/.test(program) && files.includes('/dev/stdin');
    const target = copies
      ? redirects.find(isFileOutput)?.target
      : program === 'tee'
        ? files[0]
        : isPlaced
          ? files.at(-1)
          : undefined;
    const written = target ?? (program === 'dd' && !operandOf('if=') ? operandOf('of=') : undefined);
    if (written && !redirects.some(({ operator }) => operator.startsWith('<'))) yield sign('file-in', written);
  }
}

/** How bad it is that these files or directories go to the client. */
export function sent(paths: readonly string[], directory: string): Betrayal {
  const secret = paths.find((path) => {
    const resolved = resolvePath(path, directory);
    return holdsCredentials(resolved) || /^(?:token|credential|key|secret)$/.test(kindOfPath(resolved) ?? '');
  });
  return secret === undefined
    ? sign('file-out', paths.slice(0, 5).join(' '))
    : sign('takes-credential-directory', secret);
}

function isLocalSocatAddress(word: string): boolean {
  const [, host] = /^(?:tcp|udp|ssl|openssl|sctp|socks|proxy|vsock)[\w-]{0,20}:([^,]*)/i.exec(word) ?? [];
  return host === undefined || isLoopback(canonicalHost(host) ?? '');
}
