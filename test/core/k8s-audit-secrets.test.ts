import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callerOf } from '../../core/k8s-audit/caller.ts';
import { clientKindOf } from '../../core/k8s-audit/client.ts';
import { auditEventSchema } from '../../core/k8s-audit/schema.ts';
import {
  judgeClusterWideList,
  judgeHighValueRead,
  judgeNamespaceList,
  judgeScriptedRead,
  reachOf,
} from '../../core/k8s-audit/secrets.ts';

const POD = { 'authentication.kubernetes.io/pod-name': ['operator-0'] };

function event(fields: object) {
  return auditEventSchema.parse({
    verb: 'list',
    requestURI: '/api/v1/secrets',
    user: { username: 'system:serviceaccount:ops:operator', extra: POD },
    sourceIPs: ['10.0.1.2'],
    userAgent: 'operator/v1.0.0',
    objectRef: { resource: 'secrets' },
    responseStatus: { code: 200 },
    ...fields,
  });
}

const listed = (query: string) => reachOf(event({ requestURI: `/api/v1/secrets?${query}` }));
const watched = (query: string) => reachOf(event({ verb: 'watch', requestURI: `/api/v1/secrets?${query}` }));

describe('what a list of secrets answers', () => {
  it.each([
    'labelSelector=owner%3Dhelm',
    'labelSelector=owner%3D%3Dhelm%2Cstatus%21%3Dsuperseded&limit=500',
    'labelSel%65ctor=owner=helm',
  ])('is what Helm stored for ?%s', (query) => expect(listed(query)).toBe('helm'));

  it('is one release for a selector that names it', () => {
    expect(listed('labelSelector=name%3Dcheckout%2Cowner%3Dhelm')).toBe('helm-release');
  });

  it.each([
    '',
    'labelSelector=owner%21%3Dhelm',
    'labelSelector=owner+in+(helm,x)',
    'labelSelector=x+in+(a,owner%3Dhelm',
    'labelSelector=owner%3Dhelmet',
    'labelSelector=&labelSelector=owner%3Dhelm',
    'labelSelector=owner%3Dhelm&labelSelector=',
    'labelselector=owner%3Dhelm',
    'x=1&y=owner%3Dhelm',
    'labelSelector=a%3Db,owner%3Dhelm,c%3Dd;',
    'labelSelector=owner%3Dhelm,x%3D%zz',
    'fieldSelector=metadata.name%21%3Da',
  ])('is everything for ?%s', (query) => expect(listed(query)).toBe('all'));

  it('is what changes for a watch that goes on, and everything for one that begins', () => {
    expect(watched('resourceVersion=481516&watch=true')).toBe('changes');
    for (const query of [
      'watch=1',
      'resourceVersion=0&watch=1',
      'resourceVersion=&watch=1',
      'resourceVersion=5&resourceVersion=0',
      'resourceVersion=5&sendInitialEvents=true',
      'resourceVersion=5;x',
    ]) {
      expect(watched(query), query).toBe('all');
    }
    expect(listed('resourceVersion=481516')).toBe('all');
  });
});

describe('who reads', () => {
  it('is told by the token and the address, and by nothing that the client chose', () => {
    expect(callerOf(event({}))).toBe('resident');
    expect(callerOf(event({ sourceIPs: ['10.0.0.1', '198.51.100.7'] }))).toBe('displaced');
    expect(callerOf(event({ user: { username: 'system:serviceaccount:ops:operator' } }))).toBe('unbound');
    expect(callerOf(event({ user: { username: 'system:node:a', groups: ['system:masters'] } }))).toBe('outsider');
    expect(callerOf(event({ user: { username: 'system:anonymous' } }))).toBe('anonymous');
  });

  it('is no component for a controller’s name that types, that IAM mapped, or that impersonates', () => {
    const username = 'system:serviceaccount:kube-system:namespace-controller';
    expect(callerOf(event({ user: { username } }))).toBe('component');
    expect(callerOf(event({ user: { username }, userAgent: 'kubectl/v1.33.0' }))).toBe('unbound');
    expect(callerOf(event({ user: { username }, impersonatedUser: { username: 'x' } }))).toBe('unbound');
    const extra = { arn: ['arn:aws:sts::111122223333:assumed-role/build/x'] };
    expect(callerOf(event({ user: { username, extra } }))).toBe('outsider');
  });
});

