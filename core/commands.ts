import {
  FETCHER,
  fetchedBy,
  INTERPRETER,
  inlineCodeOf,
  NET_TOOL,
  nameOf,
  outputsOf,
  type Run,
  readsScript,
  runsOf,
  SHELL,
  tarOf,
  urlsIn,
  WRAPPER,
} from './command-line.ts';
import { holdsCredentials, kindOfPath, type PathKind, resolvePath } from './credential-path.ts';
import { canonicalHost, isAddress, isForeignAddress, isForeignHost, isLoopback, isMetadataHost } from './host.ts';
import {
  decodeBytes,
  decodeEscapes,
  isDecoder,
  outputOfStages,
  parseScript,
  type Redirect,
  type Script,
  type SimpleCommand,
  type Variables,
} from './shell.ts';

/** What a command line may betray, in the words that an analyst reads. */
export const TRAITS = {
  'reverse-shell': 'hands a shell to a network connection',
  'terminal-upgrade': 'gives a shell without a terminal a terminal of its own',
  'raw-socket': 'sends or receives over a network connection of its own making',
  tunnel: 'opens a tunnel or a listener',
  'enters-host': 'enters the namespaces or the file system of the node',
  'runtime-socket': 'talks to the container runtime of the node',
  'kernel-escape': 'uses a kernel interface that starts programs on the node',
  'reads-token': 'reads a service account token',
  'reads-credential': 'reads credentials, keys or the memory of a process',
  'mints-credential': 'prints or requests credentials of an AWS role',
  'cloud-metadata': 'asks a metadata or credential endpoint of the cloud',
  'reads-secret': 'reads a file that by its name keeps secrets',
  'reads-accounts': 'reads the list of accounts',
  'dumps-environment': 'prints the environment, where secrets are handed to programs',
  'looks-at-credentials': 'looks at where credentials are kept, without reading them',
  'runs-download': 'runs what it has just fetched',
  'sends-file': 'sends a file or data out of the cluster',
  'download-address': 'fetches from an internet address that has no name',
  download: 'fetches from the internet',
  'installs-package': 'installs software',
  'takes-credential-directory': 'packs a directory that holds credentials and sends it to the client',
  'file-out': 'sends a file or directory to the client',
  'file-in': 'writes what the client sends to a file',
  'hidden-script': 'runs a script that it decodes first',
  'attack-tool': 'runs a program made for attacks or mining',
  tool: 'runs a program for looking around or debugging',
  shell: 'starts a shell',
} as const;

export type Trait = keyof typeof TRAITS;

/** One thing that a command line betrays, and the word that does. */
export interface Betrayal {
  readonly trait: Trait;
  readonly sign: string;
}

/** What is longer than this in all, with what is encoded inside, is called a hidden script. An API request line is shorter. */
const MAX_JUDGED_LENGTH = 1024 * 1024;
const MAX_SCRIPTS = 400;
const MAX_WORDS = 1000;
const MAX_SIGNS = 40;
const MAX_SIGN_LENGTH = 160;

/**
 * What a command line betrays, as far as its text shows it: through shells and wrappers, quoting, variables, wildcards and
 * encodings. `argv` is the command as Kubernetes takes it, one string a word. Knows nothing of who runs it, so ordinary
 * debugging betrays something too. Total, and takes time about linear in the text.
 */
export function betrayalsOf(argv: readonly string[]): Betrayal[] {
  const inspector = new Inspector();
  inspector.commandLine(argv);
  return [...inspector.found.values()];
}

/** Programs whose every argument is a file to be shown or copied. */
const SHOWER = /^(?:cat|tac|bat|nl|less|more|head|tail|od|xxd|hexdump|strings|base64|base32|cp|mv|vi|vim|nano|view)$/;
/** Programs that show or copy what is in a file, as against those that use it. */
const READER =
  /^(?:cat|tac|bat|nl|less|more|most|head|tail|od|xxd|hexdump|strings|base64|base32|rev|cut|paste|sort|uniq|grep|egrep|fgrep|zgrep|rg|sed|[gmn]?awk|jq|yq|tee|dd|cp|mv|ln|install|scp|rsync|g?tar|zip|gzip|xz|diff|comm|vi|vim|nano|view|read|mapfile|find|curl|wget)$/;
const LOOKER =
  /^(?:ls|ll|dir|vdir|stat|cd|pushd|mkdir|touch|chmod|chown|chgrp|du|df|find|realpath|readlink|file|which|basename|dirname|rm|rmdir|tree|pwd|echo|printf|mount|umount|findmnt|inotifywait|lsattr|getfacl|namei)$/;
/** Programs that are pointed at a credential to use it. */
const USER =
  /^(?:nginx|httpd|apache2?(?:ctl)?|haproxy|envoy|openssl|keytool|java|mysql\w*|mariadb\w*|psql|pg_\w+|mongo\w*|redis-\w+|ssh|ssh-\w+|sftp|git|kubectl|helm|aws|gcloud|az|docker|npm|yarn|pip[\d.]{0,6}|gunicorn|uvicorn|celery|rails|rake|bundle)$/;
