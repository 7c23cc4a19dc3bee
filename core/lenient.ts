import type * as z from './zod.ts';

/**
 * Reads what a newer version may have written: fields are added to a contract and never renamed, so those that a strict
 * schema does not know are let through. `undefined` for anything else that does not fit it.
 */
export function readLeniently<T>(schema: z.ZodMiniType<T>, value: unknown): T | undefined {
  const { data, error } = schema.safeParse(value);
  if (!error) return data;
  return error.issues.every(({ code }) => code === 'unrecognized_keys') ? (value as T) : undefined;
}
