/** The numbers of an invocation's line of log, by name. */
export type Counters = Readonly<Record<string, number | undefined>>;

/** The accounts that a function gave of an invocation: the line of its log that names the function. */
export function accountsOf(log: readonly string[]): Counters {
  const lines = log.map((line) => JSON.parse(line));
  const accounts = lines.find((line) => 'durationMs' in line);
  if (!accounts) throw new Error(`no accounts among ${log.length} lines of log`);
  return accounts;
}
