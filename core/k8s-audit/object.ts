import { count, orAbsent, text } from '../fields.ts';
import * as z from '../zod.ts';
import type { AuditEvent } from './schema.ts';

const SYSTEM = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'amazon-guardduty', 'amazon-cloudwatch']);
/** Where the keys to the rest are kept: deployers, secret stores, certificate authorities, policy engines, meshes. */
const SENSITIVE = new Set(
  [
    'argocd argo-cd flux-system vault cert-manager external-secrets istio-system linkerd monitoring gatekeeper-system',
    'kyverno sealed-secrets crossplane-system velero',
  ].flatMap((names) => names.split(' ')),
);

/** The namespaces that EKS and its add-ons run in. */
export function isSystemNamespace(namespace: string | undefined): boolean {
  return namespace !== undefined && SYSTEM.has(namespace);
}

/** A system namespace, or one whose workloads commonly hold the keys to others. */
export function isSensitiveNamespace(namespace: string | undefined): boolean {
  return isSystemNamespace(namespace) || (namespace !== undefined && SENSITIVE.has(namespace));
}

/** The body as an object with string keys, or `undefined` for none, a scalar or a list (a JSON Patch). */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isObject(value) ? value : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Answers that are not the object: a Status, and the renderings that a client may ask for and that leave the spec out. */
const NOT_THE_OBJECT = new Set<unknown>(['Status', 'Table', 'PartialObjectMetadata']);

/**
 * The object as it stands after the request: what the server answered, if that is the object, else what was sent. A
 * patch sends only a part, or a list of operations, so the answer comes first.
 */
export function objectOf(event: AuditEvent): Record<string, unknown> | undefined {
  const answer = asObject(event.responseObject);
  if (answer && !NOT_THE_OBJECT.has(answer.kind)) return answer;
  return asObject(event.requestObject);
}

const metadata = z.object({
  name: text,
  generateName: text,
  uid: text,
  generation: count,
  resourceVersion: text,
  labels: orAbsent(z.record(z.string(), z.string())),
  annotations: orAbsent(z.record(z.string(), z.string())),
  ownerReferences: orAbsent(
    z.array(z.object({ kind: z.string(), name: z.string(), uid: z.string(), controller: z.optional(z.boolean()) })),
  ),
});

export type ObjectMetadata = z.infer<typeof metadata>;

/** The `metadata` of a Kubernetes object; fields of an unexpected type are absent. */
export function metadataOf(object: Record<string, unknown> | undefined): ObjectMetadata {
  const parsed = metadata.safeParse(object?.metadata ?? {});
  return parsed.success ? parsed.data : {};
}

/** The name of the object acted on; one made through `generateName` has it only in the answer. */
export function objectNameOf(event: AuditEvent): string | undefined {
  if (event.objectRef?.name) return event.objectRef.name;
  return event.verb === 'create' ? metadataOf(objectOf(event)).name : undefined;
}
