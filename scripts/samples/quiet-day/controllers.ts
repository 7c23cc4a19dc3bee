import type { K8sEvent } from '../k8s-event.ts';
import { certificates } from './certificates.ts';
import { monitoring } from './monitoring.ts';
import { networking } from './networking.ts';
import { platform } from './platform.ts';

export const controllers = (): K8sEvent[] => [...monitoring(), ...networking(), ...certificates(), ...platform()];
