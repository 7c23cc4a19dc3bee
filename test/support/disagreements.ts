const UPDATES_COUNT = 'Widening a role that exists is the same act as creating it; the peer looks at creations only.';
const NO_NAMESPACE_IS_TRUST =
  'The peer trusts every service account of kube-system. This one is no component of the control plane, and whoever may create service accounts there may choose its name.';

/** Corpus cases where we say otherwise than their authors, and why we are right. */
export const DISAGREEMENTS: Readonly<Record<string, string>> = {
  'panther-amazon-eks-anonymousapiaccess-07-elb-health-check-from-public-ip':
    'A health path is exempt whatever the address: it tells the caller nothing, and load balancers of customers ask from the internet.',
  'panther-amazon-eks-anonymousapiaccess-08-anonymous-api-access-web-scanner-denied':
    'The request was denied and is no write: the noise of every public address. The entry asks for success; scans are counted, not told one by one.',
  'panther-kubernetes-pod-host-ipc-05-system-namespace-with-hostipc-excluded': NO_NAMESPACE_IS_TRUST,
  'panther-kubernetes-pod-hostpath-volume-06-system-namespace-pod-excluded': NO_NAMESPACE_IS_TRUST,
  'panther-kubernetes-role-nodeproxypermissions-07-system-principal-creating-role-excluded': NO_NAMESPACE_IS_TRUST,
  'panther-kubernetes-role-podexec-06-system-principal-creating-role-excluded': NO_NAMESPACE_IS_TRUST,
  'panther-kubernetes-role-wildcard-07-system-principal-creating-role-excluded': NO_NAMESPACE_IS_TRUST,
  'panther-kubernetes-role-writepermissions-06-system-principal-creating-role-excluded': NO_NAMESPACE_IS_TRUST,
  'panther-kubernetes-pod-stealserviceaccounttoken-08-system-principal-in-system-namespace-excluded':
    NO_NAMESPACE_IS_TRUST,
  'panther-kubernetes-systemrole-modified-07-system-principal-modifying-system-role-excluded': NO_NAMESPACE_IS_TRUST,
  'panther-kubernetes-role-nodeproxypermissions-09-updating-existing-role-not-creating': UPDATES_COUNT,
  'panther-kubernetes-role-podexec-08-updating-existing-role-not-creating': UPDATES_COUNT,
  'panther-kubernetes-role-wildcard-09-updating-existing-role-not-creating': UPDATES_COUNT,
  'panther-kubernetes-role-writepermissions-08-updating-existing-role-not-creating': UPDATES_COUNT,
  'panther-kubernetes-secrets-dumpallnamespaces-08-kube-state-metrics-listing-secrets-excluded':
    'The peer exempts the name kube-state-metrics, which anybody may give a service account. It read every secret: told, and muted by policy where it is known.',
  'panther-kubernetes-systemrole-modified-05-system-coredns-modified-excluded-expected':
    'A person changed system:coredns, and the event does not show to what. The peer exempts the role by its name.',
  'panther-aws-root-activity-06-root-read-only-enumeration':
    'The peer drops what root only reads. Root listing access keys is how a stolen root password is first used.',
};
