import { defineDetector } from '../../../core/detector.ts';
import { describeCaller } from '../../../core/k8s-audit/caller.ts';
import { actorName } from '../../../core/k8s-audit/identity.ts';
import { judgeWorkloadProxy, proxiedOf, wasForwarded } from '../../../core/k8s-audit/proxy.ts';
import { redactUri } from '../../../core/redact.ts';

export default defineDetector({
  id: 'k8s-audit/apiserver-proxy',
  title: 'Pod or service reached through the API server',
  description:
    'The API server’s proxy carries HTTP to any pod or service from wherever the API is reachable, past network policy and ' +
    'ingress: dashboards, stores and admin pages that were never meant to be seen from outside.',
  severity: 'medium',
  mitre: ['TA0011:T1090', 'TA0001:T1190'],
  source: 'k8s-audit',
  covers: ['apiserver-proxy-to-workload'],
  when: { resources: ['pods/proxy', 'services/proxy'], apiGroups: [''] },

  detect(event) {
    const proxied = proxiedOf(event);
    const judged = wasForwarded(event) ? judgeWorkloadProxy(event, proxied) : undefined;
    if (!judged) return undefined;
    const { host, port, segments } = proxied;
    const { namespace = '-', resource } = event.objectRef ?? {};
    return {
      title: `${actorName(event)} went through the API server to ${namespace}/${host}${port ? `:${port}` : ''}`,
      dedup: [actorName(event), namespace, `${resource}/${host}`, port ?? ''],
      ...judged,
      evidence: {
        workload: host,
        port,
        path: redactUri(`/${segments.join('/')}`),
        caller: describeCaller(event),
        code: event.responseStatus?.code,
      },
    };
  },
});
