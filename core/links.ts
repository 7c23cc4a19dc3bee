import type { Alert } from './alert.ts';

/** How far around the event the filled-in query looks, in milliseconds. */
const AROUND_MS = 15 * 60 * 1000;

/** Beyond these a Date cannot be written as RFC 3339 has it. */
const isYear = (time: number) => time > Date.UTC(1000) && time < Date.UTC(9999);

/**
 * Where to look next: a CloudWatch Logs Insights query for this very event, or for those that are missing, and links that open it in the console where
 * the record's place is known well enough.
 */
export function linksOf(event: Alert['event']): Alert['links'] {
  const isCloudTrail = event.source === 'cloudtrail';
  const query = queryFor(event);
  const { region, id, cluster } = event;
  const console = region === undefined ? undefined : consoleOf(region);
  if (!console) return { logsInsightsQuery: query };

  const { logGroup } = event.origin ?? {};
  const time = Date.parse(event.time ?? '');
  const page =
    isCloudTrail && id
      ? `cloudtrailv2/home?region=${region}#/events/${encodeURIComponent(id)}`
      : cluster && `eks/home?region=${region}#/clusters/${encodeURIComponent(cluster)}`;
  return {
    logsInsightsQuery: query,
    ...(logGroup && isYear(time)
      ? {
          logsInsights: `${console}/cloudwatch/home?region=${region}#logsV2:logs-insights${queryFragment(logGroup, query, time)}`,
        }
      : {}),
    ...(page ? { console: `${console}/${page}` } : {}),
  };
}

function queryFor({ source, id, partial, cluster }: Alert['event']): string {
  // A report is of what did not come: whether the log group still has it tells where it was lost.
  if (source === 'auditwire') {
    const auditLog = cluster ? 'filter @logStream like /^kube-apiserver-audit-/ | ' : '';
    return `${auditLog}stats count(*) as records by bin(5m) as time | sort time asc`;
  }
  const field = source === 'cloudtrail' ? 'eventID' : 'auditID';
  // Logs Insights finds no fields in what is no whole JSON.
  const isThis = partial
    ? `@message like ${JSON.stringify(id || '[Truncated...]')}`
    : `${field} = ${JSON.stringify(id)}`;
  return `fields @timestamp, @message | filter ${isThis} | sort @timestamp asc`;
}

/** The console of a region, each partition having its own, or `undefined` for what is no region. */
function consoleOf(region: string): string | undefined {
  if (!/^[a-z]{2,4}(?:-[a-z]+){1,3}-\d{1,2}$/.test(region)) return undefined;
  if (region.startsWith('cn-')) return `https://${region}.console.amazonaws.cn`;
  if (region.startsWith('us-gov-')) return `https://${region}.console.amazonaws-us-gov.com`;
  return `https://${region}.console.aws.amazon.com`;
}

/** The console keeps a query in the URL's fragment, percent-encoded with `*` and then again with `$`. */
function queryFragment(logGroup: string, query: string, time: number): string {
  const quoted = (text: string) => `'${encodeURIComponent(text).replaceAll("'", '%27').replaceAll('%', '*')}`;
  const detail = [
    `end~${quoted(new Date(time + AROUND_MS).toISOString())}`,
    `start~${quoted(new Date(time - AROUND_MS).toISOString())}`,
    "timeType~'ABSOLUTE",
    "tz~'UTC",
    `editorString~${quoted(query)}`,
    `source~(~${quoted(logGroup)})`,
  ].join('~');
  return encodeURIComponent(`?queryDetail=~(${detail})`).replaceAll('%', '$');
}
