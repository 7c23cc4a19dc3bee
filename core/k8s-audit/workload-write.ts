import { count } from '../fields.ts';
import { SEVERITIES, severityRank } from '../severity.ts';
import * as z from '../zod.ts';
import { callerOf } from './caller.ts';
import { isHandTool } from './client.ts';
import { isControlPlane } from './identity.ts';
import type { Weight } from './node-access.ts';
import { asObject, metadataOf, objectNameOf, objectOf } from './object.ts';
import { podSpecOf, podSpecPathOf, sentObjectOf } from './pod-spec.ts';
import type { AuditEvent } from './schema.ts';

/**
 * What a write did to the pods that a workload makes.
 * - `created`: the workload is new.
 * - `rewritten`: it existed, and this request may have changed how its containers are confined.
 * - `repointed`: it existed, and at most what its containers run was changed: image, command, environment.
 * - `unchanged`: the event proves that nothing of the kind was changed.
 */
export type WorkloadWrite = 'created' | 'rewritten' | 'repointed' | 'unchanged';

/** What the request did to its workload, by what the server said and the client cannot choose. */
export function workloadWriteOf(event: AuditEvent): WorkloadWrite {
  if (isWorkloadCreated(event)) return 'created';
  if (provesSpecUnchanged(event)) return 'unchanged';
  const change = event.verb === 'patch' ? patchedPartOf(event) : 'rewritten';
  return change !== 'unchanged' && provesPodSpecUntouched(event) ? 'unchanged' : change;
}

/** Whether the request made the object: a create, or a server-side apply or update of what did not exist. */
export function isWorkloadCreated({ verb, responseStatus }: AuditEvent): boolean {
  return verb === 'create' || responseStatus?.code === 201;
}

/**
 * Whether the control plane went about its own work: the EKS add-on manager, a controller that makes what a workload's
 * template orders (the template was judged when it was written), or any component that updates what exists. A controller
 * that makes a workload of nobody's order is somebody with its token.
 */
export function isControlPlaneWork(event: AuditEvent): boolean {
  if (!isControlPlane(event)) return false;
  if (!event.user.username.startsWith('system:') || !isWorkloadCreated(event)) return true;
  // What was sent says as much of its owner as what came of it, and is a third as long.
  if (hasController(asObject(event.requestObject))) return true;
  const object = objectOf(event);
  // Only an object that the server has made shows that it has no owner; a record with less shows nothing.
  return metadataOf(object).uid === undefined || hasController(object);
}

/** Every pod of a cluster comes by here: its owners are all that is looked at. */
function hasController(object: Readonly<Record<string, unknown>> | undefined): boolean {
  const owners = asObject(object?.metadata)?.ownerReferences;
  return Array.isArray(owners) && owners.some((owner) => asObject(owner)?.controller === true);
}

const observed = z.object({ observedGeneration: count });

/**
 * An update that keeps the resource version wrote nothing. Else the API server raises `generation` with every change of
 * the spec and keeps `status` as it was, so that a generation already observed by its controller is an old one.
 */
function provesSpecUnchanged(event: AuditEvent): boolean {
  const answer = asObject(event.responseObject);
  if (!answer || answer.kind === 'Status') return false;
  const { generation, resourceVersion } = metadataOf(answer);
  if (event.verb === 'update' && resourceVersion) {
    if (metadataOf(asObject(event.requestObject)).resourceVersion === resourceVersion) return true;
  }
  const status = observed.safeParse(answer.status);
  return status.success && generation !== undefined && status.data.observedGeneration === generation;
}

const managedFields = z.lazy(() =>
  z
    .array(
      z.object({ time: z.iso.datetime({ offset: true }), subresource: z.optional(z.string()), fieldsV1: z.unknown() }),
    )
    .check(z.minLength(1)),
);

/** The clocks behind `managedFields` (whole seconds) and the audit log are the API server's own, maybe two servers'. */
const CLOCK_SLACK_MS = 5000;

/**
 * Whether the server's own record of who owns which field shows that no field of a pod's or job's spec was written just
 * now. It does not show removals; of these two kinds nothing that matters can be removed.
 */
function provesPodSpecUntouched(event: AuditEvent): boolean {
  const resource = event.objectRef?.resource;
  if (resource !== 'pods' && resource !== 'jobs') return false;
  const entries = managedFields.safeParse(asObject(asObject(event.responseObject)?.metadata)?.managedFields);
  const received = Date.parse(event.requestReceivedTimestamp);
  if (!entries.success || Number.isNaN(received)) return false;
  return entries.data.every(
    ({ time, subresource, fieldsV1 }) =>
      subresource !== undefined ||
      Date.parse(time) < received - CLOCK_SLACK_MS ||
      !Object.hasOwn(asObject(fieldsV1) ?? { 'f:spec': {} }, 'f:spec'),
  );
}

