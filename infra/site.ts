import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import { filterPatternOf, PARTIAL_EVENT_PATTERN } from '../core/k8s-audit/filter-pattern.ts';
import type { AuditWhen } from '../core/k8s-audit/source.ts';
import { type LogSource, logSourceKey } from '../core/log-sources/log-source.ts';
import { type Policy, PolicyError, parsePolicy } from '../core/policy.ts';
import { detectorIds } from '../detectors/ids.ts';
import { k8sAuditDetectors } from '../detectors/k8s-audit/index.ts';
import { parseSettings, type Settings, SettingsError } from './settings.ts';
import type { FilterPatterns } from './shared.ts';

/** What a site has decided: read, checked, and ready to be deployed. */
export interface Site {
  readonly settings: Settings;
  /** The policy as the functions get it. */
  readonly policy: string;
  readonly filterPatterns: FilterPatterns;
  /** Where an operator reads what to do: an address, or a path where no address is known. */
  readonly guide: string;
}

const GUIDE = 'docs/operating.md';

/**
 * Reads a settings file and the policy that it names; throws a {@link SettingsError} with a line for every fault. `today`
 * is a day like 2026-12-31.
 */
export function readSite(file: string, today: string): Site {
  const settings = parseSettings(textOf(file), file);
  const policyFile = settings.policy && join(dirname(file), settings.policy);
  const written = policyFile ? textOf(policyFile) : 'version: 1\n';
  const policy = parsedPolicy(written, policyFile ?? file, today);
  const document = parseDocument(written);
  if (settings.runbookBaseUrl !== undefined) {
    if (document.has('runbookBaseUrl'))
      throw new SettingsError(`${file}: runbookBaseUrl: ${policyFile} says it already: say it in one place`);
    document.set('runbookBaseUrl', settings.runbookBaseUrl);
  }
  const expected = new Set(policy.logSources.map(logSourceKey));
  if (!document.has('logSources')) document.set('logSources', document.createNode([]));
  for (const source of clustersOf(settings))
    if (!expected.has(logSourceKey(source))) document.addIn(['logSources'], source);
  return {
    settings,
    policy: String(document),
    filterPatterns: filterPatternsOf(settings, policy),
    guide: guideAt(settings.runbookBaseUrl ?? policy.runbookBaseUrl),
  };
}

function parsedPolicy(yaml: string, file: string, today: string): Policy {
  try {
    return parsePolicy(yaml, file, detectorIds, today);
  } catch (error) {
    throw error instanceof PolicyError ? new SettingsError(error.message) : error;
  }
}

/** Whoever reads the runbooks in a repository finds the guide beside their folder. */
function guideAt(runbookBaseUrl: string): string {
  const [, repository] = /^(.*\/)detectors\/*$/.exec(runbookBaseUrl) ?? [];
  return repository === undefined ? GUIDE : `${repository}${GUIDE}`;
}

/** Whoever names a cluster expects its log. */
function clustersOf({ region, account, clusters, members }: Settings): LogSource[] {
  return [{ account, clusters }, ...members].flatMap(({ account, clusters }) =>
    clusters.map((cluster): LogSource => ({ source: 'k8s-audit', account, region, cluster })),
  );
}

/** What a log group's filters let through: everything, or what a detector that is on could use and what was cut. */
function filterPatternsOf({ sourceFilter }: Settings, policy: Policy): FilterPatterns {
  if (!sourceFilter) return { audit: '' };
  const whens = k8sAuditDetectors
    .filter(({ detector: { id, mode = 'on' } }) => (policy.detectors[id]?.mode ?? mode) !== 'off')
    .map(({ detector }) => detector.when as AuditWhen);
  return { audit: filterPatternOf(whens), partial: PARTIAL_EVENT_PATTERN };
}

/** What a file says; throws a {@link SettingsError} where it cannot be read. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new SettingsError(isMissing ? `no such file: ${file}` : String(error));
  }
}
