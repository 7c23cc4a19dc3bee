import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  forwardedPortsOf,
  judgeKubeletRequest,
  judgePortForward,
  judgeWorkloadProxy,
  proxiedOf,
  wasForwarded,
} from '../../core/k8s-audit/proxy.ts';
import { auditEventSchema } from '../../core/k8s-audit/schema.ts';

const POD = { 'authentication.kubernetes.io/pod-name': ['prometheus-0'] };

function kubelet(path: string, fields: object = {}) {
  return auditEventSchema.parse({
    verb: 'get',
    requestURI: `/api/v1/nodes/n1/proxy${path}`,
    user: { username: 'system:serviceaccount:monitoring:prometheus', extra: POD },
    sourceIPs: ['10.0.1.2'],
    userAgent: 'Prometheus/3.4.1',
    objectRef: { resource: 'nodes', subresource: 'proxy', name: 'n1' },
    responseStatus: { code: 200 },
    ...fields,
  });
}

function workload(path: string, name: string, fields: object = {}) {
  return auditEventSchema.parse({
    verb: 'get',
    requestURI: `/api/v1/namespaces/shop/services/${name}/proxy${path}`,
    user: { username: 'bob' },
    objectRef: { resource: 'services', subresource: 'proxy', namespace: 'shop', name },
    responseStatus: { code: 200 },
    ...fields,
  });
}

const judgeWorkload = (event: ReturnType<typeof workload>) => judgeWorkloadProxy(event, proxiedOf(event))?.severity;

describe('a request to a kubelet', () => {
  it.each(['/metrics', '/metrics/cadvisor', '/metrics/resource?x=/run/', '//stats/summary/', '/healthz'])(
    'is monitoring for %s',
    (path) => expect(judgeKubeletRequest(kubelet(path))).toBeUndefined(),
  );

  it.each([
    '/run/ns/pod/c?cmd=cat%20/metrics',
    '/exec/ns/pod/c?command=x',
    '//exec/ns/pod/c',
    '/./exec/ns/pod/c',
    '/%65xec/ns/pod/c',
    '/EXEC/ns/pod/c',
    '/metrics/../run/ns/pod/c',
    '/metrics/%2e%2E/run/ns/pod/c',
    '%2Frun/ns/pod/c',
    '/../../run/ns/pod/c',
    '/attach/ns/pod/c',
    '/portForward/ns/pod',
    '/cri/exec/token',
    '/checkpoint/ns/pod/c',
  ])('runs or tunnels for %s', (path) => expect(judgeKubeletRequest(kubelet(path))?.severity).toBe('critical'));

  it.each([
    '/metricsX',
    '/METRICS',
    '/metrics/%252e%252e/run/ns/pod/c',
    '/%2565xec/ns/pod/c',
    '/metrics/cadvisor/run',
    '',
    '/stats',
  ])('is out of the ordinary for %s', (path) => expect(judgeKubeletRequest(kubelet(path))?.severity).toBe('medium'));

  it('is not monitoring by another method, on another port, or without credentials', () => {
    expect(judgeKubeletRequest(kubelet('/metrics', { verb: 'create' }))?.severity).toBe('medium');
    const objectRef = { resource: 'nodes', subresource: 'proxy', name: 'http:n1:2381' };
    expect(judgeKubeletRequest(kubelet('/metrics', { objectRef }))).toMatchObject({ node: 'n1', port: '2381' });
    expect(judgeKubeletRequest(kubelet('/metrics', { user: { username: 'system:anonymous' } }))?.severity).toBe(
      'medium',
    );
  });

  it('names the pod, the container and the command, without what is secret in it', () => {
    expect(judgeKubeletRequest(kubelet('/run/ns/pod/0a1b-uid/app?cmd=mysql%20-psecret123'))).toMatchObject({
      namespace: 'ns',
      pod: 'pod',
      container: 'app',
      command: [expect.not.stringContaining('secret123')],
    });
    expect(judgeKubeletRequest(kubelet('/exec/ns/pod/app?command=sh&command=-c&command=id'))?.command).toEqual([
      'sh',
      '-c',
      'id',
    ]);
  });

  it('counts a command that failed as run, and one that the kubelet refused as tried', () => {
    const answered = (code: number) => judgeKubeletRequest(kubelet('/run/ns/pod/c', { responseStatus: { code } }));
    expect(answered(500)?.severity).toBe('critical');
    expect(answered(302)?.severity).toBe('critical');
    expect(answered(404)?.severity).toBe('high');
  });

  it('finds the path although node, namespace or pod are named proxy', () => {
    const objectRef = { resource: 'pods', subresource: 'proxy', namespace: 'pods', name: 'proxy' };
    const event = workload('', 'x', { requestURI: '/api/v1/namespaces/pods/pods/proxy/proxy/proxy/run', objectRef });
    expect(proxiedOf(event).segments).toEqual(['proxy', 'run']);
  });
});

