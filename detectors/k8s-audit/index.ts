// Made by `npm run gen` from the folders beside it. Do not edit.
import type { RegisteredDetector } from '../../core/detector.ts';
import anonymousAttempt from './anonymous-attempt/detector.ts';
import anonymousRequest from './anonymous-request/detector.ts';
import apiserverProxy from './apiserver-proxy/detector.ts';
import auditEventTruncated from './audit-event-truncated/detector.ts';
import awsAuthChange from './aws-auth-change/detector.ts';
import certificateApproval from './certificate-approval/detector.ts';
import certificateRequest from './certificate-request/detector.ts';
import clusterAdminIdentityUsed from './cluster-admin-identity-used/detector.ts';
import ephemeralContainer from './ephemeral-container/detector.ts';
import impersonation from './impersonation/detector.ts';
import impersonationDenied from './impersonation-denied/detector.ts';
import kubeletProxy from './kubelet-proxy/detector.ts';
import nodeDebugPod from './node-debug-pod/detector.ts';
import persistentvolumeHostPath from './persistentvolume-host-path/detector.ts';
import podExec from './pod-exec/detector.ts';
import podExecCredentialTheft from './pod-exec-credential-theft/detector.ts';
import podExecDownload from './pod-exec-download/detector.ts';
import podExecHostEscape from './pod-exec-host-escape/detector.ts';
import podExecReverseShell from './pod-exec-reverse-shell/detector.ts';
import podFileCopy from './pod-file-copy/detector.ts';
import podPortForward from './pod-port-forward/detector.ts';
import rbacBindingChanged from './rbac-binding-changed/detector.ts';
import rbacBindingPowerfulRole from './rbac-binding-powerful-role/detector.ts';
import rbacBindingServiceAccount from './rbac-binding-service-account/detector.ts';
import rbacBindingSystemNamespace from './rbac-binding-system-namespace/detector.ts';
import rbacBindingToEveryone from './rbac-binding-to-everyone/detector.ts';
import rbacEscalationDenied from './rbac-escalation-denied/detector.ts';
import rbacRoleAggregated from './rbac-role-aggregated/detector.ts';
import rbacRoleChanged from './rbac-role-changed/detector.ts';
import rbacRoleEqualsAdmin from './rbac-role-equals-admin/detector.ts';
import rbacRoleEventDeletion from './rbac-role-event-deletion/detector.ts';
import rbacRoleKubeletOrExec from './rbac-role-kubelet-or-exec/detector.ts';
import rbacRoleSecretsRead from './rbac-role-secrets-read/detector.ts';
import rbacRoleWrites from './rbac-role-writes/detector.ts';
import rbacSystemRoleChanged from './rbac-system-role-changed/detector.ts';
import secretRead from './secret-read/detector.ts';
import secretReadHighValue from './secret-read-high-value/detector.ts';
import secretReadScriptingClient from './secret-read-scripting-client/detector.ts';
import secretsListAllNamespaces from './secrets-list-all-namespaces/detector.ts';
import secretsListNamespace from './secrets-list-namespace/detector.ts';
import serviceaccountTokenRequest from './serviceaccount-token-request/detector.ts';
import workloadControllerServiceaccount from './workload-controller-serviceaccount/detector.ts';
import workloadHardening from './workload-hardening/detector.ts';
import workloadNodeAccess from './workload-node-access/detector.ts';
import workloadUnhardened from './workload-unhardened/detector.ts';

