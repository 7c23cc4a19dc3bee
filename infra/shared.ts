import type { Artifact } from './artifacts.ts';
import type { EncryptionKey } from './encryption.ts';
import type { Settings } from './settings.ts';

/** The patterns of a log group's subscription filters, by what their names end in. CloudWatch Logs takes two. */
export type FilterPatterns = Readonly<Record<string, string>>;

/** What every part of the stack needs to know. */
export interface Shared {
  readonly settings: Settings;
  readonly key: EncryptionKey;
  /** Where an operator reads what to do: an address, or a path. */
  readonly guide: string;
  artifactOf(functionName: string): Artifact;
}
