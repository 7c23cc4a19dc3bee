import type { Alert } from '../core/alert.ts';

/** At most so many metrics fit into one document, and so many values into one metric. */
const MAX_METRICS = 100;
const MAX_VALUES = 100;

/** What an invocation says of itself: numbers and lists of numbers are metrics of its function. */
export interface InvocationLine {
  readonly function: string;
  readonly problems: readonly string[];
  readonly durationMs: number;
  readonly [name: string]: string | number | readonly string[] | readonly number[];
}

/**
 * Writes an invocation's one line of log: names and numbers, and never anything of an event. CloudWatch makes metrics of
 * it, in the namespace `Auditwire` by `function`, under the names that stand here; one of zero is one, an absent one none.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function logInvocation(line: InvocationLine): void {
  const named = Object.entries(line).flatMap(([name, value]) => {
    const values = typeof value === 'string' ? [] : [value].flat();
    return values.length > 0 && values.every((one) => typeof one === 'number') ? [name] : [];
  });
  const Metrics = named.slice(0, MAX_METRICS).map((Name) => ({ Name, Unit: unitOf(Name) }));
  const directive = { Namespace: 'Auditwire', Dimensions: [['function']], Metrics };
  console.log(JSON.stringify({ _aws: { Timestamp: Date.now(), CloudWatchMetrics: [directive] }, ...line }));
}

/** How often each of these stands there, under names that begin alike: `alerts:k8s-audit/pod-exec:high`. */
export function countsBy(beginning: string, names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[`${beginning}:${name}`] = (counts[`${beginning}:${name}`] ?? 0) + 1;
  return counts;
}

/** Values that a metric can hold; of more than it can, the greatest. */
function valuesOf(values: readonly number[]): readonly number[] {
  return values.length <= MAX_VALUES ? values : values.toSorted((a, b) => b - a).slice(0, MAX_VALUES);
}

/** How long before `now`, in seconds, that happened of which alerts tell, where their events tell their time. */
export function lagsOf(alerts: readonly Alert[], now: number): readonly number[] {
  return valuesOf(
    alerts.flatMap(({ event: { time } }) =>
      time === undefined ? [] : [Math.max(0, Math.round((now - Date.parse(time)) / 1000))],
    ),
  );
}

function unitOf(name: string): 'Milliseconds' | 'Seconds' | 'Count' {
  return name.endsWith('Ms') ? 'Milliseconds' : name.endsWith('Seconds') ? 'Seconds' : 'Count';
}
