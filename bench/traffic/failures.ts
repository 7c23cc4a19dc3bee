import * as callers from '../../scripts/samples/callers.ts';
import { type K8sEvent, k8sEvent, ref } from '../../scripts/samples/k8s-event.ts';
import { watchFrom } from '../../scripts/samples/quiet-day/informers.ts';
import type { Act } from './act.ts';
import { anyPod, controllers, nodes, operators, people } from './fleet.ts';

/** Requests that fail in a healthy cluster: lost races, things not there, rights that nobody granted. */
export const failures: readonly Act<K8sEvent>[] = [
  {
    weight: 7,
    make(at, random) {
      const target = ref('crd.k8s.amazonaws.com/v1alpha1/eniconfigs', undefined, 'default');
      return k8sEvent({ at, by: callers.vpcCni(random.pick(nodes)), verb: 'get', ref: target, code: 404 });
    },
  },
  {
    weight: 4,
    make(at, random) {
      const { namespace, app } = anyPod(random);
      const target = ref('endpointslices', namespace, `${app}-k2x9v`);
      return k8sEvent({ at, by: controllers[0], verb: 'update', ref: target, code: 409 });
    },
  },
  {
    weight: 4,
    make(at, random) {
      const { node, namespace, name } = anyPod(random);
      return k8sEvent({ at, by: callers.kubelet(node), verb: 'get', ref: ref('pods', namespace, name), code: 404 });
    },
  },
  {
    weight: 3,
    make(at, random) {
      const { node, namespace, app } = anyPod(random);
      const by = callers.kubelet(node);
      const name = `${app}-env`;
      const message = `secrets "${name}" is forbidden: User "${by.user.username}" cannot watch resource "secrets" in API group "" in the namespace "${namespace}": no relationship found between node '${node.name}' and this object`;
      const query = watchFrom(at, 522, name);
      return k8sEvent({ at, by, verb: 'watch', ref: ref('secrets', namespace, name), query, code: 403, message });
    },
  },
  {
    weight: 3,
    make(at, random) {
      const type = random.pick(['ingresses', 'poddisruptionbudgets', 'networkpolicies']);
      return k8sEvent({ at, by: random.pick(operators), verb: 'list', ref: ref(type), code: 403 });
    },
  },
  {
    weight: 2,
    make: (at, random) =>
      k8sEvent({
        at,
        by: callers.nobody(random.pick(nodes).ip, 'Go-http-client/2.0'),
        verb: 'get',
        path: '/metrics',
        code: 401,
      }),
  },
  {
    weight: 1,
    make: (at, random) =>
      k8sEvent({ at, by: random.pick(people), verb: 'list', ref: ref('nodes'), query: 'limit=500', code: 403 }),
  },
];
