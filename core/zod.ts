import { config, type core, ZodMiniCatch } from 'zod/mini';
import en from 'zod/v4/locales/en.js';

// zod/mini loads in a fourth of the time that zod takes, for its schemas are values without methods, and says nothing of what
// is wrong with a value unless it is told in which language.
export * from 'zod/mini';

config(en());

/** As zod's own, which would bring all of zod's utilities into every bundle. */
function orElse<T extends core.$ZodType>(innerType: T, value: core.output<T>): ZodMiniCatch<T> {
  return new ZodMiniCatch({ type: 'catch', innerType, catchValue: () => value }) as ZodMiniCatch<T>;
}

export { orElse as catch };
