import {
  FETCHER,
  fetchedBy,
  INTERPRETER,
  inlineCodeOf,
  nameOf,
  outputsOf,
  type Run,
  readsScript,
  runsOf,
  SHELL,
  WRAPPER,
} from './command-line.ts';
import { kindOfPath, type PathKind, resolvePath } from './credential-path.ts';
import { isLoopback } from './host.ts';
import { fetchSigns, programSigns, sent, transferSigns } from './program-signs.ts';
import {
  isDecoder,
  outputOfStages,
  parseScript,
  type Redirect,
  type Script,
  type SimpleCommand,
  type Variables,
} from './shell.ts';
import {
  describeFetch,
  isFileOutput,
  isProbe,
  isRemoteLink,
  isRemoteSocket,
  MAX_WORDS,
  type Stage,
  stagesOf,
} from './stage.ts';
import { blobsIn, codeSigns, literalsIn, pathsIn, plainCode, textSigns } from './text-signs.ts';
import { type Betrayal, sign, type Trait } from './traits.ts';

/** What is longer than this in all, with what is encoded inside, is called a hidden script. An API request line is shorter. */
const MAX_JUDGED_LENGTH = 1024 * 1024;
const MAX_SCRIPTS = 400;
/** No script that people write has as many; what has is called a hidden script. */
const MAX_COMMANDS = 10_000;
/** No program lives deeper; a script of nothing but `cd a` would take time of its length squared. */
const MAX_DIRECTORY_LENGTH = 256;
const BEYOND_JUDGEMENT = sign('hidden-script', 'more, or more deeply nested, than can be judged');
const MAX_SIGNS = 40;

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

class Inspector {
  readonly found = new Map<string, Betrayal>();
  private directory = '/';
  private scripts = 0;
  private length = 0;
  private commands = 0;
  private readonly seen = new Set<string>();

  commandLine(argv: readonly string[]): void {
    this.pipelines([[{ words: argv, redirects: [] }]], false);
    const [line = '', ...others] = argv;
    // The kubelet's /run and careless clients send the line as one word.
    if (others.length === 0 && /\s/.test(line)) this.script(line);
  }

  private add(...betrayals: readonly Betrayal[]): void {
    for (const betrayal of betrayals) {
      const { trait, sign: shown } = betrayal;
      if (this.found.size >= MAX_SIGNS && [...this.found.values()].some((one) => one.trait === trait)) continue;
      this.found.set(`${trait}\n${shown}`, betrayal);
    }
  }

  private script(text: string, variables?: Variables, isCaptured = false): void {
    if (this.isNew(text)) this.parsed(parseScript(text, variables), isCaptured);
  }

  /** Whether a script or code was not yet judged and still can be. */
  private isNew(text: string): boolean {
    if (this.seen.has(text)) return false;
    this.seen.add(text);
    this.length += text.length;
    const isJudged = ++this.scripts <= MAX_SCRIPTS && this.length <= MAX_JUDGED_LENGTH;
    if (!isJudged) this.add(BEYOND_JUDGEMENT);
    return isJudged;
  }

  private parsed({ pipelines, substitutions }: Script, isCaptured: boolean): void {
    this.pipelines(pipelines, isCaptured);
    for (const inner of substitutions) this.parsed(inner, true);
  }

