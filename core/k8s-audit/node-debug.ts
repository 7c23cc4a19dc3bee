import { isControlPlane, isNode } from './identity.ts';
import { type PodSpec, podTemplateOf } from './pod-spec.ts';
import type { AuditEvent } from './schema.ts';

/** A new pod that somebody put on one node of their choice, with the node itself in reach. */
interface NodeDebugPod {
  readonly node: string;
  readonly spec: PodSpec;
  /** What of the node the pod can reach, in words. */
  readonly reach: readonly string[];
}

/**
 * The node debugger pod that the request creates, under whatever name: bound to a node by its creator, past the
 * scheduler, and either with the node's root directory or processes, or with any namespace of the node and a toleration
 * of every taint. `undefined` for the pods of the control plane and for mirrors of a node's own static pods.
 */
export function nodeDebugPodOf(event: AuditEvent): NodeDebugPod | undefined {
  const { objectRef, verb, responseStatus, user } = event;
  if (objectRef?.resource !== 'pods' || objectRef.subresource) return undefined;
  // Server-side apply creates with a patch; an existing pod has a node because the scheduler chose one.
  if (verb !== 'create' && !(verb === 'patch' && responseStatus?.code === 201)) return undefined;
  if (isControlPlane(event)) return undefined;

  const template = podTemplateOf(event);
  const node = template?.spec.nodeName;
  if (!template || !node) return undefined;
  const isMirror = Object.hasOwn(template.annotations, 'kubernetes.io/config.mirror');
  if (isMirror && isNode(user) && !event.impersonatedUser && user.username === `system:node:${node}`) return undefined;

  const { spec } = template;
  const roots = spec.volumes.filter(({ hostPath }) => hostPath?.path !== undefined && isRoot(hostPath.path));
  const namespaces = [
    ...(spec.hostPID ? ['processes of the node'] : []),
    ...(spec.hostIPC ? ['shared memory of the node'] : []),
    ...(spec.hostNetwork ? ['network of the node'] : []),
  ];
  const toleratesAll = spec.tolerations.some(({ key, operator }) => !key && operator === 'Exists');
  if (roots.length === 0 && !spec.hostPID && !(namespaces.length > 0 && toleratesAll)) return undefined;
  return { node, spec, reach: [...(roots.length > 0 ? ['root directory of the node'] : []), ...namespaces] };
}

/** `/`, however it is spelt. Kubernetes refuses `..` in a hostPath. */
function isRoot(path: string): boolean {
  return path !== '' && path.split('/').every((segment) => segment === '' || segment === '.');
}
