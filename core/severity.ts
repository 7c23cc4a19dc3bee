/** The five words for how bad a finding is, mildest first. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;

export type Severity = (typeof SEVERITIES)[number];

/** 0 for info to 4 for critical: the number that SNS filter policies compare. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** The worst of the given severities. */
export function worst(first: Severity, ...rest: readonly Severity[]): Severity {
  return rest.reduce((a, b) => (severityRank(b) > severityRank(a) ? b : a), first);
}
