import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exposuresOf, reachOf } from '../../core/k8s-audit/node-access.ts';
import { omissionsOf, weakeningsOf } from '../../core/k8s-audit/pod-hardening.ts';
import {
  addedCapabilitiesOf,
  commandsOf,
  containersOf,
  mayBeRoot,
  podSpecOf,
  podTemplateOf,
  sentObjectOf,
  serviceAccountNameOf,
  WORKLOADS,
} from '../../core/k8s-audit/pod-spec.ts';
import { type AuditEvent, auditEventSchema } from '../../core/k8s-audit/schema.ts';
import { workloadWriteOf } from '../../core/k8s-audit/workload-write.ts';

function written(resource: string, bodies: object, more: object = {}): AuditEvent {
  return auditEventSchema.parse({ verb: 'create', objectRef: { resource }, ...bodies, ...more });
}

/** A spec at the place where its kind has it. */
function workload(resource: string, spec: unknown): object {
  if (resource === 'pods') return { kind: 'Pod', spec };
  if (resource === 'podtemplates') return { template: { spec } };
  if (resource === 'cronjobs') return { spec: { jobTemplate: { spec: { template: { spec } } } } };
  return { spec: { template: { spec } } };
}

const privileged = { containers: [{ name: 'a', securityContext: { privileged: true } }] };

describe('podTemplateOf', () => {
  it.each(WORKLOADS)('finds the spec of %s in the answer and in the request', (resource) => {
    const object = workload(resource, { hostPID: true });
    expect(podSpecOf(written(resource, { responseObject: object }))?.hostPID).toBe(true);
    expect(podSpecOf(written(resource, { requestObject: object }))?.hostPID).toBe(true);
  });

  it.each(['Status', 'PartialObjectMetadata', 'Table'])('passes over an answer that is a %s', (kind) => {
    const requestObject = workload('deployments', { hostPID: true });
    const event = written('deployments', { requestObject, responseObject: { kind, metadata: {} } });
    expect(podSpecOf(event)?.hostPID).toBe(true);
  });

  it('reads what a JSON Patch says as a part of the object', () => {
    const requestObject = [
      { op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'a' } },
      { op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'b' } },
      { op: 'replace', path: '/spec/template/spec/initContainers/0/securityContext/privileged', value: true },
      { op: 'test', path: '/spec/template/spec/hostIPC', value: true },
      { op: 'remove', path: '/spec/template/spec/hostNetwork' },
      { op: 'add', path: '/metadata/annotations/example.com~1x', value: 'y' },
    ];
    const event = written('deployments', { requestObject }, { verb: 'patch' });
    const spec = podSpecOf(event);
    expect(spec && containersOf(spec).map(({ label }) => label)).toEqual([
      'containers/a',
      'containers/b',
      'initContainers/0',
    ]);
    expect(spec?.initContainers[0]?.securityContext.privileged).toBe(true);
    expect([spec?.hostIPC, spec?.hostNetwork]).toEqual([undefined, undefined]);
    expect(sentObjectOf(event)).toMatchObject({ metadata: { annotations: { 'example.com/x': 'y' } } });
  });

  it('keeps the readable elements beside those that are not', () => {
    const spec = podSpecOf(
      written('pods', { requestObject: { spec: { containers: [null, 'x', { name: 1, image: 'i' }, { name: 'b' }] } } }),
    );
    expect(spec?.containers.map(({ name, image }) => [name, image])).toEqual([
      [undefined, 'i'],
      ['b', undefined],
    ]);
  });

  it('is total: no body makes it, or what judges by it, throw', () => {
    const part = fc.oneof(fc.jsonValue({ maxDepth: 6 }), fc.constant(JSON.parse('{"__proto__":{"spec":1}}')));
    const shape = fc.record({
      spec: fc.dictionary(
        fc.constantFrom('containers', 'volumes', 'securityContext', 'hostPID', 'tolerations', '__proto__'),
        part,
      ),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...WORKLOADS),
        fc.constantFrom('create', 'update', 'patch'),
        fc.oneof(part, shape),
        fc.oneof(part, shape),
        (resource, verb, requestObject, responseObject) => {
          const event = written(resource, { requestObject, responseObject }, { verb });
          const template = podTemplateOf(event);
          workloadWriteOf(event);
          if (template) expect([exposuresOf(template), weakeningsOf(template), omissionsOf(template)]).toHaveLength(3);
        },
      ),
    );
  });
});

