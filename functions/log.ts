/** Writes an invocation's one line of log: names and numbers, and never anything of an event. */
export function logInvocation(line: Readonly<Record<string, string | number | readonly string[]>>): void {
  console.log(JSON.stringify(line));
}
