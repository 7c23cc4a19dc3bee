import { redactCommand, redactUri } from '../redact.ts';
import type { Severity } from '../severity.ts';
import { callerOf, describeCaller, homeNamespaceOf } from './caller.ts';
import { isHandTool } from './client.ts';
import { isSensitiveNamespace, isSystemNamespace } from './object.ts';
import { outcomeOf, pathOf, queryOf } from './request.ts';
import type { AuditEvent } from './schema.ts';
import type { Judged } from './secrets.ts';

/** What a request through the API server's proxy was for. */
interface Proxied {
  /** The node, pod or service, without scheme and port. */
  readonly host: string;
  /** A number or the name of a port; absent where the default was asked for. */
  readonly port: string | undefined;
  /** The path behind the proxy as it arrives there: decoded once, empty, `.` and `..` segments resolved. */
  readonly segments: readonly string[];
}

/**
 * The destination behind `.../proxy/...`. The API server decodes the path once and cleans it before it forwards, so
 * `/proxy/metrics/%2e%2e/run` arrives as `/run`; what is encoded twice arrives encoded and means nothing there.
 */
export function proxiedOf(event: AuditEvent): Proxied {
  const parts = pathOf(event).replace(/^\/+/, '').split('/');
  // /api/v1/nodes/NAME/proxy/... or /api/v1/namespaces/NS/pods/NAME/proxy/...
  const at = parts[2] === 'namespaces' ? 6 : 4;
  const segments: string[] = [];
  for (const part of parts[at] === 'proxy' ? parts.slice(at + 1) : parts) {
    if (part === '..') segments.pop();
    else if (part !== '' && part !== '.') segments.push(part);
  }
  // NAME, NAME:PORT or SCHEME:NAME:PORT, where PORT may be empty.
  const name = (event.objectRef?.name ?? '').split(':');
  const [host = '', port = ''] = name.length > 2 ? name.slice(1) : name;
  return { host, port: port || undefined, segments };
}

/** Whether the request reached what it was for, or may have: not refused by the API server before it forwarded. */
export function wasForwarded(event: AuditEvent): boolean {
  const outcome = outcomeOf(event);
  // A 401 may be the backend's own; the API server's leaves no user.
  return outcome !== 'denied' && (outcome !== 'unauthenticated' || event.user.username !== '');
}

/** The paths that hold numbers and health only, which monitoring reads all day. Exact: the kubelet minds case. */
const KUBELET_METRICS = new Set(
  'metrics metrics/cadvisor metrics/probes metrics/resource metrics/slis stats/summary healthz'.split(' '),
);

const RUNS = 'runs commands in the pods of the node, past admission and the log of pods/exec';

/** What the kubelet's endpoints give away, in lower case. */
const KUBELET = new Map<string, readonly [Severity, string]>([
  ['exec', ['critical', RUNS]],
  ['run', ['critical', RUNS]],
  ['attach', ['critical', RUNS]],
  ['cri', ['critical', RUNS]],
  ['portforward', ['critical', 'opens a tunnel into a pod, past the log of pods/portforward']],
  ['checkpoint', ['critical', 'writes the memory of a container to disk, its secrets included']],
  ['containerlogs', ['high', 'reads the logs of any container of the node']],
  ['logs', ['high', 'reads the log files of the node']],
  ['pods', ['high', 'reads every pod of the node, environment included']],
  ['runningpods', ['high', 'reads every pod that runs on the node: where to run a command']],
  ['configz', ['high', 'reads the configuration of the kubelet']],
  ['debug', ['high', 'reads profiles of the kubelet or changes what it logs']],
]);
const INVENTORY = new Set(['pods', 'runningpods', 'configz']);
const NAMES_POD = new Set(['exec', 'run', 'attach', 'portforward', 'checkpoint', 'containerlogs']);

/** A request to a kubelet through `nodes/proxy`. */
interface KubeletRequest extends Judged {
  readonly node: string;
  readonly port: string | undefined;
  readonly endpoint: string;
  readonly path: string;
  readonly namespace: string | undefined;
  readonly pod: string | undefined;
  readonly container: string | undefined;
  readonly command: readonly string[] | undefined;
}

/** What was asked of which kubelet, and how bad it is; `undefined` for reading its metrics. */
export function judgeKubeletRequest(event: AuditEvent): KubeletRequest | undefined {
  const { host: node, port, segments } = proxiedOf(event);
  const path = segments.join('/');
  const caller = callerOf(event);
  const ownPort = port === undefined || port === '10250';
  if (event.verb === 'get' && ownPort && KUBELET_METRICS.has(path) && caller !== 'anonymous') return undefined;

  const endpoint = (segments[0] ?? '').toLowerCase();
  const [, namespace, pod, ...rest] = NAMES_POD.has(endpoint) ? segments : [];
  const query = queryOf(event);
  const command = [...query.getAll('command'), ...query.getAll('cmd')];
  return {
    ...judgeEndpoint(event, endpoint, ownPort ? undefined : port),
    node,
    port,
    endpoint,
    // What follows /cri/exec is a token.
    path: redactUri(`/${endpoint === 'cri' ? segments.slice(0, 2).join('/') : path}`),
    namespace,
    pod,
    // A pod's uid may stand between its name and the container's.
    container: endpoint === 'portforward' ? undefined : rest.at(-1),
    command: command.length > 0 ? redactCommand(command) : undefined,
  };
}

