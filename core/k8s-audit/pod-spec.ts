import { count, flag, listOf, orAbsent, text, texts } from '../fields.ts';
import * as z from '../zod.ts';
import { objectOfJsonPatch } from './json-patch.ts';
import { asObject } from './object.ts';
import type { AuditEvent } from './schema.ts';

/** An object, or an empty one in the place of anything else. */
const partOf = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.pipe(
    z.transform((value) => asObject(value) ?? {}),
    z.object(shape),
  );

// It takes long to build, and few events need it.
function createSchema() {
  const windowsOptions = partOf({ hostProcess: flag, runAsUserName: text });
  const seLinuxOptions = partOf({ type: text, user: text, role: text });
  const profile = partOf({ type: text, localhostProfile: text });

  const securityContext = partOf({
    privileged: flag,
    allowPrivilegeEscalation: flag,
    readOnlyRootFilesystem: flag,
    runAsUser: count,
    runAsGroup: count,
    runAsNonRoot: flag,
    procMount: text,
    capabilities: partOf({ add: texts, drop: texts }),
    seccompProfile: profile,
    appArmorProfile: profile,
    seLinuxOptions,
    windowsOptions,
  });

  const hook = partOf({ exec: partOf({ command: texts }) });

  const container = z.object({
    name: text,
    image: text,
    command: texts,
    args: texts,
    env: listOf(z.object({ valueFrom: partOf({ secretKeyRef: partOf({ name: text }) }) })),
    envFrom: listOf(z.object({ secretRef: partOf({ name: text }) })),
    stdin: flag,
    tty: flag,
    /** Of an ephemeral container: the container whose process namespace it joins. */
    targetContainerName: text,
    ports: listOf(z.object({ containerPort: count, hostPort: count, hostIP: text })),
    volumeMounts: listOf(
      z.object({
        name: text,
        mountPath: text,
        readOnly: flag,
        subPath: text,
        subPathExpr: text,
        mountPropagation: text,
      }),
    ),
    volumeDevices: listOf(z.object({ name: text, devicePath: text })),
    lifecycle: partOf({ postStart: hook, preStop: hook }),
    livenessProbe: hook,
    readinessProbe: hook,
    startupProbe: hook,
    securityContext,
  });

  return partOf({
    containers: listOf(container),
    initContainers: listOf(container),
    ephemeralContainers: listOf(container),
    volumes: listOf(
      z.object({
        name: text,
        hostPath: orAbsent(z.object({ path: text, type: text })),
        persistentVolumeClaim: orAbsent(z.object({ claimName: text })),
        secret: orAbsent(z.object({ secretName: text })),
        projected: partOf({ sources: listOf(z.object({ secret: partOf({ name: text }) })) }),
        csi: orAbsent(z.object({ driver: text })),
      }),
    ),
    hostNetwork: flag,
    hostPID: flag,
    hostIPC: flag,
    hostUsers: flag,
    shareProcessNamespace: flag,
    automountServiceAccountToken: flag,
    nodeName: text,
    priorityClassName: text,
    /** `serviceAccount` is its old name, which a request may still use. */
    serviceAccountName: text,
    serviceAccount: text,
    tolerations: listOf(z.object({ key: text, operator: text, effect: text })),
    securityContext: partOf({
      runAsUser: count,
      runAsGroup: count,
      runAsNonRoot: flag,
      fsGroup: count,
      supplementalGroups: listOf(z.number()),
      seccompProfile: profile,
      appArmorProfile: profile,
      seLinuxOptions,
      windowsOptions,
      sysctls: listOf(z.object({ name: z.string(), value: text })),
    }),
  });
}

const podSpec = z.lazy(createSchema);

/** The parts of a PodSpec that detectors judge. Lists are never absent; fields of an unexpected type are. */
export type PodSpec = z.infer<typeof podSpec>;
export type Container = PodSpec['containers'][number];

/** A pod, or the template that a workload makes its pods from. */
export interface PodTemplate {
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
  /** The spec as it was written, for the question which fields it names. */
  readonly rawSpec: Readonly<Record<string, unknown>>;
}

