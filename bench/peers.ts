import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundled } from './bundle.ts';
import { messagesOf, written } from './corpus.ts';
import { least, median } from './interleave.ts';
import { note } from './note.ts';
import { columns } from './report.ts';

/** A command line: a program, its arguments, and what its environment has unless it is set already. */
type Command = readonly [program: string, args: readonly string[], env?: Readonly<Record<string, string>>];

/** Somebody who can tell which events meet the five rules of peers/README.md. */
interface Peer {
  readonly name: string;
  /** What has to work before: a compiler run, or the question whether it is there. */
  readonly needs?: Command;
  readonly run: Command;
}

const program = (name: string) => fileURLToPath(new URL(`peers/${name}`, import.meta.url));

const DUCKDB = `
  import { readFileSync } from 'node:fs';
  import { DuckDBInstance } from '@duckdb/node-api';
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const [rules, events] = process.argv.slice(1);
  const [row] = await (await connection.runAndReadAll(readFileSync(rules, 'utf8'), [events])).getRows();
  process.stdout.write(JSON.stringify(row.map(Number)));
`;
const NODE_DUCKDB = ['--input-type=module', '--eval'];

/** The parts of the five rules that one line of text shows, in the order in which the API server writes them. */
const CANDIDATES = [
  '"objectRef":\\{"resource":"pods"[^}]*"subresource":"exec"',
  '"user":\\{"username":"system:anonymous"',
  '"verb":"(create|update|patch)".*"objectRef":\\{"resource":"clusterrolebindings".*"cluster-admin"',
  '"verb":"create".*"objectRef":\\{"resource":"pods".*"privileged":true',
  '"verb":"list","user":\\{"username":"([^s]|s[^y]).*"objectRef":\\{"resource":"secrets","apiVersion"',
];

function peersOf(events: string, directory: string): Peer[] {
  const go = `${directory}/rules-go`;
  const cpp = `${directory}/rules-cpp`;
  const debianGo = { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: `${directory}/go-cache` };
  return [
    { name: 'ours', run: [process.execPath, [bundled('peers/ours.ts', 'rulesMet', directory), events]] },
    { name: 'jq', run: ['jq', ['-n', '-c', '-f', program('rules.jq'), events]] },
    { name: 'Python', run: ['python3', [program('rules.py'), events]] },
    {
      name: 'DuckDB',
      needs: [process.execPath, [...NODE_DUCKDB, "import '@duckdb/node-api'"]],
      run: [process.execPath, [...NODE_DUCKDB, DUCKDB, program('rules.sql'), events]],
    },
    {
      name: 'Go, valyala/fastjson',
      needs: ['go', ['build', '-o', go, program('rules.go')], debianGo],
      run: [go, [events]],
    },
    {
      name: 'C++, simdjson',
      needs: ['g++', ['-O3', '-std=c++17', '-o', cpp, program('rules.cpp'), '-lsimdjson']],
      run: [cpp, [events]],
    },
    {
      name: 'ripgrep (candidates only)',
      run: ['rg', ['--count', ...CANDIDATES.flatMap((one) => ['-e', one]), events]],
    },
  ];
}

function execute([file, args, env]: Command):
  | { readonly answer: string; readonly ms: number }
  | { readonly missing: string } {
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    encoding: 'utf8',
    env: { ...env, ...process.env },
  });
  const ms = performance.now() - start;
  if (error) return { missing: `no ${file}` };
  const complaint = stderr.split('\n').find((line) => /error|cannot find/i.test(line)) ?? stderr.trim();
  return status === 0 ? { answer: stdout.replace(/\s/g, ''), ms } : { missing: complaint.slice(0, 100) };
}

/** Times everybody who is installed on the events of a file of payloads, and says who is not. */
export function comparePeers(payloads: string, directory: string, rounds: number): string {
  const events = written(`${directory}/events.ndjson`, messagesOf(payloads));
  const peers = peersOf(events, directory);
  const missing = new Map<string, string>();
  const times = new Map<string, number[]>();
  const answers = new Map<string, string>();
  for (let round = 0; round < rounds; round++) {
    for (const { name, needs, run } of peers) {
      if (missing.has(name)) continue;
      note(`run ${round + 1} of ${rounds}: ${name}`);
      const ready = needs && round === 0 ? execute(needs) : undefined;
      const outcome = ready && 'missing' in ready ? ready : execute(run);
      if ('missing' in outcome) missing.set(name, outcome.missing);
      else {
        times.set(name, [...(times.get(name) ?? []), outcome.ms]);
        answers.set(name, outcome.answer);
      }
    }
  }
  note('');
  const ours = least(times.get('ours') ?? []);
  const rows = [...times].map(([name, ms]) => [
    name,
    `${median(ms).toFixed(0)} ms`,
    `${least(ms).toFixed(0)} ms`,
    (least(ms) / ours).toFixed(2),
    answers.get(name) ?? '',
  ]);
  return [
    columns([['', 'median', 'least', '× ours', 'found by each rule'], ...rows]),
    ...[...missing].map(([name, why]) => `not measured: ${name} (${why})\n`),
  ].join('');
}
