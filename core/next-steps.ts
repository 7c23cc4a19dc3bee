import { shellQuote } from './shell-quote.ts';

/** `{target.name}`, or a word that ends in `{actor.groups[]}` and stands once for each name of that list. */
const HOLE = / ([^\s{}]*)\{([\w.]+)\[\]\}(?=\s|$)|\{([\w.]+)\}/g;
/** Kubernetes adds this group to everybody who is impersonated with `--as`. */
const IMPLIED_GROUP = 'system:authenticated';

/**
 * A runbook's commands with this alert's names put in, each shell-quoted. A command is left out where the alert lacks a
 * name that it needs, or a name could not be a harmless word of a shell command.
 */
export function nextStepsOf(commands: readonly string[], facts: object): string[] {
  return commands.flatMap((command) => {
    let complete = true;
    const quoted = (value: unknown): string => {
      const word = typeof value === 'string' || typeof value === 'number' ? shellQuote(String(value)) : undefined;
      if (word === undefined) complete = false;
      return word ?? '';
    };
    // In one pass: what was put in is never read for holes again.
    const filled = command.replace(HOLE, (_, option: string, list: string | undefined, path: string) => {
      if (list === undefined) return quoted(namesAt(facts, path)[0]);
      const names = namesAt(facts, list);
      if (names.length === 0) complete = false;
      return names
        .filter((name) => name !== IMPLIED_GROUP)
        .map((name) => ` ${option}${quoted(name)}`)
        .join('');
    });
    return complete ? [filled] : [];
  });
}

/** The fields of an alert that a command names, `target.name`. */
export function holesOf(command: string): string[] {
  return [...command.matchAll(HOLE)].map(([, , list, path]) => list ?? path ?? '');
}

function namesAt(facts: object, path: string): readonly unknown[] {
  let value: unknown = facts;
  for (const key of path.split('.')) {
    value = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? value[key as never] : undefined;
  }
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
