import { matchesGlob } from './credential-path.ts';
import { canonicalHost } from './host.ts';
import { UNSET } from './shell.ts';

/** A program with its arguments; one command has several where a program starts another. */
export interface Run {
  readonly path: string;
  readonly program: string;
  readonly args: readonly string[];
}

export const SHELL = /^(?:ba|da|a|z|k|mk|c|tc|fi|rba|ya)?sh(?:93|\d(?:\.\d+)?)?$/;
export const INTERPRETER =
  /^(?:python|pypy|perl|ruby|jruby|php|node|nodejs|lua|luajit|tclsh|expect|[gmn]?awk|deno|bun|pwsh|powershell|jshell|groovy|julia|Rscript|irb|ipython)[\d.]{0,8}(?:\.exe)?$/i;
/** Programs that connect to a host and port and hand on what comes. */
export const NET_TOOL =
  /^(?:nc|ncat|netcat|nc\.(?:openbsd|traditional)|pwncat|telnet|socat|openssl|sbd|cryptcat|websocat|rcat|rustcat)$/;
export const FETCHER =
  /^(?:curl|wget2?|fetch|aria2c|axel|lynx|links|elinks|w3m|https?|xh|lwp-(?:download|request)|GET|ftp|lftp|tftp|sftp)$/;
/** Programs that run another, given in their arguments. */
export const WRAPPER =
  /^(?:env|timeout|nohup|nice|ionice|chrt|stdbuf|setsid|setarch|linux(?:32|64)|time|xargs|sudo|doas|su|runuser|gosu|su-exec|chpst|setpriv|capsh|busybox|toybox|exec|command|builtin|watch|flock|find|parallel|script|strace|ltrace|unshare|chroot|nsenter|tini|dumb-init|catatonit|ld-(?:linux|musl)[\w.-]{0,30}|proot|fakeroot|fakechroot|start-stop-daemon|unbuffer|rlwrap|taskset|numactl|prlimit|s6-\w{1,30}|systemd-run|trap|sshpass|proxychains4?|torsocks|kubectl|crictl|docker|nerdctl)$/;

/** What a program named by a pattern, `/bin/n?`, is taken for, if it can be one of these. */
const NAMEABLE =
  'bash sh dash ash zsh nc ncat netcat socat telnet curl wget python python3 perl ruby php nsenter chroot env printenv tar base64';
/** Words of a wrapper that are looked at for the program it starts. */
const MAX_WRAPPED_WORDS = 60;

/**
 * The programs that a command starts: its first word, and behind `env`, `timeout`, `xargs`, `busybox` and their like every
 * word that could be the program, for their options are too many to know.
 */
export function runsOf(words: readonly string[]): Run[] {
  const start = words.findIndex((word) => !/^[A-Za-z_]\w{0,99}=/.test(word));
  if (start < 0) return [];
  const first = runAt(words, start);
  if (!WRAPPER.test(first.program)) return [first];
  const inner = words.slice(start + 1, start + 1 + MAX_WRAPPED_WORDS);
  return [first, ...inner.map((_, index) => runAt(words, start + 1 + index)).filter(isProgram)];
}