export const k8sAuditDetectors: readonly RegisteredDetector[] = [
  {
    detector: anonymousAttempt,
    nextSteps: [
      'kubectl auth can-i --list --as=system:anonymous --as-group=system:unauthenticated',
      'kubectl get clusterrolebindings -o wide',
      'aws ec2 describe-network-interfaces --region {event.region} --filters Name=addresses.private-ip-address,Values={actor.sourceIp}',
      'kubectl get pods -A -o wide --field-selector status.podIP={actor.sourceIp}',
      'aws eks describe-cluster --name {event.cluster} --region {event.region} --query cluster.resourcesVpcConfig',
    ],
  },
  {
    detector: anonymousRequest,
    nextSteps: [
      'kubectl get clusterrolebindings -o json | jq -r \'.items[] | select(any(.subjects[]?; .name == "system:anonymous" or .name == "system:unauthenticated")) | .metadata.name\'',
      'kubectl auth can-i --list --as=system:anonymous --as-group=system:unauthenticated',
      "aws eks describe-cluster --name {event.cluster} --region {event.region} --query 'cluster.[version,resourcesVpcConfig]'",
    ],
  },
  {
    detector: apiserverProxy,
    nextSteps: [
      'kubectl get service {evidence.workload} -n {target.namespace} -o wide',
      'kubectl get pod {evidence.workload} -n {target.namespace} -o wide',
      'kubectl get endpointslices -n {target.namespace} -o wide',
      'kubectl auth can-i create services/proxy -n {target.namespace} --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
    ],
  },
  {
    detector: auditEventTruncated,
    nextSteps: [
      'kubectl get {target.resource} --all-namespaces --field-selector metadata.name={target.name} --output yaml --show-managed-fields',
      'kubectl get {target.resource} --all-namespaces --field-selector metadata.name={target.name} --output json | jq \'.items[] | [paths(strings) as $p | {path: ($p | map(tostring) | join(".")), length: (getpath($p) | length)}] | sort_by(-.length) | .[:10]\'',
    ],
  },
  {
    detector: awsAuthChange,
    nextSteps: [
      'kubectl get configmap aws-auth -n kube-system -o yaml',
      'aws eks describe-cluster --name {event.cluster} --region {event.region} --query cluster.accessConfig.authenticationMode',
      'aws eks list-access-entries --cluster-name {event.cluster} --region {event.region}',
    ],
  },
  {
    detector: certificateApproval,
    nextSteps: [
      'kubectl get csr {target.name} -o yaml',
      'kubectl describe csr {target.name}',
      'kubectl auth can-i --list --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
      'kubectl auth can-i approve signers.certificates.k8s.io --as={actor.username} --as-group={actor.groups[]}',
    ],
  },
  {
    detector: certificateRequest,
    nextSteps: [
      'kubectl get csr {evidence.request} -o wide',
      'kubectl get csr {evidence.request} -o yaml',
      'kubectl get csr --sort-by=.metadata.creationTimestamp',
    ],
  },
  {
    detector: clusterAdminIdentityUsed,
    nextSteps: [
      'aws cloudtrail lookup-events --region {event.region} --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --region {event.region} --principal-arn {actor.principalArn}',
      'kubectl get clusterrolebindings -o json | jq -r \'.items[] | select(.roleRef.name == "cluster-admin") | [.metadata.name, (.subjects // [] | map(.name) | join(","))] | @tsv\'',
    ],
  },
  {
    detector: ephemeralContainer,
    nextSteps: [
      'kubectl get pod {target.name} -n {target.namespace} -o custom-columns=ADDED:.spec.ephemeralContainers,STATE:.status.ephemeralContainerStatuses',
      'kubectl logs {target.name} -n {target.namespace} --all-containers --since=1h',
    ],
  },
  {
    detector: impersonation,
    nextSteps: [
      'kubectl auth can-i impersonate users --as={actor.username} --as-group={actor.groups[]}',
      'kubectl auth can-i impersonate groups --as={actor.username} --as-group={actor.groups[]}',
      'kubectl auth can-i --list --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
      'aws cloudtrail lookup-events --region {event.region} --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId}',
    ],
  },
  {
    detector: impersonationDenied,
    nextSteps: [
      'kubectl auth can-i --list --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
      'aws cloudtrail lookup-events --region {event.region} --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId}',
    ],
  },
  {
    detector: kubeletProxy,
    nextSteps: [
      'kubectl get pod {evidence.pod} -n {evidence.podNamespace} -o wide',
      'kubectl get pod {evidence.pod} -n {evidence.podNamespace} -o custom-columns=ACCOUNT:.spec.serviceAccountName,HOSTPID:.spec.hostPID,NODE:.spec.nodeName',
      'kubectl auth can-i create nodes/proxy --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
      'kubectl get clusterrolebindings -o wide',
      'kubectl get pods -A -o wide --field-selector spec.nodeName={evidence.node}',
    ],
  },
  {
    detector: nodeDebugPod,
    nextSteps: [
      'kubectl get pod {target.name} -n {target.namespace} -o yaml',
      'kubectl get pods -A --field-selector spec.nodeName={evidence.node}',
      'kubectl describe node {evidence.node}',
      'aws cloudtrail lookup-events --region {event.region} --lookup-attributes AttributeKey=EventName,AttributeValue=GetCallerIdentity --max-results 50',
    ],
  },
  {
    detector: persistentvolumeHostPath,
    nextSteps: [
      'kubectl get persistentvolume {target.name} --output yaml',
      'kubectl get pods --all-namespaces --output json --field-selector status.phase=Running',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --max-results 50',
    ],
  },
  {
    detector: podExec,
    nextSteps: [
      'kubectl auth can-i --list -n {target.namespace} --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
      'kubectl get rolebindings,clusterrolebindings -A -o wide',
      'kubectl get pod {target.name} -n {target.namespace} -o yaml',
    ],
  },
  {
    detector: podExecCredentialTheft,
    nextSteps: [
      'kubectl get pod {target.name} -n {target.namespace} -o custom-columns=ACCOUNT:.spec.serviceAccountName,NODE:.spec.nodeName,TOKENS:.spec.volumes[*].projected.sources[*].serviceAccountToken',
      'aws cloudtrail lookup-events --region {event.region} --lookup-attributes AttributeKey=EventName,AttributeValue=AssumeRoleWithWebIdentity --max-results 50',
      'aws cloudtrail lookup-events --region {event.region} --lookup-attributes AttributeKey=EventName,AttributeValue=GetCallerIdentity --max-results 50',
    ],
  },
  {
    detector: podExecDownload,
    nextSteps: [
      'kubectl get pod {target.name} -n {target.namespace} -o wide',
      'kubectl logs {target.name} -n {target.namespace} --since=1h --all-containers',
      'kubectl debug {target.name} -n {target.namespace} -it --image=busybox:1.37 --profile=general -- ps -ef',
    ],
  },
  {
    detector: podExecHostEscape,
    nextSteps: [
      'kubectl get pod {target.name} -n {target.namespace} -o custom-columns=NODE:.spec.nodeName,HOSTPID:.spec.hostPID,HOSTPATH:.spec.volumes[*].hostPath.path,SECURITY:.spec.containers[*].securityContext',
      'kubectl get pod {target.name} -n {target.namespace} -o yaml',
      'aws cloudtrail lookup-events --region {event.region} --lookup-attributes AttributeKey=EventName,AttributeValue=GetCallerIdentity --max-results 50',
    ],
  },
  {
    detector: podExecReverseShell,
    nextSteps: [
      'kubectl get pod {target.name} -n {target.namespace} -o wide',
      'kubectl debug {target.name} -n {target.namespace} -it --image=busybox:1.37 --profile=general -- netstat -tnp',
      'aws cloudtrail lookup-events --region {event.region} --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --max-results 50',
    ],
  },
  {
    detector: podFileCopy,
    nextSteps: [
      'kubectl get pod {target.name} -n {target.namespace} -o custom-columns=VOLUMES:.spec.volumes,MOUNTS:.spec.containers[*].volumeMounts',
      'kubectl debug {target.name} -n {target.namespace} -it --image=busybox:1.37 --profile=general -- ps -ef',
      'aws cloudtrail lookup-events --region {event.region} --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --max-results 50',
    ],
  },
  {
    detector: podPortForward,
    nextSteps: [
      'kubectl get pod {target.name} -n {target.namespace} -o wide',
      'kubectl describe pod {target.name} -n {target.namespace}',
      'kubectl auth can-i create pods/portforward -n {target.namespace} --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
    ],
  },
  {
    detector: rbacBindingChanged,
    nextSteps: [
      'kubectl get {target.resource} -A --field-selector metadata.name={target.name} -o yaml',
    ],
  },
  {
    detector: rbacBindingPowerfulRole,
    nextSteps: [
      'kubectl get {target.resource} -A --field-selector metadata.name={target.name} -o yaml --show-managed-fields',
      'kubectl get pods -A -o custom-columns=NS:.metadata.namespace,POD:.metadata.name,SA:.spec.serviceAccountName,AGE:.metadata.creationTimestamp',
    ],
  },
  {
    detector: rbacBindingServiceAccount,
    nextSteps: [
      'kubectl get {target.resource} -A --field-selector metadata.name={target.name} -o yaml',
    ],
  },
  {
    detector: rbacBindingSystemNamespace,
    nextSteps: [
      'kubectl get roles -n {target.namespace} -o yaml',
      'kubectl get rolebinding {target.name} -n {target.namespace} -o yaml',
    ],
  },
  {
    detector: rbacBindingToEveryone,
    nextSteps: [
      'kubectl get {target.resource} -A --field-selector metadata.name={target.name} -o yaml',
      'kubectl auth can-i --list --as=system:anonymous --as-group=system:unauthenticated',
      'kubectl auth can-i --list --as=nobody --as-group=system:authenticated',
    ],
  },
  {
    detector: rbacEscalationDenied,
    nextSteps: [
      'kubectl auth can-i --list --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
      'kubectl get clusterrolebindings,rolebindings -A -o wide | grep -F -- {actor.username}',
      'kubectl get pods -A -o custom-columns=NS:.metadata.namespace,POD:.metadata.name,SA:.spec.serviceAccountName,IMAGE:.spec.containers[*].image',
    ],
  },
  {
    detector: rbacRoleAggregated,
    nextSteps: [
      'kubectl get {target.resource} {target.name} -o yaml',
      'kubectl get clusterroles admin edit view -o yaml',
      'kubectl get clusterrolebindings,rolebindings -A -o json | jq -r \'.items[] | select(.roleRef.name == "view" or .roleRef.name == "edit" or .roleRef.name == "admin") | "\\(.roleRef.name) \\(.metadata.namespace) \\(.metadata.name) \\([.subjects[]?.name] | join(","))"\'',
    ],
  },
  {
    detector: rbacRoleChanged,
    nextSteps: [
      'kubectl get {target.resource} -A --field-selector metadata.name={target.name} -o yaml',
      'kubectl get clusterrolebindings,rolebindings -A -o wide | grep -w -- {target.name}',
    ],
  },
  {
    detector: rbacRoleEqualsAdmin,
    nextSteps: [
      'kubectl get clusterrolebindings,rolebindings -A -o wide | grep -w -- {target.name}',
      'kubectl get {target.resource} -A --field-selector metadata.name={target.name} -o yaml',
    ],
  },
  {
    detector: rbacRoleEventDeletion,
    nextSteps: [
      'kubectl get clusterrolebindings,rolebindings -A -o wide | grep -w -- {target.name}',
      'kubectl get {target.resource} -A --field-selector metadata.name={target.name} -o yaml',
      'kubectl get events -A --sort-by=.metadata.creationTimestamp',
    ],
  },
  {
    detector: rbacRoleKubeletOrExec,
    nextSteps: [
      'kubectl get clusterrolebindings,rolebindings -A -o wide | grep -w -- {target.name}',
      'kubectl get {target.resource} -A --field-selector metadata.name={target.name} -o yaml',
      'kubectl version',
    ],
  },
  {
    detector: rbacRoleSecretsRead,
    nextSteps: [
      'kubectl get clusterrolebindings,rolebindings -A -o wide | grep -w -- {target.name}',
      'kubectl get {target.resource} -A --field-selector metadata.name={target.name} -o yaml',
    ],
  },
  {
    detector: rbacRoleWrites,
    nextSteps: [
      'kubectl get clusterrolebindings,rolebindings -A -o wide | grep -w -- {target.name}',
      'kubectl get {target.resource} -A --field-selector metadata.name={target.name} -o yaml',
      'kubectl get clusterrolebindings -o wide | grep kube-system',
    ],
  },
  {
    detector: rbacSystemRoleChanged,
    nextSteps: [
      'kubectl get {target.resource} -A --field-selector metadata.name={target.name} -o yaml',
      'kubectl version',
      'kubectl get clusterrolebindings,rolebindings -A -o wide | grep -w -- {target.name}',
    ],
  },
  {
    detector: secretRead,
    nextSteps: [
      'kubectl describe secret {target.name} -n {target.namespace}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --max-results 50',
      'kubectl get rolebindings -n {target.namespace} -o wide',
    ],
  },
  {
    detector: secretReadHighValue,
    nextSteps: [
      'kubectl describe secret {target.name} -n {target.namespace}',
      'kubectl get secret {target.name} -n {target.namespace} --show-labels',
      'kubectl get pods -A --field-selector metadata.name={evidence.boundPod} -o wide',
      'kubectl auth can-i get secrets/{target.name} -n {target.namespace} --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
    ],
  },
  {
    detector: secretReadScriptingClient,
    nextSteps: [
      'kubectl get pods -A --field-selector metadata.name={evidence.boundPod} -o wide',
      'kubectl auth can-i --list -n {target.namespace} --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --max-results 50',
    ],
  },
  {
    detector: secretsListAllNamespaces,
    nextSteps: [
      'kubectl auth can-i list secrets --all-namespaces --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --max-results 50',
      'kubectl get pods -A --field-selector metadata.name={evidence.boundPod} -o wide',
    ],
  },
  {
    detector: secretsListNamespace,
    nextSteps: [
      'kubectl get secrets -n {target.namespace} --sort-by=.metadata.creationTimestamp',
      'kubectl auth can-i list secrets -n {target.namespace} --as={actor.username} --as-group={actor.groups[]}',
      'aws eks list-associated-access-policies --cluster-name {event.cluster} --principal-arn {actor.principalArn} --region {event.region}',
      'kubectl get rolebindings -n {target.namespace} -o wide',
      'kubectl get pods -A --field-selector metadata.name={evidence.boundPod} -o wide',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --max-results 50',
    ],
  },
  {
    detector: serviceaccountTokenRequest,
    nextSteps: [
      'kubectl auth can-i --list --as=system:serviceaccount:{target.namespace}:{target.name}',
      'kubectl get serviceaccount {target.name} -n {target.namespace} -o yaml',
      'aws eks list-pod-identity-associations --cluster-name {event.cluster} --region {event.region} --namespace {target.namespace}',
      'aws cloudtrail lookup-events --region {event.region} --lookup-attributes AttributeKey=EventName,AttributeValue=AssumeRoleWithWebIdentity --max-results 50',
    ],
  },
  {
    detector: workloadControllerServiceaccount,
    nextSteps: [
      'kubectl get {target.resource} {target.name} --namespace {target.namespace} --output yaml',
      'kubectl auth can-i --list --namespace {target.namespace} --as system:serviceaccount:{target.namespace}:{evidence.serviceAccount}',
    ],
  },
  {
    detector: workloadHardening,
    nextSteps: [
      'kubectl get {target.resource} {target.name} --namespace {target.namespace} --output yaml',
      'kubectl label namespace {target.namespace} pod-security.kubernetes.io/enforce=restricted --dry-run=server --overwrite',
    ],
  },
  {
    detector: workloadNodeAccess,
    nextSteps: [
      'kubectl get {target.resource} {target.name} --namespace {target.namespace} --output yaml',
      'kubectl get pods --namespace {target.namespace} --output wide',
      'aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue={actor.accessKeyId} --max-results 50',
    ],
  },
  {
    detector: workloadUnhardened,
    nextSteps: [
      'kubectl get {target.resource} {target.name} --namespace {target.namespace} --output yaml',
      'kubectl label namespace {target.namespace} pod-security.kubernetes.io/enforce=restricted --dry-run=server --overwrite',
    ],
  },
];