  private pipelines(pipelines: readonly (readonly SimpleCommand[])[], isCaptured: boolean): void {
    for (const { length } of pipelines) this.commands += length;
    if (this.commands > MAX_COMMANDS) {
      this.add(BEYOND_JUDGEMENT);
      return;
    }
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
    if (words.length >= MAX_WORDS) this.add(sign('hidden-script', `a command of more than ${MAX_WORDS} words`));
    for (const word of [...words, ...redirects.map(({ target }) => target)]) {
      this.add(...textSigns(word));
      for (const hidden of blobsIn(word)) this.script(hidden, undefined, true);
    }
    this.paths(stage);
    this.sockets(stage);
    if (/^[$<]\(/.test(words[0] ?? '')) this.output(words[0] ?? '');
    for (const run of runs) {
      this.add(...programSigns(run), ...fetchSigns(run, redirects));
      this.nested(run, redirects);
      if (!isCaptured) this.add(...transferSigns(run, stage, this.directory));
    }
    const shell = runs.find((run) => SHELL.test(run.program) && readsScript(run));
    if (shell && stage.isFirst) this.add(sign('shell', shell.program));
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
        if (program === 'find' && /^-i?(?:name|path|wholename)$/.test(words[index - 1] ?? ''))
          this.sought(word, access);
      }
    }
    for (const { target, operator } of redirects) {
      if (operator === '<<' || (operator === '<<<' && !/^(?:xargs|parallel|read)$/.test(program))) continue;
      for (const path of pathsIn(target)) {
        const kind = kindOfPath(resolvePath(path, this.directory));
        if (kind) this.path(path, kind, operator.startsWith('<') ? 'read' : 'unknown');
      }
    }
    if (/^(?:cd|pushd)$/.test(program) && main?.args[0]) {
      const directory = resolvePath(main.args[0], this.directory);
      if (directory.length <= MAX_DIRECTORY_LENGTH) this.directory = directory;
    }
  }

  /** What find is told to look for: a name, `*` in it left out. */
  private sought(pattern: string, access: Access): void {
    const name = nameOf(pattern.replaceAll('*', ''));
    if (/^(?:tokens?|shadow|id_\w*|kubeconfig|credentials?)$/i.test(name)) this.path(pattern, 'credential', access);
    else if (access === 'read' && kindOfPath(`/${pattern.replace(/^\**/, 'x')}`)) this.path(pattern, 'key', access);
  }

  private path(path: string, kind: PathKind, access: Access): void {
    // A server is given its key by name, and an application its settings; only who reads them takes them away.
    if (kind === 'key' && (access === 'look' || access === 'use')) return;
    if (kind === 'secret' && access !== 'read') return;
    if (access !== 'look') this.add(sign(TRAIT_OF_PATH[kind], path));
    else if (kind === 'token' || kind === 'credential') this.add(sign('looks-at-credentials', path));
  }

  /** Connections that a shell opens by itself, through /dev/tcp. */
  private sockets({ words, redirects, runs }: Stage): void {
    const socket = redirects.find(({ target }) => isRemoteSocket(target));
    if (!socket) {
      const word = words.find((one) => !/\s/.test(one) && isRemoteSocket(one));
      if (word !== undefined) this.add(sign('raw-socket', word));
      return;
    }
    const isInput = redirects.some(
      ({ fd, operator, target }) => operator === '<>' || (/^[<>]&$/.test(operator) && (fd === '0' || target === '0')),
    );
    const obeys = runs.some((run) => SHELL.test(run.program) && (isInput || readsScript(run)));
    if (obeys || (isInput && !/^(?:exec|)$/.test(words[0] ?? ''))) this.add(sign('reverse-shell', socket.target));
    else if (!isProbe(words, redirects)) this.add(sign('raw-socket', socket.target));
  }

  /** What stands in `$(…)` or `<(…)` in the place of a program or a script. */
  private output(text: string): void {
    for (const { words } of commandsIn(parseScript(text.replace(/^<\(/, '$(')))) {
      for (const run of runsOf(words)) {
        if (FETCHER.test(run.program)) this.add(sign('runs-download', describeFetch(run)));
        else if (isRemoteLink(run)) this.add(sign('reverse-shell', run.program));
        else if (isDecoder([run.program, ...run.args])) this.add(sign('hidden-script', run.program));
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
    else if (/^(?:echo|printf)$/.test(program) && (redirects.some(isFileOutput) || args.some(opensSocket))) {
      // A script that is written now is run later.
      this.script(outputOfStages([{ words: [program, ...args], redirects: [] }]) ?? args.join(' '));
    } else if (INTERPRETER.test(program)) {
      const code = inlineCodeOf(run);
      if (code !== undefined) this.code(program, code);
      if (here !== undefined) this.code(program, here);
    } else if (WRAPPER.test(program)) for (const word of args) if (/\s/.test(word)) this.script(word);
  }

  private code(program: string, raw: string): void {
    const code = plainCode(raw);
    for (const path of pathsIn(code)) {
      const kind = path.includes('/') ? kindOfPath(resolvePath(path)) : undefined;
      if (kind) this.path(path, kind, 'read');
    }
    this.add(...codeSigns(program, code));
    for (const inner of literalsIn(code)) if (/\s/.test(inner)) this.script(inner);
    for (const hidden of blobsIn(code)) if (this.isNew(`${program}\n${hidden}`)) this.code(program, hidden);
  }

  /** What the stages of a pipeline say together. */
  private pipeline(stages: readonly Stage[]): void {
    const link = stages.flatMap(({ runs }) => runs).find(isRemoteLink);
    let fetcher: Run | undefined;
    let decoder: Run | undefined;
    for (const [index, { runs, words }] of stages.entries()) {
      const runner = runs.find(readsScript);
      if (runner) {
        if (fetcher) this.add(sign('runs-download', describeFetch(fetcher)));
        else if (decoder) this.add(sign('hidden-script', decoder.program));
        if (link) this.add(sign('reverse-shell', `${link.program} and ${runner.program}`));
        const text = index < 8 ? outputOfStages(stages.slice(0, index)) : undefined;
        if (text !== undefined && SHELL.test(runner.program)) this.script(text);
        else if (text !== undefined) this.code(runner.program, text);
      }
      fetcher ??= runs.find(({ program }) => FETCHER.test(program));
      if (isDecoder(words)) decoder ??= runs[0];
      decoder ??= runs.find(({ program, args }) => isDecoder([program, ...args]));
    }
    const source = stages.slice(0, -1).flatMap(({ runs }) => runs);
    const [first] = stages[0]?.runs ?? [];
    const shown = stages.at(-1);
    if (
      first?.program === 'cat' &&
      shown?.isShown &&
      shown.runs.some(({ program }) => /^(?:base64|base32|xxd|od)$/.test(program))
    ) {
      const files = first.args.filter((word) => !word.startsWith('-'));
      if (files.length > 0) this.add(sent(files, this.directory));
    }
    const sink = stages.at(-1)?.runs.find((run) => run.program !== 'openssl' && isRemoteLink(run));
    if (sink && source.some(({ program }) => /^(?:g?tar|cat|dd|gzip|base64|zip)$/.test(program)))
      this.add(sign('raw-socket', sink.program));
  }

  /** What the commands of one script say together, wherever they stand. */
  private sequence(stages: readonly Stage[]): void {
    const runs = stages.flatMap((stage) => stage.runs);
    const link = runs.find(isRemoteLink);
    const hasPipe = runs.some(
      ({ program, args }) => program === 'mkfifo' || (program === 'mknod' && args.includes('p')),
    );
    const shell = runs.find((run) => SHELL.test(run.program) && readsScript(run));
    if (link && hasPipe && shell) this.add(sign('reverse-shell', `mkfifo, ${shell.program} and ${link.program}`));

    const socket = stages.flatMap(({ redirects }) => redirects).find(({ target }) => isRemoteSocket(target));
    const obeys = stages.some(
      ({ words, redirects, runs: started }) =>
        redirects.some(
          ({ operator, target, fd }) => /^[<>]&$/.test(operator) && (fd === '0' || /^[3-9]|^\d\d/.test(target)),
        ) &&
        (/^\$|^eval$/.test(words[0] ?? '') || started.some(({ program }) => SHELL.test(program))),
    );
    if (socket && (obeys || (shell && hasPipe))) this.add(sign('reverse-shell', socket.target));

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
    if (isStarted) this.add(sign('runs-download', describeFetch(fetcher)));
  }
}

/** Whether a line of a crontab or the like opens a connection by the shell. */
function opensSocket(word: string): boolean {
  return /\s/.test(word) && /\/dev\/(?:tcp|udp)\//.test(word);
}

function positional(parameters: readonly string[]): Variables {
  const values: Variables = new Map(parameters.slice(0, 10).map((value, index) => [String(index), value]));
  const list = parameters.slice(1).join(' ');
  return values.set('@', list).set('*', list);
}

function commandsIn({ pipelines, substitutions }: Script): SimpleCommand[] {
  return [...pipelines.flat(), ...substitutions.flatMap(commandsIn)];
}
