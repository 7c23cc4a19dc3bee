/**
 * The incidents that an ordinary day raises, as `severity detector: title`, and why an analyst would still want each to
 * be told.
 */
export const EXPLAINED: Readonly<Record<string, string>> = {
  'medium k8s-audit/secrets-list-namespace: system:serviceaccount:velero:velero listed every secret in shop':
    'A backup reads the secrets of namespaces that are not its own. Nothing in the event tells it from a stolen backup token: muted by policy once it is known.',
  'low k8s-audit/secrets-list-namespace: ci-deployer listed what Helm stored for a release in shop':
    'Helm reads its releases on every upgrade; release values may hold passwords. Told once a day for each pipeline.',
  'low k8s-audit/serviceaccount-token-request: system:serviceaccount:external-secrets:external-secrets minted a token of the service account shop/external-secrets-reader':
    'External Secrets mints tokens of other service accounts to fetch from AWS. So would somebody in its pod.',
  'low k8s-audit/secrets-list-all-namespaces: system:serviceaccount:cert-manager:cert-manager listed every secret of the cluster':
    'cert-manager lists all secrets when it starts: once a day at most, and worth knowing who can.',
  'low k8s-audit/secrets-list-all-namespaces: system:serviceaccount:monitoring:kube-state-metrics listed every secret of the cluster':
    'kube-state-metrics lists all secrets when it starts, which few sites need it to.',
  'low k8s-audit/secrets-list-all-namespaces: system:serviceaccount:argocd:argocd-application-controller listed every secret of the cluster':
    'Argo CD lists all secrets when it starts, to compare them with Git.',
  'low k8s-audit/workload-node-access: system:serviceaccount:argocd:argocd-application-controller changed daemonset monitoring/node-exporter, which reaches its node: hostPID; hostNetwork and 3 more':
    'GitOps restates an agent that sees the processes of every node. It did not make it, and could have changed it.',
  'low k8s-audit/rbac-role-secrets-read: system:serviceaccount:argocd:argocd-application-controller wrote ClusterRole kube-state-metrics, which lets its holders read secrets':
    'GitOps wrote a role that reads all secrets: rare, and reviewed where the change was made.',
  'low k8s-audit/pod-exec: AWSReservedSSO_Developer_1f0c6d2a9b3e4758/ana@example.com ran a command in pod shop-dev/web-36b488630-m6vm6':
    'A developer ran one harmless command in a pod: the record of who was inside.',
  'low k8s-audit/pod-exec: AWSReservedSSO_Developer_1f0c6d2a9b3e4758/ben@example.com ran a command in pod shop-dev/web-36b488630-m6vm6':
    'As above, another developer.',
  'low k8s-audit/pod-port-forward: AWSReservedSSO_Developer_1f0c6d2a9b3e4758/chi@example.com forwarded a port to shop-dev/checkout-9d8482706-vdvvz':
    'A developer opened a tunnel to a pod, around the network’s own controls.',
};