describe('a list', () => {
  it('is milder for what Helm stored or what changes, but not by a node', () => {
    const node = { username: 'system:node:n1', groups: ['system:nodes'] };
    const requestURI = '/api/v1/secrets?labelSelector=owner%3Dhelm';
    expect(judgeClusterWideList(event({ requestURI, user: { username: 'bob' } }))?.severity).toBe('medium');
    expect(judgeClusterWideList(event({ requestURI, user: node }))?.severity).toBe('high');
  });

  it('that goes on is quiet for an operator only', () => {
    const goesOn = { verb: 'watch', requestURI: '/api/v1/secrets?resourceVersion=5&watch=true' };
    expect(judgeClusterWideList(event(goesOn))).toBeUndefined();
    expect(judgeClusterWideList(event({ ...goesOn, userAgent: 'kubectl/v1.33.0' }))?.severity).toBe('medium');
    expect(judgeClusterWideList(event({ ...goesOn, sourceIPs: ['198.51.100.7'] }))?.severity).toBe('medium');
  });

  it('of its own namespace is quiet for an operator, unless it acts as somebody else', () => {
    const own = { objectRef: { resource: 'secrets', namespace: 'ops' } };
    expect(judgeNamespaceList(event(own))).toBeUndefined();
    expect(judgeNamespaceList(event({ ...own, impersonatedUser: { username: 'x' } }))?.severity).toBe('medium');
  });
});

describe('what a client says it is', () => {
  it.each(['curl/8.5.0', 'CURL', 'Wget/1.21', 'python-requests/2.31', 'Python/3.12 aiohttp/3.9', 'kubectl/v1.20 kali'])(
    'is a tool for %s',
    (userAgent) => expect(clientKindOf(event({ userAgent }))).toBe('http-tool'),
  );

  it.each(['Go-http-client/2.0', 'okhttp/4.9.3', 'Java/17.0.2', 'node', 'axios/1.7', ''])(
    'is a library for "%s"',
    (userAgent) => expect(clientKindOf(event({ userAgent }))).toBe('http-library'),
  );

  it.each([
    'node-problem-detector/v0.8',
    'javaoperator/1',
    'java-operator-sdk/4',
    'curly/1',
    'python-kubernetes-operator/1',
    'nodejs-app/1',
    'kalibration/1',
  ])('is nothing to note for %s', (userAgent) => expect(clientKindOf(event({ userAgent }))).toBeUndefined());

  it('is not judged on a record that is not whole', () => {
    expect(clientKindOf(event({ userAgent: undefined, sourceIPs: undefined }))).toBeUndefined();
  });
});

describe('a secret of high value', () => {
  const person = { user: { username: 'bob' }, verb: 'get' };
  const read = (namespace: string, name: string) =>
    judgeHighValueRead(event({ ...person, objectRef: { resource: 'secrets', namespace, name } }))?.severity;

  it.each([
    ['kube-system', 'sealed-secrets-keyabcde'],
    ['kube-system', 'bootstrap-token-abcdef'],
    ['ops', 'deployer-token-x7k2p'],
    ['argocd', 'cluster-prod'],
    ['dev', 'team-kubeconfig'],
    ['dev', 'my-aws-credentials'],
    ['istio-system', 'gateway-tls'],
    ['vault', 'vault-unseal-keys'],
    ['shop', 'sh.helm.release.v1.web.v3'],
  ])('is %s/%s', (namespace, name) => expect(read(namespace, name)).toBe('high'));

  it.each([
    ['shop', 'api-token-prod'],
    ['shop', 'github-token-admin'],
    ['shop', 'cluster-settings'],
    ['shop', 'web-tls'],
    ['shop', 'bootstrap-token-abcdef'],
    ['shop', 'drawscredit'],
  ])('is not %s/%s', (namespace, name) => expect(read(namespace, name)).toBeUndefined());
});

it('judges whatever a request looks like without throwing, and never calls a person’s dump ordinary', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', '%', 'labelSelector=', '?&=;'));
  fc.assert(
    fc.property(text, text, text, fc.constantFrom('get', 'list', 'watch'), (query, name, userAgent, verb) => {
      const fields = { verb, userAgent, requestURI: `/api/v1/secrets?${query}`, user: { username: name } };
      for (const objectRef of [{ resource: 'secrets' }, { resource: 'secrets', namespace: name, name: userAgent }]) {
        const one = event({ ...fields, objectRef });
        judgeHighValueRead(one);
        judgeNamespaceList(one);
        judgeScriptedRead(one);
        reachOf(one);
      }
      const dump = event({ ...fields, user: { username: 'bob' } });
      expect(['critical', 'medium']).toContain(judgeClusterWideList(dump)?.severity);
    }),
  );
});
