import * as z from '../zod.ts';

const operations = z.array(z.unknown());
const operation = z.object({ op: z.string(), path: z.string(), value: z.optional(z.unknown()) });

/** Deeper than any path of a Kubernetes object; bounds the work that a patch of one endless path can make. */
const MAX_DEPTH = 48;

interface Place {
  value: unknown;
  readonly inner: Map<string, Place>;
}

/**
 * What a JSON Patch (a list of operations) says of the object it is for, as a partial object: values that it adds or
 * replaces, and `null` wherever it removes, moves or copies. List positions are not kept, only what stands together.
 * `undefined` for anything that is no list.
 */
export function objectOfJsonPatch(patch: unknown): Record<string, unknown> | undefined {
  const list = operations.safeParse(patch);
  if (!list.success) return undefined;
  const root: Place = { value: undefined, inner: new Map() };
  for (const [position, item] of list.data.entries()) {
    const parsed = operation.safeParse(item);
    if (!parsed.success || parsed.data.op === 'test') continue;
    const { op, path, value } = parsed.data;
    const segments = path.split('/', MAX_DEPTH).slice(1);
    let place = root;
    for (const segment of segments) {
      // Two appended elements are two elements.
      const key = segment === '-' ? `-${position}` : segment.replaceAll('~1', '/').replaceAll('~0', '~');
      const next = place.inner.get(key) ?? { value: undefined, inner: new Map() };
      place.inner.set(key, next);
      place = next;
    }
    place.value = op === 'add' || op === 'replace' ? value : null;
  }
  const whole = partOf(root);
  return isRecord(whole) ? whole : {};
}

const LIST_KEY = /^-?\d+$/;

function partOf({ value, inner }: Place): unknown {
  if (inner.size === 0) return value;
  const entries = [...inner].map(([key, place]): [string, unknown] => [key, partOf(place)]);
  if (entries.every(([key]) => LIST_KEY.test(key))) {
    return [...(Array.isArray(value) ? value : []), ...entries.map(([, element]) => element)];
  }
  return Object.fromEntries([...(isRecord(value) ? Object.entries(value) : []), ...entries]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
