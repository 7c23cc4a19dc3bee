import { auditLevel } from './audit-policy.ts';
import { hexOf, uuidOf } from './random.ts';
import { micros } from './time.ts';

export type Json = Record<string, unknown>;

export type AuditUser = { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };

/** Who asks: the identity, the address and the program, and what the authorizer says of its ordinary requests. */
export type Caller = { user: AuditUser; ip: string; agent: string; reason: string };

export type ObjectRef = {
  resource: string;
  namespace?: string;
  name?: string;
  uid?: string;
  apiGroup?: string;
  apiVersion: string;
  resourceVersion?: string;
  subresource?: string;
};

export type K8sEvent = {
  auditID: string;
  stage: string;
  stageTimestamp: string;
  verb: string;
  requestURI: string;
} & Json;

type Request = {
  at: number;
  by: Caller;
  verb: string;
  ref?: ObjectRef;
  /** Path of a non-resource request. */
  path?: string;
  query?: string;
  code?: number;
  request?: unknown;
  response?: unknown;
  /** Message of a refusal; the usual words of the API server when it is left out. */
  message?: string;
  reason?: string;
  annotations?: Json;
  impersonated?: AuditUser;
  /** Length of a stream or of a slow answer, in milliseconds. */
  lasts?: number;
};

const GROUPS: Record<string, string> = {
  daemonsets: 'apps/v1',
  deployments: 'apps/v1',
  replicasets: 'apps/v1',
  statefulsets: 'apps/v1',
  controllerrevisions: 'apps/v1',
  cronjobs: 'batch/v1',
  jobs: 'batch/v1',
  leases: 'coordination.k8s.io/v1',
  endpointslices: 'discovery.k8s.io/v1',
  clusterroles: 'rbac.authorization.k8s.io/v1',
  clusterrolebindings: 'rbac.authorization.k8s.io/v1',
  roles: 'rbac.authorization.k8s.io/v1',
  rolebindings: 'rbac.authorization.k8s.io/v1',
  horizontalpodautoscalers: 'autoscaling/v2',
  certificatesigningrequests: 'certificates.k8s.io/v1',
  ingresses: 'networking.k8s.io/v1',
  networkpolicies: 'networking.k8s.io/v1',
  poddisruptionbudgets: 'policy/v1',
  tokenreviews: 'authentication.k8s.io/v1',
  selfsubjectreviews: 'authentication.k8s.io/v1',
  subjectaccessreviews: 'authorization.k8s.io/v1',
  selfsubjectaccessreviews: 'authorization.k8s.io/v1',
  selfsubjectrulesreviews: 'authorization.k8s.io/v1',
  storageclasses: 'storage.k8s.io/v1',
  volumeattachments: 'storage.k8s.io/v1',
  csinodes: 'storage.k8s.io/v1',
  customresourcedefinitions: 'apiextensions.k8s.io/v1',
  validatingwebhookconfigurations: 'admissionregistration.k8s.io/v1',
  mutatingwebhookconfigurations: 'admissionregistration.k8s.io/v1',
  apiservices: 'apiregistration.k8s.io/v1',
};

/** `ref('pods', 'shop', 'web-1', 'exec')`; another group or version is written in front: `ref('argoproj.io/v1alpha1/applications')`. */
export function ref(type: string, namespace?: string, name?: string, subresource?: string): ObjectRef {
  const parts = type.split('/');
  const resource = parts.pop() ?? type;
  const [first = 'v1', second] = parts.length > 0 ? parts : (GROUPS[resource] ?? 'v1').split('/');
  return {
    resource,
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(second && { apiGroup: first }),
    apiVersion: second ?? first,
    ...(subresource && { subresource }),
  };
}

function pathOf(target: ObjectRef, verb: string): string {
  const named = verb === 'create' && !target.subresource ? undefined : target.name;
  const list = verb === 'list' || verb === 'watch' ? undefined : named;
  const root = target.apiGroup ? `/apis/${target.apiGroup}/${target.apiVersion}` : `/api/${target.apiVersion}`;
  const inNamespace = target.namespace && target.resource !== 'namespaces' ? `/namespaces/${target.namespace}` : '';
  return [`${root}${inNamespace}/${target.resource}`, list, target.subresource].filter(Boolean).join('/');
}

const FAILURES: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  422: 'Invalid',
};

