import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Alert } from '../core/alert.ts';
import type { RegisteredDetector } from '../core/detector.ts';
import { Incidents } from '../core/incidents/incidents.ts';
import { inert } from '../core/inert.ts';
import { didYouMean } from '../core/nearest.ts';
import { createPipeline, type Outgoing, type Pipeline } from '../core/pipeline.ts';
import { DEFAULT_POLICY, incidentWindowsOf, type Policy, PolicyError, parsePolicy } from '../core/policy.ts';
import type { Delivery, Quarantined } from '../core/record.ts';
import { severityRank } from '../core/severity.ts';
import type { EventContext, Origin } from '../core/source.ts';
import { type ReplayArguments, UsageError } from './arguments.ts';
import { detectors as registry } from './detectors.ts';
import { inputsOf, type ListedInput } from './inputs.ts';
import { deliveriesIn } from './read.ts';
import { briefAlert, prettyAlert, terminalOf } from './render/pretty.ts';
import { Progress } from './render/progress.ts';
import { summary, Tally, type Told } from './render/summary.ts';

/** Replays what the arguments name and returns the exit code. Throws {@link UsageError} before anything is read. */
export async function replay(args: ReplayArguments): Promise<number> {
  const startedAt = Date.now();
  const policy = args.policy === undefined ? DEFAULT_POLICY : readPolicy(args.policy);
  const inputs = inputsOf(args.paths);
  const pipeline = createPipeline({
    detectors: chosen(args.detectors),
    policy,
    all: args.all || args.detectors !== undefined,
    ...(isNarrowed(args) ? { wants: (context: EventContext) => isWanted(context, args) } : {}),
  });
  const bytes = inputs.some((input) => input.bytes === 0) ? 0 : inputs.reduce((sum, input) => sum + input.bytes, 0);
  const progress = new Progress(bytes, startedAt);
  const run = new Replay(args, policy, pipeline, progress, inputs);

  let exitCode = 0;
  for (const input of inputs) {
    try {
      await run.input(input);
    } catch (error) {
      progress.clear();
      process.stderr.write(`${inert(input.name)}: cannot be read: ${error instanceof Error ? error.message : error}\n`);
      exitCode = 2;
    }
  }
  await run.end();
  progress.clear();
  const seconds = (Date.now() - startedAt) / 1000;
  process.stderr.write(`\n${summary(pipeline.counts, run.told, run, seconds, terminalOf(process.stderr))}`);
  return exitCode || (run.failed ? 3 : 0);
}

/** One replay under way: judges deliveries, folds findings into incidents, prints alerts, keeps the accounts. */
class Replay {
  readonly told: Told = { alerted: 0, folded: 0, muted: 0, suppressed: 0, shadow: 0, below: 0, rollUps: 0 };
  readonly byDetector = new Map<string, Tally>();
  readonly byInput: ReadonlyMap<string, Tally>;
  failed = false;

  readonly #args: ReplayArguments;
  readonly #pipeline: Pipeline;
  readonly #progress: Progress;
  readonly #incidents: Incidents;
  /** Where the alerts that may still be rolled up came from. */
  readonly #origins = new Map<string, Origin & { readonly part: string }>();
  readonly #seen = new Set<string>();
  readonly #terminal = terminalOf(process.stdout);
  #printed = 0;
  /** Under which heading the next alert is printed. */
  #heading = '';

  constructor(
    args: ReplayArguments,
    policy: Policy,
    pipeline: Pipeline,
    progress: Progress,
    inputs: readonly ListedInput[],
  ) {
    this.#args = args;
    this.#pipeline = pipeline;
    this.#progress = progress;
    this.#incidents = new Incidents(incidentWindowsOf(policy, registry));
    this.byInput = new Map(inputs.map(({ part }) => [inert(part), new Tally()]));
  }

  async input(input: ListedInput): Promise<void> {
    const { source, cluster, account, region } = this.#args;
    const onBytes = (bytes: number) => this.#progress.addBytes(bytes);
    const isQuiet = (line: Buffer) => {
      const quiet = (source ?? 'k8s-audit') === 'k8s-audit' && this.#pipeline.isQuiet(line);
      if (quiet) this.#progress.addRecord();
      return quiet;
    };
    const part = inert(input.part);
    for await (const delivery of deliveriesIn(input, {
      source,
      origin: { cluster, account, region },
      onBytes,
      isQuiet,
    })) {
      await this.#receive(delivery, part);
    }
  }

  async end(): Promise<void> {
    await this.#print(this.#incidents.closeAll());
    if (this.#args.format === 'json') await write(this.#printed === 0 ? '[]\n' : '\n]\n');
  }

  async #receive(delivery: Delivery, part: string): Promise<void> {
    this.#progress.addRecord();
    const { outgoing, quarantined } = this.#pipeline.receive(delivery);
    for (const bad of quarantined) this.#report(bad);
    for (const one of outgoing) await this.#send(one, { ...delivery.origin, part });
  }

