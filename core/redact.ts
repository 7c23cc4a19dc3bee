import { cut, missingNote } from './inert.ts';

const MASK = '[redacted]';

// No repeated groups: V8 gives up with an exception where one repeats some million times.
const QUOTED = String.raw`"(?:"|[\s\S]*?(?:[^\\]"|$))|'[^']*'?`;
/** What stands for a value kept elsewhere: `$(cat file)`, `${NAME}`, `$NAME`, a command in backquotes. */
const REFERENCE = String.raw`\\*["']?(?:\$(?:[({]|$)|\$[A-Z_][A-Z\d_]*(?!\w)|\x60)`;
const SCHEME = '(?:ApiKey|AWS4-HMAC-SHA256|Basic|Bearer|Digest|Hawk|Key|Negotiate|NTLM|OAuth|SSWS|Token)';

// All of these meet text that an attacker wrote, and stay linear on it: what repeats is bounded, or certain to match
// once begun, or kept by a lookbehind from beginning again inside the run that it has just failed on.
const PATTERNS: readonly (readonly [hint: string, RegExp, string])[] = [
  // JSON Web Tokens, service-account tokens among them, any other base64 JSON, and the URL that an EKS token is.
  ['eyJ', /(?:(?<![A-Za-z])|(?<=%[\dA-Fa-f]{2}))eyJ[\w+/=.-]{8,}/g, MASK],
  ['k8s-aws-v1', /\bk8s-aws-v1\.[\w-]+/g, MASK],
  ['-----BEGIN', /-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)/g, MASK],
  [
    'gh[pousr]_|github_pat_|glpat-|npm_|hvs\\.|xox[abprs]-|sk-|[rs]k_live_|SG\\.|AIza',
    /\b(?:gh[pousr]_|github_pat_|glpat-|npm_|hvs\.|xox[abprs]-|sk-|[rs]k_live_|SG\.|AIza)[\w.-]{10,}/g,
    MASK,
  ],
  // user:password@host; a password with a slash in it makes no valid URL and is pasted all the same.
  ['://', /(?<=:\/\/)(?:[^\s/"'?#]+|[^\s/:@"']{0,64}:(?!\d{1,5}(?:[/?#]|$))[^\s@"']{1,100})@/g, `${MASK}@`],
  ['cookie', /(?<![\w-])((?:set-)?cookie\\*["']?:\s*)[^"'\r\n]+/gi, `$1${MASK}`],
  [
    'authorization',
    new RegExp(String.raw`(authorization\\*["']?\s*[:=]\s*\\*["']?${SCHEME}\s+)(?!${REFERENCE})[^\s"'\\]+`, 'gi'),
    `$1${MASK}`,
  ],
  [
    'bearer|basic',
    /\b([Bb]earer|BEARER|[Bb]asic)(\s+)(?=[\w.~+/-]*(?:\d|=|[a-z][A-Z])|[\w.~+/-]{20})[\w.~+/=-]{4,}/g,
    `$1$2${MASK}`,
  ],
  [
    'identified|password',
    new RegExp(String.raw`\b(identified\s+by|password)(\s+)(?!${REFERENCE})(?:${QUOTED})`, 'gi'),
    `$1$2${MASK}`,
  ],
];

/** What a text must hold for any of these to match. */
const HINT = new RegExp(PATTERNS.map(([hint]) => hint).join('|'), 'i');

/** A name and what binds a value to it in a shell, a header, YAML, JSON, JSON inside JSON, or a URL. */
const BINDING = /(?<![\w.-])([\w.-]+)(\\*["']?\s*=>?\s*|\\*["']\s*:\s*|:\s*|(?:%2[27])?%3[AaDd])/g;
const VALUE = new RegExp(String.raw`(?!${REFERENCE})(?:\\+"[\s\S]*?(?:\\+"|$)|${QUOTED}|[^\s"'&;|]+)`, 'y');
const PLAIN_VALUE = new RegExp(String.raw`^["']?(?:true|false|null|none|yes|no|${SCHEME})["']?[,.)}\]]*$`, 'i');

const SECRET_NAME =
  /passw(?:or)?d|passphrase|passcode|(?<![a-z])pass(?:in|out)?(?![a-z])|pwd|secret(?!s)|token(?!s)|credential|cookie(?!s)|signature|jwt|(?:api|access|account|encryption|license|master|private|session|shared|signing|sse-c)-?key|connection-?string|from-literal|auth(?![a-z])|authorization/;
/** What stands behind such a name is about a secret, and not the secret. */
const ABOUT_SECRET =
  /-(?:arn|audience|class|dir|enabled|endpoint|file|issuer|jar|key-id|mode|name|path|policy|provider|seconds|stdin|ttl|type|ur[il]|version)$/;

/** Whether people keep secrets under this name, be it of a key, flag, environment variable, parameter or header. */
function isSecretName(name: string): boolean {
  if (name === 'PWD' || name === 'OLDPWD') return false;
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .replace(/[_.]/g, '-')
    .toLowerCase();
  return SECRET_NAME.test(words) && !ABOUT_SECRET.test(words);
}

/** `text` without what is a secret by its form or by the name in front of it. Applied to every string of every alert. */
export function redact(text: string): string {
  const shown = HINT.test(text)
    ? PATTERNS.reduce((shown, [, pattern, mask]) => shown.replace(pattern, mask), text)
    : text;
  return /[=:%]/.test(shown) ? redactAssigned(shown) : shown;
}

function redactAssigned(text: string): string {
  let shown = '';
  let end = 0;
  for (const { 0: bound, 1: name = '', 2: binding, index } of text.matchAll(BINDING)) {
    // A bare colon mostly joins names: `system:serviceaccount:vault-token:default`, `token-service:v1`, ARNs.
    const binds = binding !== ':' || /^(?:pass(?:w(?:or)?d|phrase)?|pwd|authorization|x-[\w-]+)$/i.test(name);
    // `Secret: db` is an object of Kubernetes and its name.
    const isKind = name === 'Secret' && binding?.startsWith(':');
    if (index < end || !binds || isKind || !isSecretName(name)) continue;
    VALUE.lastIndex = index + bound.length;
    const [value = ''] = VALUE.exec(text) ?? [];
    if (value === '' || PLAIN_VALUE.test(value)) continue;
    shown += `${text.slice(end, index)}${bound}${MASK}`;
    end = index + bound.length + value.length;
  }
  return shown + text.slice(end);
}

/** Far more than an alert shows; a pod may be given megabytes. */
const MAX_ARGUMENTS = 1000;
const MAX_LENGTH = 64 * 1024;

/** Blanks, operators, or one word with its quoted parts. */
const WORD = /(?:\s|\\\r?\n)+|[;|&()<>`]+|(?:[^\s;|&()<>`"'\\]|\\[\s\S]?|"[^"\\]*(?:\\[\s\S][^"\\]*)*"?|'[^']*'?)+/g;
const QUOTATION = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"?|'[^']*'?/g;
const FLAG = /^(?:-[A-Za-z]|--[a-z][a-z-]*|--)$/;
const PROGRAM = /^(?:[\w./-]*\/)?([a-z][\w.-]*)$/;

/** Short flags that take a secret or a request's body in some programs, and something harmless in most. */
const SHORT_FLAGS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(?:curl|wget|xh)$/, ['-b', '-d', '-F']],
  [/^(?:redis|valkey|keydb)-cli$/, ['-a']],
  [/^(?:zip|unzip|sqlcmd|bcp)$/, ['-P']],
  [/^ldap\w+$/, ['-w']],
  [/^openssl$/, ['-k']],
];
const BODY_FLAG = /^--(?:data(?:-\w+)?|post-data|body-data|form|json|secret-string|secret-binary)$/;
/** Directly behind these programs `-p` says parents, preserve, prompt or port. */
const PLAIN_P = /^(?:bash|cp|git|install|mkdir|log|nc|ncat|nmap|ps|read|rsync|sh|show|ssh|tar|touch)$/;
const PORTS_OR_PATH = /^(?:\d{1,5}(?:[-,:]\d{1,5})*(?:\/\w+)?|-|(?:~|\.{0,2})\/[a-z\d._/-]*)$/;
/** What `find` and compilers begin with `-p`. */
const PLAIN_GLUED_P = /^-p(?:-|\d{1,5}|arents|ath|erm|id|ipe|rint0?|rintf|rune|thread)$/;
const IDS = /^\d+:\d+$/;
const STARTS_SCHEME = new RegExp(`^${SCHEME}\\s+`, 'i');
const STARTS_REFERENCE = new RegExp(`^${REFERENCE}`);

/**
 * A command line as an alert may show it: {@link redact}, and besides every word that a flag makes a secret, and every
 * long run that turns between letters and digits as keys, hashes and encoded scripts do. Names of programs, paths,
 * hosts and flags stay readable. An argument with blanks in it is read as a script. What only its position makes a
 * secret, `echo hunter2 | chpasswd`, is not known for one.
 */
export function redactCommand(argv: readonly string[]): string[] {
  const command = new Command();
  const shown = argv.slice(0, MAX_ARGUMENTS).map((argument) => command.argument(redact(cut(argument, MAX_LENGTH))));
  return argv.length > shown.length ? [...shown, missingNote(argv.length - shown.length)] : shown;
}

/** What a flag makes of its value: all secret, secret unless it is a port or path, `Name: secret`, or `user:secret`. */
type Meaning = 'secret' | 'port-or-secret' | 'header' | 'user' | undefined;

/** Reads words from left to right, remembering what those before make of the next. */
class Command {
  #awaits: Meaning;
  #secretFlags = new Set<string>();
  #previous = '';

  argument(text: string): string {
    const isScript = /\s/.test(text) && this.#awaits === undefined && !/^--?[\w.-]+=/.test(text);
    return isScript ? new Command().script(text) : this.#word(text);
  }

  script(text: string): string {
    return text.replace(WORD, (token) => {
      if (/^\s/.test(token)) {
        if (/(?<!\\)\n/.test(token)) this.#end();
        return token;
      }
      if (!/^[;|&()<>`]/.test(token)) return this.#word(token);
      this.#end();
      return token;
    });
  }

  #end(): void {
    this.#awaits = undefined;
    this.#secretFlags.clear();
    this.#previous = '';
  }

  #word(word: string): string {
    const [opening = ''] = /^[\\"']*/.exec(word) ?? [];
    const [closing = ''] = /(?<![\\"'])[\\"']+$/.exec(word.slice(opening.length)) ?? [];
    const bare = word.slice(opening.length, word.length - closing.length);
    const masked = FLAG.test(bare)
      ? undefined
      : (maskedAs(this.#awaits, bare) ?? this.#assigned(bare) ?? this.#glued(bare));
    this.#awaits = masked === undefined ? this.#awaitedAfter(bare) : undefined;
    this.#previous = PROGRAM.exec(bare)?.[1] ?? '';
    for (const [program, flags] of SHORT_FLAGS) {
      if (program.test(this.#previous)) for (const flag of flags) this.#secretFlags.add(flag);
    }
    if (masked !== undefined) return opening + masked + (opening && closing);
    const shown = /\s/.test(word) ? word.replace(QUOTATION, quotation) : word;
    return redactRuns(shown.replace(/([?&][\w.-]+=)[^&\s"']+/g, `$1${MASK}`));
  }

  /** `--password=x`, `TOKEN=x`: masked to the word's end, whatever characters the secret holds. */
  #assigned(bare: string): string | undefined {
    const [bound = '', flag = '', name = ''] = /^(-{0,2})([\w.-]+)=/.exec(bare) ?? [];
    const value = bare.slice(bound.length);
    if (bound === '' || value === '' || PLAIN_VALUE.test(value)) return undefined;
    const masked = maskedAs(flag ? this.#awaitedAfter(flag + name) : isSecretName(name) ? 'secret' : undefined, value);
    return masked && bound + masked;
  }

  /** mysql -psecret, redis-cli -asecret, curl -uuser:secret: the value hangs on the flag. */
  #glued(bare: string): string | undefined {
    const flag = bare.slice(0, 2);
    const value = bare.slice(2);
    if (flag === '-p') {
      const isPlain = PLAIN_GLUED_P.test(bare) || STARTS_REFERENCE.test(value) || /^(?:[a-z]{0,4}|..?)$/.test(value);
      return isPlain ? undefined : flag + MASK;
    }
    const masked = /^-[a-zA-Z]$/.test(flag) && value !== '' ? maskedAs(this.#awaitedAfter(flag), value) : undefined;
    return masked && flag + masked;
  }

  #awaitedAfter(bare: string): Meaning {
    if (/^-H$|^--header$/.test(bare)) return 'header';
    if (/^-[uU]$|^--(?:proxy-)?user$/.test(bare)) return 'user';
    // Of AWS Secrets Manager, and no more than a name there.
    if (bare === '--secret-id') return undefined;
    if (bare === '-p') return PLAIN_P.test(this.#previous) ? undefined : 'port-or-secret';
    const isSecret =
      this.#secretFlags.has(bare) ||
      BODY_FLAG.test(bare) ||
      (/^--?[\w.-]+$/.test(bare) && isSecretName(bare.replace(/^-+/, ''))) ||
      /^aws_(?:secret_access_key|session_token)$/.test(bare);
    return isSecret ? 'secret' : undefined;
  }
}

/** The quoted part of a word, its inside read as a script of its own: `sh -c '...'`. */
function quotation(quoted: string): string {
  const mark = quoted.charAt(0);
  const end = quoted.length > 1 && quoted.endsWith(mark) ? mark : '';
  const inside = quoted.slice(1, quoted.length - end.length);
  if (mark === "'") return `'${new Command().script(inside)}${end}`;
  return `"${new Command().script(inside.replaceAll('\\"', '"')).replaceAll('"', '\\"')}${end}`;
}

/** `value` masked as far as its meaning asks, or `undefined` where it holds no secret. */
function maskedAs(meaning: Meaning, value: string): string | undefined {
  if (meaning === undefined || STARTS_REFERENCE.test(value)) return undefined;
  if (meaning === 'secret') return MASK;
  if (meaning === 'port-or-secret') return PORTS_OR_PATH.test(value) ? undefined : MASK;
  const [name] = /^[^:]*:\s*/.exec(value) ?? [];
  if (name === undefined || IDS.test(value)) return undefined;
  return STARTS_REFERENCE.test(value.slice(name.length).replace(STARTS_SCHEME, '')) ? undefined : name + MASK;
}

/** Query parameters whose values the API server itself defines, so that they can carry no secret. */
const PLAIN_PARAMETERS = new Set(
  [
    'allowWatchBookmarks container dryRun fieldManager fieldSelector fieldValidation follow force gracePeriodSeconds',
    'labelSelector limit limitBytes orphanDependents port ports pretty previous propagationPolicy resourceVersion',
    'resourceVersionMatch sendInitialEvents sinceSeconds sinceTime stderr stdin stdout tailLines timeout',
    'timeoutSeconds timestamps tty watch',
  ].flatMap((names) => names.split(' ')),
);

/**
 * A request URI as an alert may show it: values of unknown query parameters and secrets in the path are masked, the
 * words of `command` as {@link redactCommand} has them.
 */
export function redactUri(uri: string): string {
  const [path = '', query] = splitOnce(uri, '?');
  const shownPath = redact(path).replace(RUN, (run) => (isBlob(run) && run.length >= 40 ? MASK : run));
  if (query === undefined) return shownPath;
  const parameters = query.split('&').map((parameter) => splitOnce(parameter, '='));
  const words = parameters.filter(([name]) => name === 'command').map(([, value = '']) => decode(value));
  const command = redactCommand(words).values();
  const shown = parameters.map(([name, value]) => {
    if (name === 'command') return `command=${encode(command.next().value ?? '')}`;
    if (PLAIN_PARAMETERS.has(name)) return redact(value === undefined ? name : `${name}=${value}`);
    return value === undefined ? MASK : `${/^[\w.-]{1,15}$/.test(name) ? name : MASK}=${value && MASK}`;
  });
  return `${shownPath}?${shown.join('&')}`;
}

const RUN = /[A-Za-z\d+_-]{16,}={0,2}/g;
const RUN_WITH_SLASHES = /[A-Za-z\d+/_-]{16,}={0,2}/g;
/** A part of a path that somebody named, `/kubelet/` in one that ends in a key. */
const NAMED_PART = /(?<![A-Za-z\d+])[a-z][a-z-]{3,}(?![A-Za-z\d+])/;

function redactRuns(text: string): string {
  return text
    .replace(RUN_WITH_SLASHES, (run) => (isBlob(run) && !NAMED_PART.test(run) ? MASK : run))
    .replace(RUN, (run) => (isBlob(run) ? MASK : run));
}

/**
 * Whether a run of 16 or more characters, below which there is no key worth having, looks drawn by lot: a name turns from
 * small letters to capitals or digits now and then, a key at every second character. A pod's name may be lost.
 */
function isBlob(run: string): boolean {
  const turns = run.match(/[a-z](?=[A-Z\d])|[A-Z](?=\d)|\d(?=[A-Za-z])/g)?.length ?? 0;
  return (
    turns >= run.length / 6 ||
    /[\da-f]{8}-[\da-f]{4}-|[A-Za-z\d]{40}|(?=\d*[A-Za-z])(?=[A-Za-z]*\d)[A-Za-z\d]{20}/.test(run)
  );
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return MASK;
  }
}

/** As a query holds it, so that a command cannot forge further parameters; readable where it may be. */
function encode(value: string): string {
  return value.replace(/[%&+#=]/g, (character) => encodeURIComponent(character)).replaceAll(' ', '+');
}
