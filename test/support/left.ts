import type { Scanned } from '../../core/k8s-audit/scan.ts';

/** What a scanner left of a payload, as a payload again. */
export function leftOf({ envelope, rest }: Scanned): { readonly logEvents: readonly unknown[] } {
  return { ...envelope, logEvents: Array.from(rest, (text) => JSON.parse(text)) };
}
