import { urlsIn } from './command-line.ts';
import { canonicalHost, isForeignAddress, isForeignHost, isLoopback, isMetadataHost } from './host.ts';
import { decodeBytes, decodeEscapes, UNSET } from './shell.ts';
import { type Betrayal, sign } from './traits.ts';

const METADATA_TEXT =
  /\/latest\/(?:api\/token|meta-data|user-data|dynamic)\b|computeMetadata\/v1|metadata\/identity\/oauth2\/token|x-aws-ec2-metadata-token|\bAWS_CONTAINER_CREDENTIALS_(?:FULL|RELATIVE)_URI\b/i;
const METADATA_NAME = /\binstance-data(?:\.ec2\.internal)?(?=[/:\s"']|$)|\bmetadata\.google\.internal\b/i;
const TOKEN_TEXT = /\bAWS_WEB_IDENTITY_TOKEN_FILE\b|\bAWS_CONTAINER_AUTHORIZATION_TOKEN(?:_FILE)?\b/;
const KEY_TEXT =
  /\$\{?AWS_(?:SECRET_ACCESS_KEY|SESSION_TOKEN)\b|\b(?:environ|getenv|ENV|process\.env)\W{1,4}AWS_(?:SECRET|SESSION)/;
const KERNEL_TEXT = /\brelease_agent\b|\/kernel\/core_pattern\b|\buevent_helper\b|\/proc\/sysrq-trigger\b/;
const MINER_TEXT = /\bstratum\d?\+(?:tcp|ssl|tls)\b|--donate-level\b/;

const CODE_SOCKET =
  /\bsocket\b|IO::Socket|\bTCPSocket\b|\b(?:p?fsockopen|stream_socket_client|socket_create)\b|\bnet\.(?:Socket|connect|createConnection)\b|require\(["'](?:node:)?(?:net|tls)["']\)|\/inet\/(?:tcp|udp)\/|Net\.Sockets|\b(?:Deno|Bun)\.connect\b/i;
const CODE_RUNS =
  /\bdup2\b|\bsubprocess\b|\bpopen\w*|\b(?:shell_|pcntl_)?exec\w*|\bsystem\b|\bspawn\w*|\bchild_process\b|\bproc_open\b|\bpassthru\b|\/bin\/\w{0,4}sh\b|\bcmd\.exe\b|\bProcessBuilder\b|\bSTDIN\b|\beval\b|\|&\s?getline|[<>]&\s?\d|`\$\w|\bDeno\.(?:run|Command)\b|\b(?:iex|IEX|Invoke-Expression)\b/;
const CODE_TRANSFERS =
  /\b(?:send|sendall|sendto|recv|recvfrom|write|fwrite|fputs|puts|fread|fgets|GetStream|socket_(?:read|write|recv|send))\b/;
const CODE_FETCHES =
  /\burllib|\brequests\.|\bhttp\.client\b|\bhttpx\b|\baiohttp\b|LWP\b|\bgetstore\b|HTTP::Tiny|open-uri|Net::HTTP|\bURI\.open\b|\bfile_get_contents\b|\bcurl_\w+|\bfetch\(|\bhttps?\.(?:get|request)\b|\bcopy\(|\baxios\b|\bInvoke-WebRequest\b|\biwr\b|\bDownload(?:String|File)\b|\burlretrieve\b|\burlopen\b/i;
const CODE_RUNS_TEXT =
  /\b(?:exec|eval|instance_eval|load|loadstring|system|Function|iex|compile|subprocess|popen|execSync)\b/i;
const CODE_DECODES =
  /b64decode|base64_decode|decode64|decode_base64|Buffer\.from\(|\batob\(|fromhex|unhexlify|\bunpack\(|zlib\.|FromBase64String|gzinflate|rot_?13/i;
/** The whole environment, not one variable of it. */
const CODE_ENVIRONMENT =
  /\bprocess\.env\b(?![.[])|\bos\.environ\b(?!\[|\.get)|\bENV\.(?:to_h|each|inspect)|\bp(?:uts)? ENV\b(?!\[)|\bgetenv\(\)|\$_ENV\b(?!\[)|%ENV\b/;
/** A shell that talks to a terminal made for it: Python's pty, expect. */
const CODE_TERMINAL = /\bpty\b[\s\S]{0,40}\bspawn\b|\bspawn\b[\s\S]{0,60}\binteract\b/;
/** Python's and Perl's way out of the container. */
const CODE_CHROOT = /\bchroot\W{1,4}\/|\bsetns\b/;
const CODE_LITERAL = /(["'`])((?:(?!\1)[^\n]){4,4000})\1/g;

const DOTTED = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)/g;
const HOST_RUN = /[0-9a-fx.:[\]%\uff10-\uff19]{6,64}/gi;
/** Signs that mean the same whatever the program. */
export function* textSigns(word: string): Generator<Betrayal> {
  const metadata = metadataIn(word);
  if (metadata) yield sign('cloud-metadata', metadata);
  const token = TOKEN_TEXT.exec(word)?.[0];
  if (token) yield sign('reads-token', token);
  if (KEY_TEXT.test(word)) yield sign('reads-credential', 'AWS keys in the environment');
  const kernel = KERNEL_TEXT.exec(word)?.[0];
  if (kernel) yield sign('kernel-escape', kernel);
  const miner = MINER_TEXT.exec(word)?.[0];
  if (miner) yield sign('attack-tool', miner);
}

/** Code as it reads with 'a' + 'b' as one text, and '\x61' as a letter. */
export function plainCode(raw: string): string {
  return decodeEscapes(raw).replace(/(["'])\s{0,8}[+.]?\s{0,8}\1/g, '');
}

/** What the code betrays that `program` is given on its command line. */
export function* codeSigns(program: string, code: string): Generator<Betrayal> {
  const metadata = metadataIn(code);
  if (metadata) yield sign('cloud-metadata', metadata);
  if (CODE_ENVIRONMENT.test(code)) yield sign('dumps-environment', program);
  if (CODE_CHROOT.test(code)) yield sign('enters-host', `${program}: chroot`);
  if (CODE_TERMINAL.test(code)) yield sign('terminal-upgrade', `${program}: spawn`);

  const socket = CODE_SOCKET.exec(code)?.[0];
  const isLocal = /\b(?:localhost|127\.0\.0\.1)\b/.test(code) && !namesForeignAddress(code);
  if (socket && !isLocal) {
    if (CODE_RUNS.test(code)) yield sign('reverse-shell', `${program}: ${socket}`);
    else if (CODE_TRANSFERS.test(code)) yield sign('raw-socket', `${program}: ${socket}`);
  }
  if (CODE_FETCHES.test(code)) {
    const urls = urlsIn(code).filter(({ host }) => !isLoopback(host));
    for (const { host, text } of urls) {
      if (isForeignHost(host)) yield sign(isForeignAddress(host) ? 'download-address' : 'download', text);
    }
    if (urls.length > 0 && CODE_RUNS_TEXT.test(code)) yield sign('runs-download', program);
  }
  if (CODE_DECODES.test(code) && CODE_RUNS_TEXT.test(code)) yield sign('hidden-script', program);
}

/** The texts that stand in quotes in code. */
export function literalsIn(code: string): string[] {
  return [...code.matchAll(CODE_LITERAL)].map(([, , inner = '']) => inner);
}

/** The pieces of a word that may be paths: `if=/x`, `@/x`, `file:///x`, `open('/x')`; what a URL names is elsewhere. */
export function pathsIn(word: string): string[] {
  return (
    word
      // Whatever process a variable or substitution names.
      .replace(/(\/proc\/)\$(?:\w+|\([^)]{0,200}\))/g, '$1*')
      .replace(UNSET, '')
      .replace(/\b(?:https?|wss?|ftps?):\/\/[^\s"'`]*/gi, ' ')
      .replace(/%2f/gi, '/')
      .replace(/%2e/gi, '.')
      .split(/[\s"'`,;()<>|&=@:\\]+/)
      .filter((piece) => piece.length > 1 && piece.length < 4096 && !piece.startsWith('-'))
  );
}

/** What in a text names an endpoint that hands out credentials. */
function metadataIn(text: string): string | undefined {
  const named = METADATA_TEXT.exec(text)?.[0] ?? METADATA_NAME.exec(text)?.[0];
  if (named) return named;
  for (const { host } of urlsIn(text)) if (isMetadataHost(host)) return host;
  for (const [address] of text.matchAll(DOTTED)) if (isMetadataHost(address)) return address;
  for (const [run] of text.matchAll(HOST_RUN)) {
    const trimmed = run.replace(/^[.:%]+|[.:%]+$/g, '');
    for (const candidate of [trimmed, trimmed.replace(/:\d{1,5}$/, '')]) {
      const host = canonicalHost(candidate);
      if (host && isMetadataHost(host)) return host;
    }
  }
  return undefined;
}

/** Whether a text holds an IPv4 address of the internet. */
export function namesForeignAddress(text: string): boolean {
  for (const [address] of text.matchAll(DOTTED)) if (isForeignHost(address)) return true;
  return false;
}

/** Readable texts that stand encoded in a word, in base64 or hex. */
export function blobsIn(word: string): string[] {
  const texts: (string | undefined)[] = [];
  for (const [run] of word.matchAll(/(?:[0-9a-f]{2}){8,}/gi)) texts.push(decodeBytes(run, 'hex'));
  for (const [run] of word.matchAll(/[A-Za-z0-9+/_-]{12,}={0,2}/g)) {
    for (const piece of [run, ...run.split(/[/_-]/)]) if (piece.length >= 12) texts.push(decodeBytes(piece, 'base64'));
  }
  return texts.filter((text) => text !== undefined && /[\s/]/.test(text)).map(String);
}
