import type { Origin } from '../source.ts';

/** The sources whose logs come from outside, and may stop coming. */
export const LOG_SOURCE_IDS = ['k8s-audit', 'cloudtrail'] as const;

export type LogSourceId = (typeof LOG_SOURCE_IDS)[number];

/** The audit log of one cluster, or CloudTrail of one account and region. */
export interface LogSource {
  readonly source: LogSourceId;
  readonly account: string;
  readonly region: string;
  /** Of the audit log only. */
  readonly cluster?: string | undefined;
}

export const ACCOUNT = /^\d{12}$/;
export const REGION = /^[a-z]{2,4}(?:-[a-z]+){1,3}-\d{1,2}$/;
/** https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html */
export const CLUSTER = /^[0-9A-Za-z][\w-]{0,99}$/;

/**
 * The log source that a payload came from, or `undefined` where the transport does not say: that one cannot be watched. Of
 * CloudTrail in S3 the object's key says it, whichever account and region the bucket is in.
 */
export function logSourceOf(source: LogSourceId, origin: Origin): LogSource | undefined {
  if (source === 'k8s-audit') {
    const { account = '', region = '', cluster = '' } = origin;
    return isPlace(account, region) && CLUSTER.test(cluster) ? { source, account, region, cluster } : undefined;
  }
  const inKey = /\/AWSLogs\/(?:o-[a-z0-9]+\/)?(\d{12})\/CloudTrail\/([^/]+)\//.exec(origin.file ?? '');
  const [, account = origin.account ?? '', region = origin.region ?? ''] = inKey ?? [];
  return isPlace(account, region) ? { source, account, region } : undefined;
}

/** The same for the same log source, and for no other. */
export function logSourceKey({ source, account, region, cluster }: LogSource): string {
  return [source, account, region, ...(cluster === undefined ? [] : [cluster])].join('/');
}

function isPlace(account: string, region: string): boolean {
  return ACCOUNT.test(account) && REGION.test(region);
}

/** Where EKS writes the logs of a cluster's control plane. */
export function eksLogGroup(cluster: string): string {
  return `/aws/eks/${cluster}/cluster`;
}