function judgeEndpoint(event: AuditEvent, endpoint: string, otherPort: string | undefined): Judged {
  const [severity, does] = KUBELET.get(endpoint) ?? ['medium', `is not asked for by ${event.verb} in monitoring`];
  const reason = otherPort ? `port ${otherPort} is not the kubelet's` : `/${endpoint} ${does}`;
  const code = event.responseStatus?.code ?? 200;
  if (severity === 'critical' && code >= 400 && code !== 500) {
    // 500 is how /run answers for a command that ended with an error.
    return { severity: 'high', severityReason: `${reason}; this attempt was answered ${code}` };
  }
  if (INVENTORY.has(endpoint) && event.verb === 'get' && callerOf(event) === 'resident' && !isHandTool(event)) {
    return { severity: 'medium', severityReason: `${reason}; ${describeCaller(event)}, as some monitoring agents do` };
  }
  return { severity, severityReason: reason };
}

/** The paths that any scraper and health check reads, of any workload. */
const HARMLESS = new Set('metrics healthz livez readyz -/healthy -/ready'.split(' '));
/** What Lens and Grafana ask a Prometheus through the proxy. */
const PROMETHEUS_QUERY = /^api\/v1\/(?:query|query_range|labels|series|label\/[^/]+\/values|metadata)$/;
/** Docker, etcd, API server, `kubectl proxy`, Vault, Envoy's admin page, kubelet, controller manager, scheduler. */
const SENSITIVE_PORTS = new Set(
  '2375 2376 2379 2380 2381 6443 8001 8200 9901 10248 10250 10255 10257 10259 15000'.split(' '),
);
const ADMIN_PATH = /^(?:api\/v1\/admin|-\/(?:quit|reload)|v1\/sys|debug\/pprof|actuator\/(?:env|heapdump))(?:\/|$)/i;

/** How bad a request to a workload through the API server is; `undefined` for reading its metrics or health. */
export function judgeWorkloadProxy(event: AuditEvent, { host, port, segments }: Proxied): Judged | undefined {
  const caller = callerOf(event);
  const path = segments.join('/');
  if (event.verb === 'get' && HARMLESS.has(path) && caller !== 'anonymous') return undefined;

  const who = describeCaller(event);
  const namespace = event.objectRef?.namespace;
  const code = event.responseStatus?.code ?? 200;
  const reads = event.verb === 'get';
  const base = ((): Judged => {
    if (caller === 'anonymous' || caller === 'node' || caller === 'displaced' || caller === 'unbound') {
      return { severity: 'high', severityReason: `${who} has no reason to use the proxy` };
    }
    if (port !== undefined && SENSITIVE_PORTS.has(port)) {
      return { severity: 'high', severityReason: `port ${port} is one that administers a node, a store or a mesh` };
    }
    if (ADMIN_PATH.test(path)) return { severity: 'high', severityReason: `/${path} administers what answers there` };
    if (PROMETHEUS_QUERY.test(path)) {
      return { severity: 'low', severityReason: 'a Prometheus query, as dashboards on a desk make' };
    }
    if (host === 'kubernetes-dashboard' && event.objectRef?.resource === 'services') {
      return {
        severity: 'low',
        severityReason: 'a service by the name of the Kubernetes dashboard, through kubectl proxy',
      };
    }
    if (caller === 'resident' && !isHandTool(event) && homeNamespaceOf(event) === namespace) {
      return { severity: 'low', severityReason: `${who}, to its own namespace` };
    }
    if (!reads && isSensitiveNamespace(namespace)) {
      return { severity: 'high', severityReason: `a ${event.verb} to a workload of ${namespace}` };
    }
    return { severity: 'medium', severityReason: who };
  })();
  return code === 502 || code === 503 || code === 504
    ? { severity: 'low', severityReason: `nothing answered there (${code})` }
    : base;
}

/** Ports of databases, caches and stores. */
const STORE_PORTS = new Set(
  '1433 1521 2379 3306 5432 5984 6379 6380 8086 8200 8123 9042 9200 9300 11211 26257 27017'.split(' '),
);
const STORE_NAME =
  /(?:^|[^a-z])(?:postgres|postgresql|pgsql|pgbouncer|mysql|mariadb|mssql|oracle|mongo|mongodb|redis|valkey|memcached|cassandra|scylla|elasticsearch|opensearch|clickhouse|cockroachdb|couchdb|etcd|vault|influxdb|minio)(?![a-z])|-db-\d+$/;

/** The ports a forward names; the newer protocols name them inside the stream, which no log shows. */
export function forwardedPortsOf(event: AuditEvent): string[] {
  return queryOf(event)
    .getAll('ports')
    .flatMap((ports) => ports.split(','))
    .filter((port) => /^\d{1,5}$/.test(port));
}

/** How bad a port-forward to this pod by this caller is. */
export function judgePortForward(event: AuditEvent): Judged {
  const { namespace, name = '' } = event.objectRef ?? {};
  const caller = callerOf(event);
  const who = describeCaller(event);
  const atHome = caller === 'resident' && homeNamespaceOf(event) === namespace;
  if (caller === 'anonymous' || caller === 'node' || caller === 'displaced' || caller === 'unbound') {
    return { severity: 'high', severityReason: `${who} has no reason to forward ports` };
  }
  if (isSystemNamespace(namespace) && !atHome) {
    return { severity: 'high', severityReason: `${namespace} holds what runs the cluster` };
  }
  const sensitive = isSensitiveNamespace(namespace);
  const port = forwardedPortsOf(event).find((each) => STORE_PORTS.has(each));
  if (port !== undefined || STORE_NAME.test(name)) {
    const severity = sensitive ? 'high' : 'medium';
    return { severity, severityReason: port ? `port ${port} is a data store's` : 'the pod is named like a data store' };
  }
  if (sensitive) return { severity: 'medium', severityReason: `${namespace} commonly holds the keys to others` };
  if (caller === 'resident' && !atHome) return { severity: 'medium', severityReason: `${who}, from another namespace` };
  return { severity: 'low', severityReason: `${who}, as developers do` };
}
