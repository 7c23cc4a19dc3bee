/** https://aws.amazon.com/lambda/pricing/: us-east-1, arm64, the first tier, without what is free. */
const USD_PER_GB_SECOND = 0.0000133334;
const USD_PER_REQUEST = 0.2 / 1e6;

/**
 * The memory setting that comes with one whole vCPU. With less, Lambda gives a proportional share of it, so that work
 * that is all CPU takes longer in proportion and costs the same.
 */
export const MEMORY_MB = 1769;

/** What a million events cost on Lambda, were its CPU as fast as this one, in US dollars. */
export function usdPerMillionEvents(run: {
  readonly cpuMs: number;
  readonly payloads: number;
  readonly events: number;
}): number {
  const compute = (run.cpuMs / 1000) * (MEMORY_MB / 1024) * USD_PER_GB_SECOND;
  return ((compute + run.payloads * USD_PER_REQUEST) / run.events) * 1e6;
}
