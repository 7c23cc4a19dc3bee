/** What a text says in JSON; `undefined`, which JSON has no word for, where it is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
