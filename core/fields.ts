import * as z from './zod.ts';

// Fields of what others send, which may hold anything: one that is not what it should be takes none of its neighbours along.

/** A field that is absent where it is not what it should be. */
export function orAbsent<T extends z.core.$ZodType>(schema: T) {
  return z.catch(z.optional(schema), undefined);
}

export const text = orAbsent(z.string());
export const count = orAbsent(z.number());
export const flag = orAbsent(z.boolean());

/** A list without the elements that are not what they should be, and without being a list at all an empty one. */
export function listOf<T extends z.ZodMiniType>(element: T) {
  return z.pipe(
    z.catch(z.array(z.unknown()), []),
    z.transform((items) =>
      items.flatMap((item): z.infer<T>[] => {
        const parsed = element.safeParse(item);
        return parsed.success ? [parsed.data] : [];
      }),
    ),
  );
}

export const texts = listOf(z.string());

/** Text that somebody wrote and must have spelt like this; what was `expected` is told of any other. */
export function textLike(pattern: RegExp, expected: string) {
  return z.string({ error: expected }).check(z.regex(pattern, { error: expected }));
}
