import { classOfHostPath, normalizeHostPath } from './host-path.ts';
import {
  addedCapabilitiesOf,
  containersOf,
  droppedCapabilitiesOf,
  type ListedContainer,
  type PodSpec,
  type PodTemplate,
} from './pod-spec.ts';

/** Capabilities that most runtimes give anyway, so that adding them matters only where the others were dropped. */
const DEFAULT_CAPABILITIES = ['NET_RAW', 'DAC_OVERRIDE', 'SYS_CHROOT', 'MKNOD', 'SETFCAP'];

const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

/** A confinement that a pod gives up; the unconfined ones turn off a protection of the kernel. */
export interface Weakening {
  readonly setting: string;
  readonly unconfined: boolean;
}

/** Every confinement that a pod template gives up in so many words, with the containers that do. */
export function weakeningsOf({ spec, annotations }: PodTemplate): Weakening[] {
  const all = containersOf(spec);
  const pod = spec.securityContext;
  const where = (setting: string, inPod: boolean, test: (one: ListedContainer) => boolean, unconfined = false) => {
    const labels = [...(inPod ? ['pod'] : []), ...all.filter(test).map(({ label }) => label)];
    return labels.length > 0 ? [{ setting: `${setting}: ${labels.join(', ')}`, unconfined }] : [];
  };
  // A setting of the pod counts where a container leaves it as it is; a patch may show no containers at all.
  const inherits = (key: 'runAsUser' | 'runAsNonRoot' | 'runAsGroup') =>
    all.length === 0 || all.some(({ securityContext }) => securityContext[key] === undefined);
  const isUnconfined = (type: string | undefined) => type?.toLowerCase() === 'unconfined';
  const isAdministrator = (user: string | undefined) => /(?:^|\\)(?:containeradministrator|system)$/i.test(user ?? '');
  const unconfinedByAnnotation = Object.entries(annotations)
    .filter(([key, value]) => key.startsWith(APPARMOR_ANNOTATION) && value === 'unconfined')
    .map(([key]) => key.slice(APPARMOR_ANNOTATION.length));

  return [
    ...where(
      'seccomp Unconfined',
      isUnconfined(pod.seccompProfile.type),
      ({ securityContext }) => isUnconfined(securityContext.seccompProfile.type),
      true,
    ),
    ...where(
      'AppArmor Unconfined',
      isUnconfined(pod.appArmorProfile.type),
      ({ name, securityContext }) =>
        isUnconfined(securityContext.appArmorProfile.type) || unconfinedByAnnotation.includes(name ?? ''),
      true,
    ),
    ...where(
      'SELinux options set',
      isSet(pod.seLinuxOptions),
      ({ securityContext }) => isSet(securityContext.seLinuxOptions),
      true,
    ),
    ...where(
      'runAsUser 0',
      pod.runAsUser === 0 && inherits('runAsUser'),
      ({ securityContext }) => securityContext.runAsUser === 0,
    ),
    ...where(
      'runAsNonRoot false',
      pod.runAsNonRoot === false && inherits('runAsNonRoot'),
      ({ securityContext }) => securityContext.runAsNonRoot === false,
    ),
    ...where(
      'runAsGroup 0',
      pod.runAsGroup === 0 && inherits('runAsGroup'),
      ({ securityContext }) => securityContext.runAsGroup === 0,
    ),
    ...where('fsGroup 0', pod.fsGroup === 0, () => false),
    ...where('Windows administrator', isAdministrator(pod.windowsOptions.runAsUserName), ({ securityContext }) =>
      isAdministrator(securityContext.windowsOptions.runAsUserName),
    ),
    ...where(
      'allowPrivilegeEscalation true',
      false,
      ({ securityContext }) => securityContext.allowPrivilegeEscalation === true,
    ),
    ...where(
      'readOnlyRootFilesystem false',
      false,
      ({ securityContext }) => securityContext.readOnlyRootFilesystem === false,
    ),
    ...DEFAULT_CAPABILITIES.flatMap((name) =>
      where(`capability ${name}`, false, (one) => addedCapabilitiesOf(one).includes(name)),
    ),
    ...where(
      'shareProcessNamespace beside a Secret',
      spec.shareProcessNamespace === true && holdsSecret(spec),
      () => false,
    ),
    ...spec.volumes.flatMap(({ hostPath }) =>
      hostPath?.path !== undefined && classOfHostPath(normalizeHostPath(hostPath.path)) === 'other'
        ? [{ setting: `hostPath ${hostPath.path}`, unconfined: false }]
        : [],
    ),
  ];
}

/** What a pod template leaves out that hardening guides ask of every container. */
export function omissionsOf({ spec }: PodTemplate): string[] {
  const all = containersOf(spec);
  const where = (setting: string, test: (one: ListedContainer) => boolean) => {
    const labels = all.filter(test).map(({ label }) => label);
    return labels.length > 0 ? [`${setting}: ${labels.join(', ')}`] : [];
  };
  return [
    ...where('root filesystem writable', ({ securityContext }) => securityContext.readOnlyRootFilesystem !== true),
    ...where(
      'privilege escalation not ruled out',
      ({ securityContext }) => securityContext.allowPrivilegeEscalation === undefined,
    ),
    ...where(
      'NET_RAW not dropped',
      (one) => !droppedCapabilitiesOf(one).some((name) => name === 'ALL' || name === 'NET_RAW'),
    ),
  ];
}

function isSet(options: Readonly<Record<string, string | undefined>>): boolean {
  return Object.values(options).some((value) => value !== undefined);
}

function holdsSecret(spec: PodSpec): boolean {
  return (
    spec.volumes.some(
      ({ secret, projected }) => secret !== undefined || projected.sources.some((one) => one.secret.name !== undefined),
    ) ||
    containersOf(spec).some(
      ({ env, envFrom }) =>
        env.some(({ valueFrom }) => valueFrom.secretKeyRef.name !== undefined) ||
        envFrom.some(({ secretRef }) => secretRef.name !== undefined),
    )
  );
}
