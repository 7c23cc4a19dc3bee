import { createHash } from 'node:crypto';
import { ENGINES, type EngineName } from './engines.ts';
import { linesOf } from './lines.ts';

/** What one process saw of one engine. Reading the file is not in the times. */
export interface Run {
  readonly events: number;
  readonly parsed: number;
  readonly payloads: number;
  readonly alerts: number;
  readonly alertsHash: string;
  readonly ms: number;
  /** User and system time, of all threads. */
  readonly cpuMs: number;
  /** From making the engine to the first payload's outcome. */
  readonly firstMs: number;
  readonly peakMb: number;
}

/** One engine over one file of payloads, in a process that has done nothing before. */
export async function runOnce(name: EngineName, path: string): Promise<Run> {
  const hash = createHash('sha256');
  let [events, parsed, payloads, alerts, ms, cpuMs, firstMs] = [0, 0, 0, 0, 0, 0, 0];
  let engine: ReturnType<(typeof ENGINES)[EngineName]> | undefined;
  for (const payload of linesOf(path)) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    engine ??= ENGINES[name]();
    const outcome = await engine(payload);
    const took = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    if (payloads === 0) firstMs = took;
    payloads++;
    ms += took;
    cpuMs += (user + system) / 1000;
    events += outcome.events;
    parsed += outcome.parsed;
    alerts += outcome.alerts.length;
    for (const alert of outcome.alerts) hash.update(`${JSON.stringify(alert)}\n`);
  }
  const peakMb = process.resourceUsage().maxRSS / 1024;
  return { events, parsed, payloads, alerts, alertsHash: hash.digest('hex'), ms, cpuMs, firstMs, peakMb };
}
