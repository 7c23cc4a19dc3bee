import { fetchedBy, NET_TOOL, type Run, runsOf } from './command-line.ts';
import { canonicalHost, isLoopback } from './host.ts';
import type { Redirect, SimpleCommand } from './shell.ts';

/** More words than these of one command are not looked at. */
export const MAX_WORDS = 1000;
const SOCKET_PATH = /^\/dev\/(?:tcp|udp)\/([^/]+)\//;

/** A command with the programs it starts, and what becomes of its output. */
export interface Stage extends SimpleCommand {
  readonly runs: readonly Run[];
  readonly isFirst: boolean;
  /** Whether the client sees its output, be it packed or encoded on the way. */
  readonly isShown: boolean;
  /** Whether a later stage makes arguments of its output. */
  readonly feedsArguments: boolean;
}

/** The stages of a pipeline, from first to last. */
export function stagesOf(commands: readonly SimpleCommand[], isCaptured: boolean): Stage[] {
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

/** Whether a redirection writes to a file. */
export function isFileOutput({ operator, fd, target }: Redirect): boolean {
  return /^&?>[>|]?$/.test(operator) && fd !== '2' && !/^\/dev\/(?:stdout|stderr|null|tcp|udp)/.test(target);
}

/** The other end of a network connection, but for connections to the machine itself and checks of a port. */
export function isRemoteLink({ program, args }: Run): boolean {
  if (program === 'curl') return args.some((word) => /^telnet:/i.test(word));
  if (!NET_TOOL.test(program) || (program === 'openssl' && !/^s_(?:client|server)$/.test(args[0] ?? ''))) return false;
  if (args.some((word) => /^-[a-zA-Z]*l/.test(word))) return true;
  if (args.some((word) => /^-[a-zA-Z]*z/.test(word))) return false;
  return !args.some((word) =>
    isLoopback(canonicalHost(word.replace(/^(?:tcp|udp|ssl|openssl)[\w-]{0,12}:/i, '')) ?? ''),
  );
}

/** Whether a path is the connection to another machine that a shell opens: `/dev/tcp/host/port`. */
export function isRemoteSocket(path: string): boolean {
  const host = SOCKET_PATH.exec(path)?.[1];
  return host !== undefined && !isLoopback(canonicalHost(host) ?? '');
}

/** A redirection that opens a connection and moves nothing worth having: how scripts wait for a port. */
export function isProbe(words: readonly string[], redirects: readonly Redirect[]): boolean {
  const isOneWay = redirects
    .filter(({ target }) => isRemoteSocket(target))
    .every(({ operator, fd }) => /^&?[<>]$|^>&$/.test(operator) && !/^(?:\{|[3-9])/.test(fd));
  const [program = ':', ...args] = words;
  return isOneWay && (/^(?::|true|exit)$/.test(program) || (/^(?:echo|printf)$/.test(program) && args.length === 0));
}

/** A fetcher with the first address that it is given. */
export function describeFetch(run: Run): string {
  const [url] = fetchedBy(run);
  return url ? `${run.program} ${url.text}` : run.program;
}