/** Fields of a PodSpec that say where and when a pod runs, not what it may do. */
const PLACEMENT = new Set(
  [
    'affinity nodeSelector tolerations topologySpreadConstraints priorityClassName priority terminationGracePeriodSeconds',
    'activeDeadlineSeconds restartPolicy schedulerName schedulingGates imagePullSecrets readinessGates',
  ].flatMap((names) => names.split(' ')),
);
const LISTS = new Set(['containers', 'initContainers']);
/** Fields of a container that say what it runs, not what it may do. */
const PROGRAM = new Set(
  [
    'name image imagePullPolicy command args workingDir env envFrom resources livenessProbe readinessProbe startupProbe',
    'lifecycle terminationMessagePath terminationMessagePolicy stdin stdinOnce tty restartPolicy resizePolicy',
  ].flatMap((names) => names.split(' ')),
);
/** Orders of a strategic merge patch that only sort a list. */
const isOrder = (key: string) => key.startsWith('$setElementOrder/');

/** What of the pod a patch speaks of. Removals count as much as values: without `readOnly` a mount is writable. */
function patchedPartOf(event: AuditEvent): WorkloadWrite {
  let part: unknown = sentObjectOf(event);
  if (part === undefined) return 'rewritten';
  for (const key of podSpecPathOf(event) ?? []) {
    const whole = asObject(part);
    if (!whole || Object.hasOwn(whole, '$patch')) return 'rewritten';
    if (!Object.hasOwn(whole, key)) return 'unchanged';
    part = whole[key];
  }
  const spec = asObject(part);
  if (!spec) return 'rewritten';
  const keys = Object.keys(spec).filter((key) => !isOrder(key) && !PLACEMENT.has(key));
  if (keys.length === 0) return 'unchanged';
  return keys.every((key) => LISTS.has(key) && isProgramOnly(spec[key])) ? 'repointed' : 'rewritten';
}

function isProgramOnly(containers: unknown): boolean {
  return (
    Array.isArray(containers) &&
    containers.every((one: unknown) => {
      const container = asObject(one);
      return container && Object.keys(container).every((key) => PROGRAM.has(key) || isOrder(key));
    })
  );
}

/**
 * What a workload's settings weigh in this write. `settings` is what they are worth by themselves.
 * - A service account that restates what exists, and not with a tool of the keyboard, is an operator at work: one step
 *   milder, and never high.
 * - Another program in an unchanged powerful pod is how such a pod is taken over, and also any release: a mild word for
 *   powerful pods, `undefined` for others.
 * - Anybody else who puts such a pod on a node of their choice is a step worse, up to high.
 */
export function weightOfWrite(event: AuditEvent, write: WorkloadWrite, settings: Weight): Weight | undefined {
  const isOperator = isByOperator(event);
  const { severity, because } = settings;
  if (write === 'unchanged') return undefined;
  if (write === 'repointed') {
    if (severityRank(severity) < severityRank('high')) return undefined;
    return {
      severity: isOperator ? 'low' : 'medium',
      because: `only what the containers run was changed, in a workload where ${because}`,
    };
  }
  if (write === 'rewritten' && isOperator) {
    const milder = SEVERITIES[Math.max(0, Math.min(severityRank(severity) - 1, severityRank('medium')))] ?? severity;
    return { severity: milder, because: `a service account restated a workload that exists, where ${because}` };
  }
  if (write === 'created' && !isOperator && isPlaced(event) && severityRank(severity) < severityRank('high')) {
    const worse = SEVERITIES[severityRank(severity) + 1] ?? severity;
    return { severity: worse, because: `${because}, on a node that was chosen past the scheduler or its taints` };
  }
  return settings;
}

/** Whether a service account inside the cluster made the request, and not with a tool of the keyboard. */
function isByOperator(event: AuditEvent): boolean {
  const caller = callerOf(event);
  return (caller === 'resident' || caller === 'unbound') && !isHandTool(event);
}

/** Whether the workload runs once, rather than being kept running or run again. */
function isSingle({ objectRef }: AuditEvent): boolean {
  return objectRef?.resource === 'pods' || objectRef?.resource === 'jobs';
}

function isPlaced(event: AuditEvent): boolean {
  const spec = podSpecOf(event);
  if (spec?.nodeName) return true;
  return isSingle(event) && spec?.tolerations.some(({ key, operator }) => !key && operator === 'Exists') === true;
}

/**
 * How to name a workload in a title, `daemonset kube-system/agent`, and in `dedup`, where generated names are one: by
 * `generateName`, or by a program that makes single pods and jobs, as a CI runner does.
 */
export function workloadNameOf(event: AuditEvent): { title: string; dedup: string } {
  const { resource = 'workloads', namespace = '-' } = event.objectRef ?? {};
  const { generateName } = metadataOf(objectOf(event));
  const kind = resource.slice(0, -1);
  const name = objectNameOf(event) ?? generateName ?? '-';
  const isGenerated = isSingle(event) && isWorkloadCreated(event) && isByOperator(event);
  const common = generateName ?? (isGenerated ? '*' : name);
  return { title: `${kind} ${namespace}/${name}`, dedup: `${kind} ${namespace}/${common}` };
}

/** What a write did, in the word of a title. */
export function verbOf(write: WorkloadWrite): string {
  return write === 'created' ? 'created' : 'changed';
}
