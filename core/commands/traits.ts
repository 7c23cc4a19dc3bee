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

const MAX_SIGN_LENGTH = 160;

/** A betrayal with its sign cut to what an analyst reads. */
export function sign(trait: Trait, text: string): Betrayal {
  return { trait, sign: text.length > MAX_SIGN_LENGTH ? `${text.slice(0, MAX_SIGN_LENGTH)}…` : text };
}