function runAt(words: readonly string[], at: number): Run {
  // A variable that nothing sets is empty: c${x}at.
  const path = (words[at] ?? '').replace(UNSET, '');
  const name = nameOf(path);
  const isPattern = /[*?[]/.test(name) && /\w/.test(name);
  const meant = isPattern ? NAMEABLE.split(' ').find((known) => matchesGlob(name, known)) : undefined;
  return { path, program: meant ?? name, args: words.slice(at + 1) };
}

/** Whether a word behind a wrapper can be its program rather than a value or a file. */
function isProgram({ program }: Run): boolean {
  return /^[a-zA-Z[.:][\w.[+-]{0,39}$/.test(program) && !/^(?:root|nobody|KILL|TERM|HUP|INT)$/.test(program);
}

/** The last segment of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether a shell or interpreter takes its script from its input. */
export function readsScript({ program, args }: Run): boolean {
  if (SHELL.test(program)) {
    if (args.some((word) => /^-[a-zA-Z]*c[a-zA-Z]*$|^<\(/.test(word))) return false;
    const isOption = (word: string, index: number) => /^[-+]/.test(word) || args[index - 1] === '-o';
    return args.includes('-s') || args.every((word, index) => isOption(word, index) || word === '/dev/stdin');
  }
  return (
    INTERPRETER.test(program) &&
    !/awk$/.test(program) &&
    args.every((word) => word === '-' || word === '-u' || word === '/dev/stdin')
  );
}

/** The code that an interpreter is given on its command line, or `undefined` where it runs a file. */
export function inlineCodeOf({ program, args }: Run): string | undefined {
  const isGlued = /^(?:perl|ruby)/.test(program);
  const isInline =
    /awk$/.test(program) ||
    args[0] === 'eval' ||
    args.some(
      (word) =>
        /^-[a-zA-Z0-9]{0,5}[cerERB](?:$|[^\w-])/.test(word) ||
        /^--(?:eval|print|run|command)\b|^-(?:command|enc|encodedcommand|ec)$/i.test(word) ||
        (isGlued && /^-[a-z]{0,4}e./.test(word)),
    );
  return isInline ? args.join('\n') : undefined;
}

/** What a tar command line asks for. */
interface Tar {
  readonly mode: 'create' | 'extract' | 'other';
  /** Whether the archive is the standard input or output. */
  readonly isStream: boolean;
  readonly directory: string | undefined;
  readonly paths: readonly string[];
}

/** Reads the arguments of tar, whatever the order and spelling of its options: `cf -`, `-C / -cf -`, `--create --file=-`. */
export function tarOf(args: readonly string[]): Tar {
  let mode: Tar['mode'] = 'other';
  let archive: string | undefined;
  let directory: string | undefined;
  const paths: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? '';
    const [, long, value] = /^--([a-z-]+)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (long !== undefined) {
      if (/^(?:create|append|update)$/.test(long)) mode = 'create';
      else if (/^(?:extract|get)$/.test(long)) mode = 'extract';
      else if (long === 'file') archive = value ?? args[++index];
      else if (long === 'directory') directory = value ?? args[++index];
      else if (/^(?:exclude|files-from|use-compress-program|transform)$/.test(long) && value === undefined) index++;
      continue;
    }
    if (word === '-' || (!word.startsWith('-') && index > 0)) {
      paths.push(word);
      continue;
    }
    const isOldStyle = !word.startsWith('-');
    const flags = isOldStyle ? word : word.slice(1);
    for (let at = 0; at < flags.length; at++) {
      const letter = flags[at] ?? '';
      if (/[cru]/.test(letter)) mode = 'create';
      else if (letter === 'x') mode = 'extract';
      if (!'fCTXIbHV'.includes(letter)) continue;
      // In the old style every value is a word of its own; behind a dash it may be the rest of the word.
      const glued = isOldStyle ? '' : flags.slice(at + 1);
      const taken = glued || args[++index];
      if (letter === 'f') archive = taken;
      if (letter === 'C') directory = taken;
      if (glued) break;
    }
  }
  const isStream = archive === undefined || /^(?:-|\/dev\/(?:stdin|stdout|fd\/[01]))$/.test(archive);
  return { mode, isStream, directory, paths };
}

/** An address in a command line, as written and as understood. */
interface Url {
  readonly host: string;
  readonly path: string;
  readonly text: string;
}

const URL_TEXT = /\b(?:https?|ftps?|tftp|sftp|gopher|dict|smb|wss?|scp|git|s3|gs):\/\/([^\s"'`<>|;)\\]{1,2048})/gi;

/** The addresses with a scheme in a text. */
export function urlsIn(text: string): Url[] {
  return [...text.matchAll(URL_TEXT)].flatMap(([whole, rest = '']) => urlOf(rest, whole));
}

/** Options of curl and wget whose value is the next word. */
const TAKES_VALUE =
  /^-[a-zA-Z]*[oHdXuAbewTFmxKEcrYyzCtQP]$|^--(?!(?:silent|fail|location|insecure|compressed|show-error|quiet|no-[a-z-]+)$)[a-z-]+$/;
const BARE_HOST =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}|\[[0-9a-f:.]{2,45}\]|0x[0-9a-f]{8}|\d{8,10})(?:[:/?]|$)/i;

/** The addresses that curl, wget and their like are given, with a scheme or without. */
export function fetchedBy({ program, args }: Run): Url[] {
  return args.flatMap((word, index) => {
    const urls = urlsIn(word);
    const before = args[index - 1] ?? '';
    const isValue = TAKES_VALUE.test(before) || (program !== 'curl' && /^-[a-zA-Z]*O$/.test(before));
    return urls.length === 0 && !isValue && BARE_HOST.test(word) ? urlOf(word, word) : urls;
  });
}

function urlOf(rest: string, text: string): Url[] {
  const [authority = ''] = rest.split(/[/?#]/, 1);
  const host = canonicalHost(authority.slice(authority.lastIndexOf('@') + 1));
  return host === undefined ? [] : [{ host, path: rest.slice(authority.length), text }];
}

/** Where a fetcher writes what it fetches, as its options say; `-` is the standard output. */
export function outputsOf({ args }: Run): string[] {
  return args.flatMap((word, index) => {
    const glued = /^(?:-[oO]|--output(?:-document)?=)(\S+)$/.exec(word)?.[1];
    if (glued) return [glued];
    return /^-[a-zA-Z]*[oO]$|^--output(?:-document)?$/.test(word) ? [args[index + 1] ?? ''] : [];
  });
}