const TESTER = /^(?:test|\[|\[\[)$/;
const TUNNEL =
  /^(?:chisel|ligolo(?:-ng)?|ligolo-agent|frpc|ngrok|gs-netcat|gsocket|cloudflared|autossh|bore|rathole|sshuttle|iodine|dnscat2?|ptunnel(?:-ng)?|revsocks|rpivot|gost|tailscaled?|localtunnel)$/;
const TOOL =
  /^(?:kubectl|oc|helm|crictl|ctr|nerdctl|docker|podman|runc|gdb|gcore|strace|ltrace|tcpdump|tshark|mount|nmap|arp-scan|capsh|debugfs|etcdctl)$/;
const ATTACK_TOOL =
  /^(?:peirates|kdigger|deepce(?:\.sh)?|cdk|botb|amicontained|linpeas(?:\.sh)?|linenum(?:\.sh)?|lse\.sh|pspy(?:32|64)?|kube-hunter|kubeletctl|kubeletmein|kubesploit|masscan|zmap|rustscan|hydra|mimipenguin|mimikatz|lazagne|meterpreter|msfconsole|msfvenom|sliver(?:-client)?|xmrig|minerd|cpuminer|kinsing|traitor|nuclei|pwncat-cs)$/i;

const METADATA_TEXT =
  /\/latest\/(?:api\/token|meta-data|user-data|dynamic)\b|computeMetadata\/v1|metadata\/identity\/oauth2\/token|x-aws-ec2-metadata-token|\bAWS_CONTAINER_CREDENTIALS_(?:FULL|RELATIVE)_URI\b/i;
const METADATA_NAME = /\binstance-data(?:\.ec2\.internal)?(?=[/:\s"']|$)|\bmetadata\.google\.internal\b/i;
const TOKEN_TEXT = /\bAWS_WEB_IDENTITY_TOKEN_FILE\b|\bAWS_CONTAINER_AUTHORIZATION_TOKEN(?:_FILE)?\b/;
const KEY_TEXT =
  /\$AWS_(?:SECRET_ACCESS_KEY|SESSION_TOKEN)\b|\b(?:environ|getenv|ENV|process\.env)\W{1,4}AWS_(?:SECRET|SESSION)/;
const KERNEL_TEXT = /\brelease_agent\b|\/kernel\/core_pattern\b|\buevent_helper\b|\/proc\/sysrq-trigger\b/;
const MINER_TEXT = /\bstratum\d?\+(?:tcp|ssl|tls)\b|--donate-level\b/;

const CODE_SOCKET =
  /\bsocket\b|IO::Socket|\bTCPSocket\b|\b(?:p?fsockopen|stream_socket_client|socket_create)\b|\bnet\.(?:Socket|connect|createConnection)\b|require\(["'](?:node:)?(?:net|tls)["']\)|\/inet\/(?:tcp|udp)\/|Net\.Sockets|\b(?:Deno|Bun)\.connect\b/i;
const CODE_RUNS =
  /\bdup2\b|\bsubprocess\b|\bpopen\w*|\bexec\w*|\bsystem\b|\bspawn\w*|\bchild_process\b|\bproc_open\b|\bpassthru\b|\/bin\/\w{0,4}sh\b|\bcmd\.exe\b|\bProcessBuilder\b|\bSTDIN\b|\beval\b|\|&\s?getline/;
const CODE_TRANSFERS = /\b(?:send|sendall|sendto|recv|recvfrom|write|fwrite|fputs|puts|fread|fgets)\b/;
const CODE_FETCHES =
  /\burllib|\brequests\.|\bhttp\.client\b|\bhttpx\b|\baiohttp\b|\bLWP\b|HTTP::Tiny|open-uri|Net::HTTP|\bURI\.open\b|\bfile_get_contents\b|\bcurl_\w+|\bfetch\(|\bhttps?\.(?:get|request)\b|\bcopy\(|\baxios\b|\bInvoke-WebRequest\b|\biwr\b|\bDownload(?:String|File)\b|\burlretrieve\b|\burlopen\b/i;
const CODE_RUNS_TEXT =
  /\b(?:exec|eval|instance_eval|load|loadstring|system|Function|iex|compile|subprocess|popen|execSync)\b/i;
const CODE_DECODES =
  /b64decode|base64_decode|decode64|decode_base64|Buffer\.from\(|\batob\(|fromhex|unhexlify|\bunpack\(|zlib\.|FromBase64String|gzinflate|rot_?13/i;
/** The whole environment, not one variable of it. */
const CODE_ENVIRONMENT =
  /\bprocess\.env\b(?![.[])|\bos\.environ\b(?!\[|\.get)|\bENV\.(?:to_h|each|inspect)|\bp(?:uts)? ENV\b(?!\[)|\bgetenv\(\)|\$_ENV\b(?!\[)|%ENV\b/;
const CODE_LITERAL = /(["'`])((?:(?!\1)[^\n]){4,4000})\1/g;

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

const HOST_RUN = /[0-9a-fx.:[\]%\uff10-\uff19]{6,64}/gi;
const SOCKET_PATH = /^\/dev\/(?:tcp|udp)\/([^/]+)\//;
const HEALTH_PATH = /^\/(?:health|healthz|livez|readyz|ready|live|ping|status)$/;
const TAKEN_FILE =
  /\.(?:sql|dump|bak|backup|db|sqlite3?|rdb|mdb|tar|tgz|gz|bz2|xz|zst|zip|7z|jar|war|csv|parquet|core)$/i;

/** What a command does with the files it names. */
type Access = 'look' | 'use' | 'read' | 'unknown';

const TRAIT_OF_PATH = {
  token: 'reads-token',
  credential: 'reads-credential',
  key: 'reads-credential',
  secret: 'reads-secret',
  accounts: 'reads-accounts',
  'runtime-socket': 'runtime-socket',
} as const satisfies Record<PathKind, Trait>;

/** A command with the programs it starts, and what becomes of its output. */
interface Stage extends SimpleCommand {
  readonly runs: readonly Run[];
  readonly isFirst: boolean;
  /** Whether the client sees its output, be it packed or encoded on the way. */
  readonly isShown: boolean;
  /** Whether a later stage makes arguments of its output. */
  readonly feedsArguments: boolean;
}

class Inspector {
  readonly found = new Map<string, Betrayal>();
  private directory = '/';
  private scripts = 0;
  private length = 0;
  private readonly seen = new Set<string>();

  commandLine(argv: readonly string[]): void {
    this.pipelines([[{ words: argv, redirects: [] }]], false);
    const [line = '', ...others] = argv;
    // The kubelet's /run and careless clients send the line as one word.
    if (others.length === 0 && /\s/.test(line)) this.script(line);
  }

  private add(trait: Trait, sign: string): void {
    if (this.found.size >= MAX_SIGNS && [...this.found.values()].some((one) => one.trait === trait)) return;
    const shown = sign.length > MAX_SIGN_LENGTH ? `${sign.slice(0, MAX_SIGN_LENGTH)}…` : sign;
    this.found.set(`${trait}\n${shown}`, { trait, sign: shown });
  }

  private script(text: string, variables?: Variables, isCaptured = false): void {
    if (this.seen.has(text)) return;
    this.seen.add(text);
    this.length += text.length;
    if (++this.scripts > MAX_SCRIPTS || this.length > MAX_JUDGED_LENGTH) {
      this.add('hidden-script', 'more, or more deeply nested, than can be judged');
      return;
    }
    this.parsed(parseScript(text, variables), isCaptured);
  }

  private parsed({ pipelines, substitutions }: Script, isCaptured: boolean): void {
    this.pipelines(pipelines, isCaptured);
    for (const inner of substitutions) this.parsed(inner, true);
  }

  private pipelines(pipelines: readonly (readonly SimpleCommand[])[], isCaptured: boolean): void {
    const all = pipelines.map((commands) => stagesOf(commands, isCaptured));
    for (const stages of all) {
      for (const stage of stages) this.stage(stage, isCaptured);
      if (stages.length > 1) this.pipeline(stages);
    }
    const flat = all.flat();
    if (flat.length > 1) this.sequence(flat);
  }

  private stage(stage: Stage, isCaptured: boolean): void {
    const { words, redirects, runs } = stage;
    if (words.length >= MAX_WORDS) this.add('hidden-script', `a command of more than ${MAX_WORDS} words`);
    for (const word of words) this.text(word);
    for (const { target } of redirects) this.text(target);
    this.paths(stage);
    this.sockets(stage);
    if (/^[$<]\(/.test(words[0] ?? '')) this.output(words[0] ?? '');
    for (const run of runs) {
      this.program(run);
      this.fetcher(run, redirects);
      this.nested(run, redirects);
      if (!isCaptured) this.transfer(run, stage);
    }
    const shell = runs.find((run) => SHELL.test(run.program) && readsScript(run));
    if (shell && stage.isFirst) this.add('shell', shell.program);
  }

  /** Signs that mean the same whatever the program. */
  private text(word: string): void {
    const metadata = METADATA_TEXT.exec(word)?.[0] ?? metadataHostIn(word);
    if (metadata) this.add('cloud-metadata', metadata);
    const token = TOKEN_TEXT.exec(word)?.[0];
    if (token) this.add('reads-token', token);
    if (KEY_TEXT.test(word)) this.add('reads-credential', 'AWS keys in the environment');
    const kernel = KERNEL_TEXT.exec(word)?.[0];
    if (kernel) this.add('kernel-escape', kernel);
    const miner = MINER_TEXT.exec(word)?.[0];
    if (miner) this.add('attack-tool', miner);
    for (const hidden of blobsIn(word)) this.script(hidden, undefined, true);
  }

  private paths({ words, redirects, runs, feedsArguments }: Stage): void {
    const [main] = runs;
    const program = main?.program ?? '';
    if (!TESTER.test(program)) {
      const startsOther = program === 'find' && words.some((word) => /^-(?:exec|ok|fprint)/.test(word));
      const isScript = SHELL.test(program) || WRAPPER.test(program) || program === 'eval';
      const access: Access =
        LOOKER.test(program) && !feedsArguments && !startsOther
          ? 'look'
          : runs.some((run) => READER.test(run.program))
            ? 'read'
            : USER.test(program) || INTERPRETER.test(program)
              ? 'use'
              : 'unknown';
      for (const [index, word] of words.entries()) {
        // Read as a script of its own, where the program is known.
        if (isScript && /\s/.test(word)) continue;
        for (const path of pathsIn(word)) {
          const kind = kindOfPath(resolvePath(path, this.directory));
          // What grep and find are told to look for is no file.
          const isFile = path.includes('/') || SHOWER.test(program) || (this.directory !== '/' && kind !== 'secret');
          if (kind && isFile) this.path(path, kind, access);
        }
        const isSought = program === 'find' && /^-i?name$/.test(words[index - 1] ?? '');
        if (isSought && /^(?:token|shadow|id_\w+|kubeconfig|credentials)$/.test(word))
          this.path(word, 'credential', access);
      }
    }
    for (const { target, operator } of redirects) {
      if (operator === '<<' || (operator === '<<<' && !/^(?:xargs|parallel|read)$/.test(program))) continue;
      for (const path of pathsIn(target)) {
        const kind = kindOfPath(resolvePath(path, this.directory));
        if (kind) this.path(path, kind, operator.startsWith('<') ? 'read' : 'unknown');
      }
    }
    if (/^(?:cd|pushd)$/.test(program) && main?.args[0]) this.directory = resolvePath(main.args[0], this.directory);
  }

  private path(path: string, kind: PathKind, access: Access): void {
    // A server is given its key by name, and an application its settings; only who reads them takes them away.
    if (kind === 'key' && (access === 'look' || access === 'use')) return;
    if (kind === 'secret' && access !== 'read') return;
    if (access !== 'look') this.add(TRAIT_OF_PATH[kind], path);
    else if (kind === 'token' || kind === 'credential') this.add('looks-at-credentials', path);
  }

  /** Connections that a shell opens by itself, through /dev/tcp. */
  private sockets({ words, redirects, runs }: Stage): void {
    const socket = redirects.find(({ target }) => isRemoteSocket(target));
    if (!socket) {
      const word = words.find((one) => !/\s/.test(one) && isRemoteSocket(one));
      if (word !== undefined) this.add('raw-socket', word);
      return;
    }
    const isInput = redirects.some(
      ({ fd, operator, target }) => operator === '<>' || (/^[<>]&$/.test(operator) && (fd === '0' || target === '0')),
    );
    const obeys = runs.some((run) => SHELL.test(run.program) && (isInput || readsScript(run)));
    if (obeys || (isInput && !/^(?:exec|)$/.test(words[0] ?? ''))) this.add('reverse-shell', socket.target);
    else if (!isProbe(words, redirects)) this.add('raw-socket', socket.target);
  }

  /** What stands in `$(…)` or `<(…)` in the place of a program or a script. */
  private output(text: string): void {
    for (const { words } of commandsIn(parseScript(text.replace(/^<\(/, '$(')))) {
      for (const run of runsOf(words)) {
        if (FETCHER.test(run.program)) this.add('runs-download', describeFetch(run));
        else if (isRemoteLink(run)) this.add('reverse-shell', run.program);
        else if (isDecoder([run.program, ...run.args])) this.add('hidden-script', run.program);
      }
    }
  }

  /** Scripts inside arguments: `sh -c`, `eval`, `su -c`, code of interpreters. */
  private nested(run: Run, redirects: readonly Redirect[]): void {
    const { program, args } = run;
    const here = redirects.find(({ operator }) => operator === '<<<')?.target;
    const takesScript = SHELL.test(program) || INTERPRETER.test(program) || program === 'source' || program === '.';
    const scripts = takesScript ? [...args, ...redirects.map(({ target }) => target)] : [];
    for (const word of scripts) if (/^<\(|^\$\([^(]/.test(word)) this.output(word);
    if (SHELL.test(program)) {
      if (here !== undefined) this.script(here);
      const at = args.findIndex((word) => /^-[a-zA-Z]*c[a-zA-Z]*$/.test(word));
      const rest = at < 0 ? [] : args.slice(at + 1);
      const script = rest.findIndex((word, index) => !/^[-+]/.test(word) && rest[index - 1] !== '-o');
      if (script >= 0) this.script(rest[script] ?? '', positional(rest.slice(script + 1)));
    } else if (program === 'eval') this.script(args.join(' '));
    else if (/^(?:echo|printf)$/.test(program) && redirects.some(isFileOutput)) {
      // A script that is written now is run later.
      this.script(outputOfStages([{ words: [program, ...args], redirects: [] }]) ?? args.join(' '));
    } else if (INTERPRETER.test(program)) {
      const code = inlineCodeOf(run);
      if (code !== undefined) this.code(program, code);
      if (here !== undefined) this.code(program, here);
    } else if (WRAPPER.test(program)) for (const word of args) if (/\s/.test(word)) this.script(word);
  }

  private code(program: string, raw: string): void {
    // 'a' + 'b' is one text, and '\x61' a letter.
    const text = decodeEscapes(raw).replace(/(["'])\s{0,8}[+.]?\s{0,8}\1/g, '');
    for (const path of pathsIn(text)) {
      const kind = path.includes('/') ? kindOfPath(resolvePath(path)) : undefined;
      if (kind) this.path(path, kind, 'read');
    }
    const metadata = METADATA_TEXT.exec(text)?.[0] ?? metadataHostIn(text);
    if (metadata) this.add('cloud-metadata', metadata);
    if (CODE_ENVIRONMENT.test(text)) this.add('dumps-environment', program);
    if (/\bpty\b[\s\S]{0,40}\bspawn\b/.test(text)) this.add('terminal-upgrade', `${program}: pty.spawn`);

    const socket = CODE_SOCKET.exec(text)?.[0];
    const isLocal = /\b(?:localhost|127\.0\.0\.1)\b/.test(text) && !namesForeignAddress(text);
    if (socket && !isLocal) {
      if (CODE_RUNS.test(text)) this.add('reverse-shell', `${program}: ${socket}`);
      else if (CODE_TRANSFERS.test(text)) this.add('raw-socket', `${program}: ${socket}`);
    }
    if (CODE_FETCHES.test(text)) {
      const urls = urlsIn(text).filter(({ host }) => !isLoopback(host));
      for (const { host, text: url } of urls) {
        if (isForeignHost(host)) this.add(isForeignAddress(host) ? 'download-address' : 'download', url);
      }
      if (urls.length > 0 && CODE_RUNS_TEXT.test(text)) this.add('runs-download', program);
    }
    if (CODE_DECODES.test(text) && CODE_RUNS_TEXT.test(text)) this.add('hidden-script', program);
    for (const [, , inner = ''] of text.matchAll(CODE_LITERAL)) if (/\s/.test(inner)) this.script(inner);
  }

  private program(run: Run): void {
    const { program, args } = run;
    const has = (pattern: RegExp) => args.some((word) => pattern.test(word));
    if (program === 'nsenter' || (program === 'chroot' && has(/^[^-]/)))
      this.add('enters-host', [program, ...args.slice(0, 4)].join(' '));
    if (program === 'unshare' && has(/^--mount|^-[A-Za-z]*m/)) this.add('enters-host', 'unshare --mount');
    const isEngine = /^(?:docker|podman|nerdctl|ctr)$/.test(program);
    if (isEngine && has(/^--privileged|^--pid[= ]?host|^(?:-v|--volume=?)?\/:|^host$/))
      this.add('enters-host', `${program} ${args[0] ?? ''}`);
    if (/^(?:mount|debugfs)$/.test(program) && has(/^\/dev\/(?:nvme|xvd|sd|vd|dm-|mapper)/))
      this.add('enters-host', `${program} of a disk of the node`);
    if (/^(?:insmod|modprobe|kexec)$/.test(program) && has(/^[^-]/)) this.add('kernel-escape', program);

    if (/^(?:nc|ncat|netcat|nc\.\w+|sbd|cryptcat)$/.test(program)) {
      if (has(/^(?:-[a-zA-Z]*[ec]|--exec|--sh-exec|--lua-exec)(?:=|$|\/)/)) this.add('reverse-shell', program);
      else if (has(/^-[a-zA-Z]*l|^--listen/)) this.add('tunnel', `${program} listens`);
    }
    if (program === 'socat' && has(/(?:^|[,:])(?:tcp|udp|ssl|openssl|sctp|socks|proxy|vsock)[\w-]{0,20}:/i)) {
      if (has(/(?:^|[,:])(?:exec|system|shell|pty)\b/i)) this.add('reverse-shell', program);
      else if (!args.every(isLocalSocatAddress)) this.add('tunnel', program);
    }
    if (program === 'ssh' && has(/^-[a-zA-Z]*[RLDw]/)) this.add('tunnel', 'ssh forwards ports');
    if (program === 'xterm' && has(/^-display/)) this.add('reverse-shell', 'xterm -display');
    if (TUNNEL.test(program) && !has(/^(?:--?version|--?help|-v|-h|version|status)$/)) this.add('tunnel', program);
    if (ATTACK_TOOL.test(program)) this.add('attack-tool', program);
    if (TOOL.test(program)) this.add('tool', program);

    const printsAll =
      program === 'printenv'
        ? args.length === 0 || has(/key|token|secret|passw|cred/i)
        : program === 'env'
          ? args.every((word) => /^-[0vi]{0,3}$|^--null$|=/.test(word))
          : /^(?:export|declare|typeset|set)$/.test(program) && args.every((word) => /^-[px]{1,2}$/.test(word));
    const printsOne = /^(?:echo|printf)$/.test(program) && has(/\$\w{0,60}(?:PASS|SECRET|TOKEN|CREDENTIAL|_KEY)/i);
    if (printsAll || printsOne || (program === 'compgen' && has(/^-[ve]$/))) this.add('dumps-environment', program);
    if (program === 'ztcp' && has(/[.\w]/)) this.add('raw-socket', program);
    if (/^ec2-?metadata$/.test(program) || (program === 'cloud-init' && has(/^query$/)))
      this.add('cloud-metadata', program);
    const minted = args.find((word) =>
      /^(?:export-credentials|assume-role(?:-with-[a-z-]{3,12})?|get-(?:session|federation)-token)$/.test(word),
    );
    if (program === 'aws' && minted) this.add('mints-credential', `aws ${minted}`);
  }

  private fetcher(run: Run, redirects: readonly Redirect[]): void {
    const { program, args } = run;
    const has = (pattern: RegExp) => args.some((word) => pattern.test(word));
    for (const [manager, verb] of PACKAGES) {
      const at = manager.test(program) ? args.slice(0, 8).findIndex((word) => verb.test(word)) : -1;
      if (at >= 0 && (!program.startsWith('python') || args[0] === '-m'))
        this.add('installs-package', [program, ...args.slice(at, at + 3)].join(' '));
    }
    if (program === 'git' && has(/^(?:clone|fetch|pull)$/)) {
      for (const { host, text } of args.flatMap(urlsIn)) if (isForeignHost(host)) this.add('download', text);
    }
    if (/^(?:scp|rsync)$/.test(program)) {
      const remote = args.find((word) => /^[\w.@-]{2,255}:|^rsync:\/\//.test(word));
      if (remote) this.add(args.at(-1) === remote ? 'sends-file' : 'download', `${program} ${remote}`);
    }
    if (/^(?:aws|gsutil|s5cmd|mc|rclone|azcopy)$/.test(program) && has(/^(?:cp|sync|mv|copy|move)$/)) {
      const bucket = args.findIndex((word) => /^(?:s3|gs|https?):\/\//.test(word));
      const isFrom = args.slice(0, Math.max(bucket, 0)).every((word) => /^(?:s3|cp|sync|mv|copy|move|-.*)$/.test(word));
      if (bucket >= 0) this.add(isFrom ? 'download' : 'sends-file', `${program} ${args[bucket]}`);
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
        if (isSaved && isAddress(host) && !isLoopback(host) && !isMetadataHost(host)) this.add('download', text);
        continue;
      }
      const isHealthCheck = HEALTH_PATH.test(path) && !isSaved && program === 'curl';
      if (sends) this.add('sends-file', text);
      else if (!onlyAsks && !isHealthCheck) this.add(isForeignAddress(host) ? 'download-address' : 'download', text);
    }
  }

  /** Files that go to the client or come from it: as `kubectl cp` moves them, and by other means. */
  private transfer({ program, args }: Run, { redirects, isFirst, isShown }: Stage): void {
    const files = args.filter((word) => !word.startsWith('-') && !/^\d+$/.test(word));
    const has = (pattern: RegExp) => args.some((word) => pattern.test(word));
    const operandOf = (name: string) => args.find((word) => word.startsWith(name))?.slice(name.length);
    if (/^(?:g?tar|bsdtar|gnutar|star)$/.test(program)) {
      const { mode, isStream, directory, paths } = tarOf(args);
      if (isStream && mode === 'extract' && isFirst) this.add('file-in', directory ?? '.');
      if (isStream && mode === 'create' && isShown)
        this.sent(paths.map((path) => (path.startsWith('/') || !directory ? path : `${directory}/${path}`)));
    }
    if (isShown) {
      const isEncoder = /^(?:base64|base32|xxd|od|hexdump|uuencode)$/.test(program) && !isDecoder([program, ...args]);
      const isPacker = /^(?:gzip|bzip2|xz|zstd|lz4|pigz)$/.test(program) && has(/^-[a-z\d]{0,6}c|^--stdout/);
      const isZip = /^(?:zip|7z[ar]?)$/.test(program) && has(/^-$|^-so$/);
      if ((isEncoder || isPacker || isZip) && files.length > 0) this.sent(files);
      const input = program === 'dd' && !operandOf('of=') ? operandOf('if=') : undefined;
      if (input && !/^\/dev\/(?:zero|null|u?random|stdin)$/.test(input)) this.sent([input]);
      const taken = /^(?:cat|tac|head|tail)$/.test(program) ? files.filter((file) => TAKEN_FILE.test(file)) : [];
      if (taken.length > 0) this.sent(taken);
      const isDump = /^(?:pg_dump(?:all)?|mysqldump|mariadb-dump|mongodump)$/.test(program);
      if (isDump && !has(/^(?:-f|--file|-r|--result-file|-o|--out)/)) this.add('file-out', program);
      if (program === 'cpio' && has(/^-[a-z]*o|^--create/)) this.add('file-out', program);
    }
    if (isFirst) {
      const copies = (program === 'cat' || isDecoder([program, ...args])) && files.length === 0;
      const target = copies ? redirects.find(isFileOutput)?.target : program === 'tee' ? files[0] : undefined;
      const written = target ?? (program === 'dd' && !operandOf('if=') ? operandOf('of=') : undefined);
      if (written && !redirects.some(({ operator }) => operator.startsWith('<'))) this.add('file-in', written);
    }
  }

  private sent(paths: readonly string[]): void {
    const secret = paths.find((path) => {
      const resolved = resolvePath(path, this.directory);
      return holdsCredentials(resolved) || /^(?:token|credential|key|secret)$/.test(kindOfPath(resolved) ?? '');
    });
    if (secret === undefined) this.add('file-out', paths.slice(0, 5).join(' '));
    else this.add('takes-credential-directory', secret);
  }

  /** What the stages of a pipeline say together. */
  private pipeline(stages: readonly Stage[]): void {
    const link = stages.flatMap(({ runs }) => runs).find(isRemoteLink);
    let fetcher: Run | undefined;
    let decoder: Run | undefined;
    for (const [index, { runs, words }] of stages.entries()) {
      const runner = runs.find(readsScript);
      if (runner) {
        if (fetcher) this.add('runs-download', describeFetch(fetcher));
        else if (decoder) this.add('hidden-script', decoder.program);
        if (link) this.add('reverse-shell', `${link.program} and ${runner.program}`);
        const text = index < 8 ? outputOfStages(stages.slice(0, index)) : undefined;
        if (text !== undefined && SHELL.test(runner.program)) this.script(text);
        else if (text !== undefined) this.code(runner.program, text);
      }
      fetcher ??= runs.find(({ program }) => FETCHER.test(program));
      if (isDecoder(words)) decoder ??= runs[0];
      decoder ??= runs.find(({ program, args }) => isDecoder([program, ...args]));
    }
    const source = stages.slice(0, -1).flatMap(({ runs }) => runs);
    const sink = stages.at(-1)?.runs.find((run) => run.program !== 'openssl' && isRemoteLink(run));
    if (sink && source.some(({ program }) => /^(?:g?tar|cat|dd|gzip|base64|zip)$/.test(program)))
      this.add('raw-socket', sink.program);
  }

  /** What the commands of one script say together, wherever they stand. */
  private sequence(stages: readonly Stage[]): void {
    const runs = stages.flatMap((stage) => stage.runs);
    const link = runs.find(isRemoteLink);
    const hasPipe = runs.some(
      ({ program, args }) => program === 'mkfifo' || (program === 'mknod' && args.includes('p')),
    );
    const shell = runs.find((run) => SHELL.test(run.program) && readsScript(run));
    if (link && hasPipe && shell) this.add('reverse-shell', `mkfifo, ${shell.program} and ${link.program}`);

    const socket = stages.flatMap(({ redirects }) => redirects).find(({ target }) => isRemoteSocket(target));
    const obeys = stages.some(
      ({ words, redirects, runs: started }) =>
        redirects.some(
          ({ operator, target, fd }) => /^[<>]&$/.test(operator) && (fd === '0' || /^[3-9]|^\d\d/.test(target)),
        ) &&
        (/^\$|^eval$/.test(words[0] ?? '') || started.some(({ program }) => SHELL.test(program))),
    );
    if (socket && (obeys || (shell && hasPipe))) this.add('reverse-shell', socket.target);

    const fetcher = runs.find(
      (run) => FETCHER.test(run.program) && !fetchedBy(run).every(({ host }) => isLoopback(host)),
    );
    if (!fetcher) return;
    const written = stages.flatMap(({ redirects }) => redirects.filter(isFileOutput).map(({ target }) => target));
    const saved = new Set(
      [...outputsOf(fetcher), ...fetchedBy(fetcher).map(({ path }) => path.split(/[?#]/, 1)[0] ?? ''), ...written].map(
        nameOf,
      ),
    );
    saved.delete('');
    const isStarted = runs.some(({ path, program, args }) => {
      const takesFile =
        SHELL.test(program) || INTERPRETER.test(program) || /^(?:source|\.|chmod|install)$/.test(program);
      const isMode =
        program !== 'chmod' ||
        args.some((word) => /^[ugoa]{0,4}\+[rwst]{0,4}x|^[0-7]{0,2}[1357][0-7]{0,2}$/.test(word));
      return (
        (path.includes('/') && saved.has(program)) ||
        (takesFile && isMode && args.some((word) => saved.has(nameOf(word))))
      );
    });
    if (isStarted) this.add('runs-download', describeFetch(fetcher));
  }
}

function stagesOf(commands: readonly SimpleCommand[], isCaptured: boolean): Stage[] {
  let isShown = !isCaptured;
  // What a substitution prints is an argument of the command around it.
  let feedsArguments = isCaptured;
  return commands
    .map(({ words, redirects }, index) => ({ index, words: words.slice(0, MAX_WORDS), redirects }))
    .reverse()
    .map(({ index, ...command }) => {
      const runs = runsOf(command.words);
      isShown &&= !command.redirects.some(isFileOutput) && !command.words.some((word) => /^of=./.test(word));
      const stage = { ...command, runs, isFirst: index === 0, isShown, feedsArguments };
      isShown &&= runs.some(passesOn);
      feedsArguments ||= runs.some(({ program }) => /^(?:xargs|parallel|read)$/.test(program));
      return stage;
    })
    .reverse();
}

/** A program that hands on what it reads, packed or encoded. */
function passesOn({ program }: Run): boolean {
  return /^(?:gzip|pigz|bzip2|xz|zstd|lz4|base64|base32|xxd|od|cat|openssl|gpg|pv|head|tail|tee|dd|sort)$/.test(
    program,
  );
}

function isFileOutput({ operator, fd, target }: Redirect): boolean {
  return /^&?>[>|]?$/.test(operator) && fd !== '2' && !/^\/dev\/(?:stdout|stderr|null|tcp|udp)/.test(target);
}

/** The other end of a network connection, but for connections to the machine itself and checks of a port. */
function isRemoteLink({ program, args }: Run): boolean {
  if (!NET_TOOL.test(program) || (program === 'openssl' && !/^s_(?:client|server)$/.test(args[0] ?? ''))) return false;
  if (args.some((word) => /^-[a-zA-Z]*l/.test(word))) return true;
  if (args.some((word) => /^-[a-zA-Z]*z/.test(word))) return false;
  return !args.some((word) =>
    isLoopback(canonicalHost(word.replace(/^(?:tcp|udp|ssl|openssl)[\w-]{0,12}:/i, '')) ?? ''),
  );
}

function isLocalSocatAddress(word: string): boolean {
  const [, host] = /^(?:tcp|udp|ssl|openssl|sctp|socks|proxy|vsock)[\w-]{0,20}:([^,]*)/i.exec(word) ?? [];
  return host === undefined || isLoopback(canonicalHost(host) ?? '');
}

function describeFetch(run: Run): string {
  const [url] = fetchedBy(run);
  return url ? `${run.program} ${url.text}` : run.program;
}

function positional(parameters: readonly string[]): Variables {
  const values: Variables = new Map(parameters.slice(0, 10).map((value, index) => [String(index), value]));
  const list = parameters.slice(1).join(' ');
  return values.set('@', list).set('*', list);
}

function commandsIn({ pipelines, substitutions }: Script): SimpleCommand[] {
  return [...pipelines.flat(), ...substitutions.flatMap(commandsIn)];
}

/** The pieces of a word that may be paths: `if=/x`, `@/x`, `file:///x`, `open('/x')`; what a URL names is elsewhere. */
function pathsIn(word: string): string[] {
  return word
    .replace(/\$\w+/g, '')
    .replace(/\b(?:https?|wss?|ftps?):\/\/[^\s"'`]*/gi, ' ')
    .replace(/%2f/gi, '/')
    .replace(/%2e/gi, '.')
    .split(/[\s"'`,;()<>|&=@:\\]+/)
    .filter((piece) => piece.length > 1 && piece.length < 4096 && !piece.startsWith('-'));
}

function isRemoteSocket(path: string): boolean {
  const host = SOCKET_PATH.exec(path)?.[1];
  return host !== undefined && !isLoopback(canonicalHost(host) ?? '');
}

/** A redirection that opens a connection and moves nothing worth having: how scripts wait for a port. */
function isProbe(words: readonly string[], redirects: readonly Redirect[]): boolean {
  const isOneWay = redirects
    .filter(({ target }) => isRemoteSocket(target))
    .every(({ operator, fd }) => /^&?[<>]$|^>&$/.test(operator) && !/^(?:\{|[3-9])/.test(fd));
  const [program = ':', ...args] = words;
  return isOneWay && (/^(?::|true|exit)$/.test(program) || (/^(?:echo|printf)$/.test(program) && args.length === 0));
}

function metadataHostIn(text: string): string | undefined {
  const named = METADATA_NAME.exec(text)?.[0];
  if (named) return named;
  for (const { host } of urlsIn(text)) if (isMetadataHost(host)) return host;
  for (const [run] of text.matchAll(HOST_RUN)) {
    const trimmed = run.replace(/^[.:%]+|[.:%]+$/g, '');
    for (const candidate of [trimmed, trimmed.replace(/:\d{1,5}$/, '')]) {
      const host = canonicalHost(candidate);
      if (host && isMetadataHost(host)) return host;
    }
  }
  return undefined;
}

function namesForeignAddress(text: string): boolean {
  for (const [address] of text.matchAll(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g)) if (isForeignHost(address)) return true;
  return false;
}

/** Readable texts that stand encoded in a word, in base64 or hex. */
function blobsIn(word: string): string[] {
  const texts: (string | undefined)[] = [];
  for (const [run] of word.matchAll(/(?:[0-9a-f]{2}){8,}/gi)) texts.push(decodeBytes(run, 'hex'));
  for (const [run] of word.matchAll(/[A-Za-z0-9+/_-]{12,}={0,2}/g)) {
    for (const piece of [run, ...run.split(/[/_-]/)]) if (piece.length >= 12) texts.push(decodeBytes(piece, 'base64'));
  }
  return texts.filter((text) => text !== undefined && /[\s/]/.test(text)).map(String);
}
