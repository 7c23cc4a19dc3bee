import { describe, expect, it } from 'vitest';
import { type AuditEvent, auditEventSchema } from '../../core/k8s-audit/schema.ts';
import {
  isControlPlaneWork,
  weightOfWrite,
  workloadNameOf,
  workloadWriteOf,
} from '../../core/k8s-audit/workload-write.ts';

function event(verb: string, resource: string, more: object = {}): AuditEvent {
  return auditEventSchema.parse({
    verb,
    objectRef: { resource, namespace: 'default', name: 'web' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-03-05T10:00:30.000000Z',
    ...more,
  });
}
const patched = (requestObject: unknown, resource = 'deployments', responseObject?: object) =>
  workloadWriteOf(event('patch', resource, { requestObject, responseObject }));
const template = (spec: unknown) => ({ spec: { template: { spec } } });

describe('workloadWriteOf', () => {
  it('takes a create, and any 201, for a new workload', () => {
    expect(workloadWriteOf(event('create', 'pods'))).toBe('created');
    expect(workloadWriteOf(event('patch', 'daemonsets', { responseStatus: { code: 201 } }))).toBe('created');
  });

  it.each([
    ['nothing of the pod', { spec: { replicas: 3 } }, 'unchanged'],
    ['an annotation of the template', { spec: { template: { metadata: { annotations: { a: 'b' } } } } }, 'unchanged'],
    ['where it runs', template({ nodeSelector: { a: 'b' }, tolerations: [] }), 'unchanged'],
    ['the image', template({ containers: [{ name: 'a', image: 'b' }] }), 'repointed'],
    [
      'the image, with an order',
      template({ '$setElementOrder/containers': [{}], containers: [{ image: 'b' }] }),
      'repointed',
    ],
    [
      'the image as JSON Patch',
      [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'b' }],
      'repointed',
    ],
    ['a mount', template({ containers: [{ name: 'a', volumeMounts: [] }] }), 'rewritten'],
    ['a container away', template({ containers: [{ name: 'a', $patch: 'delete' }] }), 'rewritten'],
    ['the whole template by an order', { spec: { $patch: 'replace', template: {} } }, 'rewritten'],
    ['hostPID', template({ hostPID: true }), 'rewritten'],
    ['a setting to null', template({ securityContext: null }), 'rewritten'],
    [
      'the whole spec',
      [{ op: 'replace', path: '/spec/template/spec', value: { containers: [{ securityContext: {} }] } }],
      'rewritten',
    ],
    ['a removal', [{ op: 'remove', path: '/spec/template/spec/containers/0/volumeMounts/0/readOnly' }], 'rewritten'],
    ['a copy', [{ op: 'copy', from: '/spec/paused', path: '/spec/template/spec/hostPID' }], 'rewritten'],
    ['a copy of the whole', [{ op: 'copy', from: '/spec/x', path: '/spec/template' }], 'rewritten'],
    ['a scalar', 'apiVersion: apps/v1', 'rewritten'],
    ['what was not logged', undefined, 'rewritten'],
  ])('takes a patch of %s as it is', (_, body, write) => expect(patched(body)).toBe(write));

  it('takes an update that kept the resource version for none, but not one that sent none', () => {
    const put = (requestObject: object) =>
      workloadWriteOf(
        event('update', 'deployments', { requestObject, responseObject: { metadata: { resourceVersion: '7' } } }),
      );
    expect(put({ metadata: { resourceVersion: '7' } })).toBe('unchanged');
    expect(put({ metadata: { resourceVersion: '6' } })).toBe('rewritten');
    expect(put({ metadata: {} })).toBe('rewritten');
  });

  it('takes a generation that its controller has seen for an old spec', () => {
    const answer = (generation: number, observedGeneration: number) => ({
      metadata: { generation },
      status: { observedGeneration },
    });
    expect(patched(template({ hostPID: true }), 'daemonsets', answer(4, 4))).toBe('unchanged');
    expect(patched(template({ hostPID: true }), 'daemonsets', answer(5, 4))).toBe('rewritten');
    expect(patched(template({ hostPID: true }), 'daemonsets', { metadata: { generation: 4 } })).toBe('rewritten');
  });

  it('believes the owner record of a pod’s fields only where it is whole', () => {
    const pod = (...managedFields: object[]) =>
      patched({ spec: { containers: [{ image: 'b' }] } }, 'pods', { metadata: { managedFields } });
    const old = { time: '2026-03-01T00:00:00Z', fieldsV1: { 'f:spec': {} } };
    const now = '2026-03-05T10:00:30Z';
    expect(pod(old)).toBe('unchanged');
    expect(pod(old, { time: now, fieldsV1: { 'f:metadata': {} } })).toBe('unchanged');
    expect(pod(old, { time: now, subresource: 'status', fieldsV1: { 'f:spec': {} } })).toBe('unchanged');
    expect(pod(old, { time: now, fieldsV1: { 'f:spec': {} } })).toBe('repointed');
    expect(pod(old, { time: now })).toBe('repointed');
    expect(pod(old, { fieldsV1: {} })).toBe('repointed');
    expect(pod()).toBe('repointed');
    expect(patched(template({ hostPID: true }), 'replicasets', { metadata: { managedFields: [old] } })).toBe(
      'rewritten',
    );
  });
});