function refusal(code: number, { by, verb, ref: target, path, message, impersonated }: Request): string {
  if (message !== undefined) return message;
  const user = (impersonated ?? by.user).username;
  if (!target) return `forbidden: User "${user}" cannot ${verb} path "${path}"`;
  const { resource, name, namespace, apiGroup = '', subresource } = target;
  const full = [resource, apiGroup].filter(Boolean).join('.');
  if (code === 404) return `${full} "${name}" not found`;
  if (code === 409 && verb === 'create') return `${full} "${name}" already exists`;
  if (code === 409)
    return `Operation cannot be fulfilled on ${full} "${name}": the object has been modified; please apply your changes to the latest version and try again`;
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  const asked = [resource, subresource].filter(Boolean).join('/');
  return `${full}${name ? ` "${name}"` : ''} is forbidden: User "${user}" cannot ${verb} resource "${asked}" in API group "${apiGroup}" ${where}`;
}

function statusOf(code: number, asked: Request): Json {
  if (code < 400) return { metadata: {}, code };
  if (code === 401)
    return { metadata: {}, message: asked.message ?? 'Authentication failed, no credentials provided', code };
  const { name, apiGroup, resource } = asked.ref ?? {};
  const details = asked.ref
    ? { details: { ...(name && { name }), ...(apiGroup && { group: apiGroup }), kind: resource } }
    : {};
  return { metadata: {}, status: 'Failure', message: refusal(code, asked), reason: FAILURES[code], ...details, code };
}

const LONG_RUNNING = new Set(['exec', 'attach', 'portforward', 'proxy', 'log']);

/** The stages that EKS logs: streams when they open and when they end, failed authentication as the answer starts. */
function stagesOf({ verb, ref: target, code }: Request): string[] {
  if (code === 401) return ['ResponseStarted'];
  if (verb === 'watch' || LONG_RUNNING.has(target?.subresource ?? '')) return ['ResponseStarted', 'ResponseComplete'];
  if (target?.resource === 'serviceaccounts' && target.subresource === 'token')
    return ['RequestReceived', 'ResponseComplete'];
  return ['ResponseComplete'];
}

/** What EKS logs of one request: nothing, one event, or two under one auditID. */
export function k8sEvent(asked: Request): K8sEvent[] {
  const { at, by, verb, ref: target, query, impersonated } = asked;
  const code = asked.code ?? (verb === 'create' ? 201 : 200);
  const path = target ? pathOf(target, verb) + (asked.path ?? '') : (asked.path ?? '/');
  const requestURI = query ? `${path}?${query}` : path;
  const level = auditLevel(by.user, verb, target, path);
  if (level === 'None') return [];

  const auditID = uuidOf(`audit/${at}/${by.user.username}/${by.ip}/${verb}/${requestURI}/${target?.name}/${code}`);
  const noise = Number.parseInt(hexOf(auditID, 6), 16);
  const bodies = {
    ...(asked.request !== undefined && level !== 'Metadata' && { requestObject: asked.request }),
    ...(level === 'RequestResponse' &&
      (asked.response !== undefined || code >= 400) && {
        responseObject: code >= 400 ? { kind: 'Status', apiVersion: 'v1', ...statusOf(code, asked) } : asked.response,
      }),
  };
  const decision = code === 403 && !asked.annotations?.['authorization.k8s.io/decision'] ? 'forbid' : 'allow';
  const annotations = {
    'authorization.k8s.io/decision': decision,
    'authorization.k8s.io/reason': decision === 'forbid' ? '' : (asked.reason ?? by.reason),
    ...asked.annotations,
  };
  return stagesOf(asked).map((stage) => {
    const after = stage === 'RequestReceived' ? 0 : stage === 'ResponseStarted' ? 3 : (asked.lasts ?? 4 + (noise % 9));
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level,
      auditID,
      stage,
      requestURI,
      verb,
      user: by.user,
      ...(impersonated && { impersonatedUser: impersonated }),
      sourceIPs: [by.ip],
      ...(by.agent && { userAgent: by.agent }),
      ...(target && { objectRef: target }),
      ...(stage !== 'RequestReceived' && {
        responseStatus: statusOf(code, asked),
        ...(stage === 'ResponseComplete' && bodies),
      }),
      requestReceivedTimestamp: micros(at, noise),
      stageTimestamp: micros(at + after, noise + 217 * (stage === 'RequestReceived' ? 0 : 1)),
      ...(stage !== 'RequestReceived' && code !== 401 && { annotations }),
    };
  });
}

/** Oldest answer first, as a log stream has them. */
export const byTime = (events: K8sEvent[]): K8sEvent[] =>
  events.sort((a, b) => (a.stageTimestamp < b.stageTimestamp ? -1 : a.stageTimestamp > b.stageTimestamp ? 1 : 0));