describe('a request to a workload', () => {
  it.each([
    ['web', 'web', undefined],
    ['web:8080', 'web', '8080'],
    ['https:web:', 'web', undefined],
    ['https:web:admin', 'web', 'admin'],
  ])('to %s goes to %s, port %s', (name, host, port) => {
    expect(proxiedOf(workload('/', name))).toMatchObject({ host, port });
  });

  it('is quiet for metrics and health by GET only', () => {
    expect(judgeWorkload(workload('/metrics', 'web:80'))).toBeUndefined();
    expect(judgeWorkload(workload('/metrics/../admin', 'web:80'))).toBe('medium');
    expect(judgeWorkload(workload('/metrics', 'web:80', { verb: 'update' }))).toBe('medium');
  });

  it('weighs the port before the name and the path', () => {
    expect(judgeWorkload(workload('/api/v1/query', 'kubernetes-dashboard:10250'))).toBe('high');
    expect(judgeWorkload(workload('/', 'kubernetes-dashboard'))).toBe('low');
  });

  it('was forwarded where the backend, not the API server, asked for credentials', () => {
    const refused = { responseStatus: { code: 401 } };
    expect(wasForwarded(workload('/', 'web', refused))).toBe(true);
    expect(wasForwarded(workload('/', 'web', { ...refused, user: { username: '' } }))).toBe(false);
    const forbid = { 'authorization.k8s.io/decision': 'forbid' };
    expect(wasForwarded(workload('/', 'web', { responseStatus: { code: 403 }, annotations: forbid }))).toBe(false);
    expect(wasForwarded(workload('/', 'web', { responseStatus: { code: 403 }, annotations: {} }))).toBe(false);
    const allow = { 'authorization.k8s.io/decision': 'allow' };
    expect(wasForwarded(workload('/', 'web', { responseStatus: { code: 403 }, annotations: allow }))).toBe(true);
  });
});

describe('a port-forward', () => {
  it('is weighed by its ports where the request names them', () => {
    const event = workload('', 'app', { requestURI: '/x?ports=8080,5432&ports=junk' });
    expect(forwardedPortsOf(event)).toEqual(['8080', '5432']);
    expect(judgePortForward(event).severity).toBe('medium');
  });

  it.each([
    ['orders-postgresql-0', 'medium'],
    ['redis-master-0', 'medium'],
    ['orders-db-0', 'medium'],
    ['predistribution-0', 'low'],
    ['vaulting-7f', 'low'],
  ])('to %s is %s', (name, severity) => {
    const objectRef = { resource: 'pods', subresource: 'portforward', namespace: 'shop', name };
    expect(judgePortForward(workload('', 'app', { objectRef })).severity).toBe(severity);
  });
});

it('judges any path without throwing, and calls monitoring only what is exactly that', () => {
  const part = fc.constantFrom(
    'metrics',
    'run',
    'exec',
    '..',
    '.',
    '',
    '%2e%2e',
    '%2f',
    '%',
    'stats',
    'summary',
    '\u0000',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 8 }), (parts) => {
      const event = kubelet(`/${parts.join('/').replaceAll('?', '')}`);
      const judged = judgeKubeletRequest(event);
      const { segments } = proxiedOf(event);
      expect(segments).not.toContain('..');
      if (!judged) expect(['metrics', 'stats', 'healthz']).toContain(segments[0]);
      if (segments[0] === 'run') expect(judged?.severity).toBe('critical');
    }),
  );
});