describe('a container', () => {
  const containerOf = (one: object, pod: object = {}) => {
    const spec = podSpecOf(written('pods', { requestObject: { spec: { ...pod, containers: [one] } } }));
    const [container] = spec ? containersOf(spec) : [];
    if (!spec || !container) throw new Error('no container');
    return { spec, container };
  };

  it('may be root unless it or its pod says otherwise, and its own word counts', () => {
    const root = (one: object, pod: object) => {
      const { spec, container } = containerOf({ securityContext: one }, { securityContext: pod });
      return mayBeRoot(container, spec);
    };
    expect(root({}, {})).toBe(true);
    expect(root({}, { runAsNonRoot: true })).toBe(false);
    expect(root({ runAsNonRoot: false }, { runAsNonRoot: true })).toBe(true);
    expect(root({ runAsUser: 0 }, { runAsUser: 1000 })).toBe(true);
    expect(root({ runAsUser: 1000 }, { runAsUser: 0 })).toBe(false);
  });

  it('has capabilities under one spelling', () => {
    const { container } = containerOf({
      securityContext: { capabilities: { add: ['cap_sys_admin', 'SYS_ADMIN', 'all'] } },
    });
    expect(addedCapabilitiesOf(container)).toEqual(['SYS_ADMIN', 'ALL']);
  });

  it('has the commands of its hooks and probes besides its own', () => {
    const { container } = containerOf({
      command: ['sh', '-c'],
      args: ['true'],
      lifecycle: { postStart: { exec: { command: ['id'] } }, preStop: { httpGet: {} } },
      livenessProbe: { exec: { command: ['ls'] } },
    });
    expect(commandsOf(container)).toEqual([['sh', '-c', 'true'], ['id'], ['ls']]);
  });

  it('runs as the service account by either name of the field', () => {
    expect(serviceAccountNameOf(containerOf({}, { serviceAccount: 'a' }).spec)).toBe('a');
    expect(serviceAccountNameOf(containerOf({}).spec)).toBe('default');
  });
});

describe('exposuresOf', () => {
  const severityOf = (spec: object) => {
    const template = podTemplateOf(written('pods', { requestObject: { spec } }));
    return template && reachOf(exposuresOf(template))?.severity;
  };

  it.each(['containers', 'initContainers', 'ephemeralContainers'])('sees a privileged container in %s', (list) => {
    expect(severityOf({ [list]: privileged.containers })).toBe('high');
  });

  it.each(['ALL', 'CAP_SYS_ADMIN', 'sys_module', 'SYS_RAWIO', 'DAC_READ_SEARCH', 'BPF'])(
    'ranks the capability %s high',
    (name) => {
      expect(severityOf({ containers: [{ securityContext: { capabilities: { add: [name] } } }] })).toBe('high');
    },
  );

  it.each(['NET_BIND_SERVICE', 'CHOWN', 'SETUID', 'IPC_LOCK'])('says nothing of the capability %s', (name) => {
    expect(severityOf({ containers: [{ securityContext: { capabilities: { add: [name] } } }] })).toBeUndefined();
  });

  const mounted = (path: string, mount: object = {}, more: object = {}) =>
    severityOf({
      volumes: [{ name: 'v', hostPath: { path } }],
      containers: [{ volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] }],
      ...more,
    });

  it('ranks a path by what is at it, how it is mounted and as whom', () => {
    expect(mounted('/etc')).toBe('high');
    expect(mounted('/etc', { readOnly: true })).toBe('medium');
    expect(mounted('/', { readOnly: true })).toBe('high');
    expect(mounted('/', { readOnly: true }, { securityContext: { runAsUser: 65534 } })).toBe('medium');
    expect(mounted('/run', { readOnly: true })).toBe('critical');
    expect(mounted('/run', { readOnly: true }, { securityContext: { runAsNonRoot: true } })).toBe('medium');
    expect(mounted('/run', { subPath: 'docker.sock', readOnly: true })).toBe('critical');
    expect(mounted('/opt', { subPath: 'app/data' })).toBeUndefined();
    expect(mounted('/opt', { subPathExpr: '$(WHERE)' })).toBe('high');
    expect(mounted('/etc/ssl', { readOnly: true })).toBe('low');
    expect(mounted('/etc/ssl')).toBe('high');
    expect(mounted('/var/log')).toBe('medium');
    expect(mounted('/srv')).toBeUndefined();
  });

  it('counts a volume as writable when one of its mounts is', () => {
    expect(
      severityOf({
        volumes: [{ name: 'v', hostPath: { path: '/etc' } }],
        containers: [{ volumeMounts: [{ name: 'v', readOnly: true }] }],
        initContainers: [{ volumeMounts: [{ name: 'v' }] }],
      }),
    ).toBe('high');
  });

  it('ranks critical only what opens the node in two ways', () => {
    expect(severityOf({ hostPID: true, ...privileged })).toBe('critical');
    expect(severityOf({ hostNetwork: true, ...privileged })).toBe('high');
    expect(mounted('/', {}, { initContainers: privileged.containers })).toBe('critical');
    expect(mounted('/', {}, { hostPID: true })).toBe('critical');
  });
});