  async #send({ alert, muted }: Outgoing, origin: Origin & { readonly part: string }): Promise<void> {
    const below = severityRank(alert.severity) < severityRank(this.#args.minSeverity);
    if (muted || below) {
      this.told.muted++;
      this.told[muted === 'shadow' ? 'shadow' : muted ? 'suppressed' : 'below']++;
      return;
    }
    const known = this.#origins.get(alert.alertId);
    this.#origins.set(alert.alertId, known ?? origin);
    for (const tally of this.#talliesOf(alert)) tally.findings++;
    const { failOn } = this.#args;
    if (failOn && severityRank(alert.severity) >= severityRank(failOn)) this.failed = true;
    const { told, folded } = this.#args.incidents ? this.#incidents.fold(alert) : this.#alone(alert);
    if (folded) this.told.folded++;
    else this.told.alerted++;
    await this.#print(told);
  }

  /** Without incidents every finding is told by itself, and a second delivery of the same one not again. */
  #alone(alert: Alert): { told: readonly Alert[]; folded: boolean } {
    const folded = this.#seen.has(alert.alertId);
    this.#seen.add(alert.alertId);
    return { told: folded ? [] : [alert], folded };
  }

  /** Where an alert is counted: under its detector and under its input. */
  #talliesOf({ alertId, detector }: Alert): Tally[] {
    const ofDetector = this.byDetector.get(detector.id) ?? new Tally();
    this.byDetector.set(detector.id, ofDetector);
    const ofInput = this.byInput.get(this.#origins.get(alertId)?.part ?? '');
    return ofInput ? [ofDetector, ofInput] : [ofDetector];
  }

  async #print(alerts: readonly Alert[]): Promise<void> {
    for (const alert of alerts) {
      if (alert.incident.state === 'closed') this.told.rollUps++;
      else for (const tally of this.#talliesOf(alert)) tally.alerts[alert.severity]++;
      this.#progress.clear();
      await write(this.#rendered(alert));
      this.#printed++;
    }
  }

  #rendered(alert: Alert): string {
    const { file, line, part = '' } = this.#origins.get(alert.alertId) ?? {};
    if (this.#args.format === 'brief') return this.#headed(part, briefAlert(alert, this.#terminal));
    if (this.#args.format === 'pretty') {
      const found = file === undefined ? undefined : inert(`${file === '-' ? 'standard input' : file}:${line ?? 0}`);
      return this.#headed(part, `${prettyAlert(alert, this.#terminal, found)}\n`);
    }
    const located = { ...alert, origin: { file, line } };
    if (this.#args.format === 'jsonl') return `${JSON.stringify(located)}\n`;
    const indented = JSON.stringify(located, null, 2).replaceAll('\n', '\n  ');
    return `${this.#printed === 0 ? '[' : ','}\n  ${indented}`;
  }

  /** A text under the heading of its input, unless that stands above it already or there is only one. */
  #headed(part: string, text: string): string {
    if (this.byInput.size === 1 || part === this.#heading) return text;
    const gap = this.#args.format === 'brief' && this.#printed > 0 ? '\n' : '';
    this.#heading = part;
    return `${gap}${this.#terminal.style(['bold', 'underline'], part)}\n\n${text}`;
  }

  #report({ reason, detail, origin }: Quarantined): void {
    this.#progress.clear();
    process.stderr.write(`${inert(`${origin.file ?? '-'}:${origin.line ?? 0}: ${reason}: ${detail}`)}\n`);
  }
}

/** Waits where the reader of standard output is slower than we are, so that memory stays flat. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

function readPolicy(file: string): Policy {
  let yaml: string;
  try {
    yaml = readFileSync(file, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new UsageError(
      `--policy: ${isMissing ? `no such file: ${file}` : error instanceof Error ? error.message : error}`,
    );
  }
  try {
    return parsePolicy(
      yaml,
      file,
      registry.map(({ detector }) => detector.id),
    );
  } catch (error) {
    if (error instanceof PolicyError) throw new UsageError(error.message);
    throw error;
  }
}

function chosen(ids: readonly string[] | undefined): readonly RegisteredDetector[] {
  if (!ids) return registry;
  const known = registry.map(({ detector }) => detector.id);
  for (const id of ids) {
    if (!known.includes(id as never)) throw new UsageError(`--detector: no detector "${id}"${didYouMean(id, known)}`);
  }
  return registry.filter(({ detector }) => ids.includes(detector.id));
}

function isNarrowed({ since, until, cluster, account, region }: ReplayArguments): boolean {
  return [since, until, cluster, account, region].some((narrowing) => narrowing !== undefined);
}

/** Whether an event lies in the time and place asked for; what it does not say is taken to fit. */
function isWanted({ event }: EventContext, args: ReplayArguments): boolean {
  const time = event.time === undefined ? undefined : Date.parse(event.time);
  const fits = (wanted: string | undefined, said: string | undefined) => !wanted || !said || wanted === said;
  return (
    (time === undefined || ((args.since ?? -Infinity) <= time && time < (args.until ?? Infinity))) &&
    fits(args.cluster, event.cluster) &&
    fits(args.account, event.account) &&
    fits(args.region, event.region)
  );
}