/** Every resource that holds a PodSpec and where its template stands; a pod is its own template. */
const TEMPLATE_PATH: Readonly<Record<string, readonly string[]>> = {
  pods: [],
  podtemplates: ['template'],
  replicationcontrollers: ['spec', 'template'],
  replicasets: ['spec', 'template'],
  deployments: ['spec', 'template'],
  daemonsets: ['spec', 'template'],
  statefulsets: ['spec', 'template'],
  jobs: ['spec', 'template'],
  cronjobs: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** The resources that hold a PodSpec, in RBAC notation, without subresources. */
export const WORKLOADS: readonly string[] = Object.keys(TEMPLATE_PATH);

const templateMetadata = partOf({
  annotations: z.catch(z.record(z.string(), z.string()), {}),
  labels: z.catch(z.record(z.string(), z.string()), {}),
});

function templateIn(object: Record<string, unknown> | undefined, event: AuditEvent): PodTemplate | undefined {
  const path = podSpecPathOf(event)?.slice(0, -1);
  if (!path) return undefined;
  const template = path.reduce<Record<string, unknown> | undefined>((part, key) => asObject(part?.[key]), object);
  const rawSpec = asObject(template?.spec);
  if (!rawSpec) return undefined;
  return { ...templateMetadata.parse(template?.metadata), spec: podSpec.parse(rawSpec), rawSpec };
}

/**
 * The pod or pod template that the request leaves behind, for any workload kind and for `pods/ephemeralcontainers`: what
 * the server answered, else what was sent. A client may ask for an answer without a spec (`as=PartialObjectMetadata`,
 * `as=Table`), so an answer that has none is passed over; what was sent may then be a part only.
 */
export function podTemplateOf(event: AuditEvent): PodTemplate | undefined {
  return templateIn(asObject(event.responseObject), event) ?? sentPodTemplateOf(event);
}

/** The spec of {@link podTemplateOf}. */
export function podSpecOf(event: AuditEvent): PodSpec | undefined {
  return podTemplateOf(event)?.spec;
}

/**
 * The object that the request itself sent: whole for create and update, a part for a patch, the values of a JSON Patch.
 * `undefined` where no body was logged.
 */
export function sentObjectOf(event: AuditEvent): Record<string, unknown> | undefined {
  return asObject(event.requestObject) ?? objectOfJsonPatch(event.requestObject);
}

/** Where in an object of a workload's kind the PodSpec stands; `undefined` for other resources. */
export function podSpecPathOf(event: AuditEvent): readonly string[] | undefined {
  const resource = event.objectRef?.resource ?? '';
  const path = Object.hasOwn(TEMPLATE_PATH, resource) ? TEMPLATE_PATH[resource] : undefined;
  return path && [...path, 'spec'];
}

/** What the request itself said of the pod: whole for create and update, a part for a patch, a JSON Patch as its values. */
function sentPodTemplateOf(event: AuditEvent): PodTemplate | undefined {
  return templateIn(sentObjectOf(event), event);
}

const LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const;

/** A container with the list it stands in; `label` names both, `initContainers/setup`. */
export interface ListedContainer extends Container {
  readonly list: (typeof LISTS)[number];
  readonly label: string;
}

/** Every container of a spec, of all three lists. */
export function containersOf(spec: PodSpec): ListedContainer[] {
  return LISTS.flatMap((list) =>
    spec[list].map((one, index) => ({ ...one, list, label: `${list}/${one.name ?? index}` })),
  );
}

/** Every command that a container runs: its own, its arguments, its lifecycle hooks and its probes. */
export function commandsOf(one: Container): string[][] {
  return [
    [...one.command, ...one.args],
    one.lifecycle.postStart.exec.command,
    one.lifecycle.preStop.exec.command,
    one.livenessProbe.exec.command,
    one.readinessProbe.exec.command,
    one.startupProbe.exec.command,
  ].filter((command) => command.length > 0);
}

/** The user id that a container runs as: its own setting, else the pod's; absent where the image decides. */
function runAsUserOf(one: Container, spec: PodSpec): number | undefined {
  return one.securityContext.runAsUser ?? spec.securityContext.runAsUser;
}

/** Whether a container may run as root: nothing sets another user or demands one, so the image decides. */
export function mayBeRoot(one: Container, spec: PodSpec): boolean {
  const user = runAsUserOf(one, spec);
  if (user !== undefined) return user === 0;
  return (one.securityContext.runAsNonRoot ?? spec.securityContext.runAsNonRoot) !== true;
}

/** Capability names as the kernel spells them but for the prefix, upper case and without `CAP_`: `SYS_ADMIN`, `ALL`. */
export function addedCapabilitiesOf(one: Container): string[] {
  return [...new Set(one.securityContext.capabilities.add.map(capabilityName))];
}

/** Capabilities that a container gives up, spelt as {@link addedCapabilitiesOf} does. */
export function droppedCapabilitiesOf(one: Container): string[] {
  return [...new Set(one.securityContext.capabilities.drop.map(capabilityName))];
}

function capabilityName(name: string): string {
  return name.trim().toUpperCase().replace(/^CAP_/, '');
}

/** The service account that pods of this spec run as. */
export function serviceAccountNameOf(spec: PodSpec): string {
  return spec.serviceAccountName || spec.serviceAccount || 'default';
}

/** The images of all containers, each once. */
export function imagesOf(spec: PodSpec): string[] {
  return [...new Set(containersOf(spec).flatMap(({ image }) => image ?? []))];
}
