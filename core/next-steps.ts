import { shellQuote } from './shell-quote.ts';

const HOLE = /\{([\w.]+)\}/g;

/**
 * A runbook's commands with this alert's names put in, each shell-quoted. A command is left out where the alert lacks a
 * name that it needs, or the name could not be a harmless word of a shell command.
 */
export function nextStepsOf(commands: readonly string[], facts: object): string[] {
  return commands.flatMap((command) => {
    let complete = true;
    const filled = command.replace(HOLE, (_, path: string) => {
      const value = valueAt(facts, path);
      const word = value === undefined ? undefined : shellQuote(value);
      if (word === undefined) complete = false;
      return word ?? '';
    });
    return complete ? [filled] : [];
  });
}

/** The fields of an alert that a command names, `target.name`. */
export function holesOf(command: string): string[] {
  return [...command.matchAll(HOLE)].map(([, path = '']) => path);
}

function valueAt(facts: object, path: string): string | undefined {
  let value: unknown = facts;
  for (const key of path.split('.')) {
    value = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? value[key as never] : undefined;
  }
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' || typeof first === 'number' ? String(first) : undefined;
}
