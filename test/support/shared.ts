import { existsSync, readFileSync } from 'node:fs';

/**
 * The catalogue and corpora that lie beside the project where it is developed, and nowhere else: what depends on them
 * skips, saying so, where they are absent.
 */
const shared = new URL('../../../shared/', import.meta.url);

export const hasShared = existsSync(shared);

export interface CatalogueEntry {
  readonly id: string;
  readonly state: string;
  readonly peers: Readonly<Record<string, string | readonly string[]>>;
}

/** The entries that specify detection for one log source, or `undefined` on a bare clone. */
export function catalogueEntries(source: string): CatalogueEntry[] | undefined {
  return hasShared ? JSON.parse(readFileSync(new URL(`catalogue/${source}.json`, shared), 'utf8')) : undefined;
}

export interface CorpusCase {
  readonly id: string;
  readonly peer: string;
  readonly rule: string;
  readonly expected: boolean;
  readonly event?: object;
  readonly events?: readonly object[];
  readonly indicative_index?: readonly number[];
  readonly mocks?: unknown;
  readonly threshold?: unknown;
  readonly primitives?: Readonly<Record<string, unknown>>;
}

/** The cases of one corpus file. */
export function corpusCases(file: string): CorpusCase[] {
  return readFileSync(new URL(`corpus/${file}`, shared), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
