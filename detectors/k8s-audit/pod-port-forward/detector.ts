import { defineDetector } from '../../../core/detector.ts';
import { describeCaller } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { forwardedPortsOf, judgePortForward } from '../../../core/k8s-audit/proxy.ts';

export default defineDetector({
  id: 'k8s-audit/pod-port-forward',
  title: 'Port forwarded to a pod',
  description:
    'A port-forward is a tunnel from the caller’s machine to any port of the pod, past network policy. Developers use ' +
    'it all day; so does whoever wants the database behind it.',
  severity: 'low',
  mitre: ['TA0011:T1572', 'TA0011:T1090'],
  source: 'k8s-audit',
  covers: ['pod-port-forward'],
  // SPDY opens it by create, a WebSocket by get.
  when: { verbs: ['create', 'get'], resources: ['pods/portforward'], apiGroups: [''], outcomes: ['succeeded'] },

  detect(event) {
    const { namespace = '-', name = '-' } = event.objectRef ?? {};
    const ports = forwardedPortsOf(event);
    return {
      title: `${actorName(event)} forwarded ${ports.length > 0 ? `port ${ports.join(', ')}` : 'a port'} to ${namespace}/${name}`,
      dedup: [actorName(event), namespace, name],
      ...judgePortForward(event),
      evidence: { caller: describeCaller(event), ports: ports.length > 0 ? ports : undefined },
    };
  },
});
