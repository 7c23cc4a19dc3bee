import { isControlPlaneName } from './identity.ts';
import { isSensitiveNamespace } from './object.ts';

/** `controller` as a word of a name, and names under which guides make administrators. */
const CONTROLLER = /(?:^|[-.])controller(?:[-.]|$)/;
const ADMIN = /(?:^|[-.])(?:cluster-admin|admin-user|tiller)(?:[-.]|$)/;

/**
 * What a service account may be expected to be allowed, by its name, which is all that an event shows of it.
 * - `built-in`: a controller of the control plane, which no pod of a cluster runs as.
 * - `add-on`: a controller in a namespace that holds the keys to others, or an administrator by its name.
 */
export function powerOfServiceAccount(namespace: string, name: string): 'built-in' | 'add-on' | undefined {
  if (isControlPlaneName(`system:serviceaccount:${namespace}:${name}`)) return 'built-in';
  if (isSensitiveNamespace(namespace) && CONTROLLER.test(name)) return 'add-on';
  return ADMIN.test(name) ? 'add-on' : undefined;
}
