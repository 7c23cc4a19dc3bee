import { defineDetector } from '../../../core/detector.ts';
import { describeCaller } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { judgeKubeletRequest, wasForwarded } from '../../../core/k8s-audit/proxy.ts';

export default defineDetector({
  id: 'k8s-audit/kubelet-proxy',
  title: 'Kubelet reached through nodes/proxy',
  description:
    'Whoever may use nodes/proxy may have the kubelet of any node run commands in any of its pods. Admission does not see ' +
    'it, and no pods/exec is logged: this request is the only trace.',
  severity: 'medium',
  mitre: ['TA0004:T1611', 'TA0002:T1609', 'TA0007:T1613'],
  source: 'k8s-audit',
  covers: ['nodes-proxy-access', 'nodes-proxy-exec'],
  when: { resources: ['nodes/proxy'], apiGroups: [''] },

  detect(event) {
    const request = wasForwarded(event) ? judgeKubeletRequest(event) : undefined;
    if (!request) return undefined;
    const { severity, severityReason, node, port, endpoint, namespace, pod, ...rest } = request;
    return {
      title: `${actorName(event)} used /${endpoint} of the kubelet on ${node}${port ? `:${port}` : ''}${pod ? ` for ${namespace}/${pod}` : ''}`,
      // An agent walks over all nodes by one endpoint; a command is a matter of its pod.
      dedup: [actorName(event), endpoint, pod ? `${namespace}/${pod}` : '', severity === 'critical' ? node : ''],
      severity,
      severityReason,
      evidence: {
        endpoint,
        node,
        port,
        podNamespace: namespace,
        pod,
        ...rest,
        caller: describeCaller(event),
        code: event.responseStatus?.code,
      },
    };
  },
});
