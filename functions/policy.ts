import { readFileSync } from 'node:fs';
import { DEFAULT_POLICY, type Policy, parsePolicy } from '../core/policy.ts';
import { SettingsError } from './settings.ts';

/** The site's policy, or the default one where no file is named. Throws at cold start what is wrong with it. */
export function readPolicy(file: string | undefined, detectorIds: readonly string[]): Policy {
  if (file === undefined) return DEFAULT_POLICY;
  let yaml: string;
  try {
    yaml = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SettingsError(`setting POLICY_FILE: ${error instanceof Error ? error.message : error}`);
  }
  return parsePolicy(yaml, file, detectorIds);
}