describe('isControlPlaneWork', () => {
  const controller = { username: 'system:serviceaccount:kube-system:daemon-set-controller' };
  const owned = {
    metadata: { uid: 'u', ownerReferences: [{ kind: 'DaemonSet', name: 'a', uid: 'b', controller: true }] },
  };
  const owner = { metadata: { uid: 'u', ownerReferences: [{ kind: 'DaemonSet', name: 'a', uid: 'b' }] } };

  it('knows what a controller makes on order, and what its token makes in other hands', () => {
    const made = (responseObject: object, user: object = controller) =>
      isControlPlaneWork(event('create', 'pods', { user, responseObject }));
    expect(made(owned)).toBe(true);
    expect(made(owner)).toBe(false);
    expect(made({ metadata: { uid: 'u' } })).toBe(false);
    expect(made(owned, { ...controller, extra: { 'authentication.kubernetes.io/pod-name': ['p'] } })).toBe(false);
    expect(made(owned, { username: 'system:serviceaccount:kube-system:daemon-set-controller-2' })).toBe(false);
    expect(isControlPlaneWork(event('update', 'deployments', { user: controller }))).toBe(true);
  });

  it('lets the add-on manager install, but only as AWS runs it', () => {
    const arn = (value: string) => ({ username: 'eks:addon-manager', extra: { arn: [value] } });
    const installed = (user: object) =>
      isControlPlaneWork(event('create', 'daemonsets', { user, responseObject: { metadata: { uid: 'u' } } }));
    expect(installed(arn('arn:aws:sts::777788889999:assumed-role/AWSWesleyClusterManagerLambda-Add-X/1'))).toBe(true);
    expect(installed(arn('arn:aws:sts::444455556666:assumed-role/Mine/1'))).toBe(false);
  });
});

describe('weightOfWrite', () => {
  const high = { severity: 'high', because: 'root' } as const;
  const low = { severity: 'low', because: 'a port' } as const;
  const resident = {
    username: 'system:serviceaccount:argocd:sync',
    extra: { 'authentication.kubernetes.io/pod-name': ['p'] },
  };
  const weight = (
    user: object,
    write: 'created' | 'rewritten' | 'repointed' | 'unchanged',
    settings: typeof high | typeof low,
    more: object = {},
  ) =>
    weightOfWrite(
      event('update', 'deployments', { user, sourceIPs: ['10.0.1.1'], userAgent: 'sync/1', ...more }),
      write,
      settings,
    )?.severity;
  const alice = { username: 'alice' };

  it('judges an operator that restates milder than one that creates, and than a person', () => {
    expect(weight(resident, 'created', high)).toBe('high');
    expect(weight(resident, 'rewritten', high)).toBe('medium');
    expect(weight(resident, 'rewritten', low)).toBe('info');
    expect(weight(alice, 'rewritten', high)).toBe('high');
    expect(weight(resident, 'rewritten', high, { sourceIPs: ['198.51.100.7'] })).toBe('high');
    expect(weight(resident, 'rewritten', high, { userAgent: 'kubectl/v1.33.0' })).toBe('high');
  });

  it('says of another program in an old pod only where the pod is powerful', () => {
    expect(weight(alice, 'repointed', high)).toBe('medium');
    expect(weight(resident, 'repointed', high)).toBe('low');
    expect(weight(alice, 'repointed', low)).toBeUndefined();
    expect(weight(alice, 'unchanged', high)).toBeUndefined();
  });

  it('raises what somebody puts on a node of their choice, and never above high', () => {
    const placed = { requestObject: template({ nodeName: 'n' }) };
    expect(weight(alice, 'created', low, placed)).toBe('medium');
    expect(weight(alice, 'created', high, placed)).toBe('high');
    expect(weight(resident, 'created', low, placed)).toBe('low');
  });
});

it('gives pods of one generated name one name in dedup', () => {
  const name = workloadNameOf(
    event('create', 'pods', { responseObject: { metadata: { name: 'web', generateName: 'we' } } }),
  );
  expect(name).toEqual({ title: 'pod default/web', dedup: 'pod default/we' });
});

it('takes the pods that one program makes in a namespace for one, and those of people for many', () => {
  const dedupOf = (username: string, userAgent: string) =>
    workloadNameOf(event('create', 'pods', { user: { username }, userAgent })).dedup;
  expect(dedupOf('system:serviceaccount:ci:runner', 'gitlab-runner/17.4')).toBe('pod default/*');
  expect(dedupOf('system:serviceaccount:ci:runner', 'kubectl/v1.33.1')).toBe('pod default/web');
  expect(dedupOf('dana', 'gitlab-runner/17.4')).toBe('pod default/web');
});
