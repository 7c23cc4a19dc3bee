import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bindingOf,
  builtInOf,
  grants,
  grantTogether,
  isUnchanged,
  type RoleRule,
  refusalOf,
  roleRulesOf,
} from '../../core/k8s-audit/rbac.ts';
import { bindingWriteOf } from '../../core/k8s-audit/rbac-bindings.ts';
import { powersOf } from '../../core/k8s-audit/rbac-powers.ts';
import { roleWriteOf } from '../../core/k8s-audit/rbac-role-write.ts';
import { type AuditEvent, auditEventSchema } from '../../core/k8s-audit/schema.ts';

const RBAC = 'rbac.authorization.k8s.io';

function rule(parts: Partial<RoleRule>): RoleRule {
  return { apiGroups: [''], resources: [], verbs: ['get'], resourceNames: [], nonResourceURLs: [], ...parts };
}

function eventOf(parts: object): AuditEvent {
  return auditEventSchema.parse({
    verb: 'update',
    user: { username: 'dana', groups: ['platform', 'system:authenticated'] },
    objectRef: { resource: 'clusterroles', name: 'ops', apiGroup: RBAC },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-04-14T09:00:30.000000Z',
    ...parts,
  });
}

function wordsOf(rules: RoleRule[], namespace?: string): string[] {
  return powersOf(rules, namespace).map(({ words }) => words);
}

describe('grants', () => {
  const exec = { group: '', resource: 'pods/exec', verb: 'create' };
  const creates = { verbs: ['create'] };

  it.each(['*', 'pods/exec', 'pods/*', '*/exec', '*/*'])('finds pods/exec in the resource %s', (resource) => {
    expect(grants(rule({ ...creates, resources: [resource] }), exec)).toBe(true);
  });

  it.each(['pods', 'pod/exec', 'exec', '*/attach', 'pods/execs', 'services/*', 'PODS/EXEC', ''])(
    'finds no pods/exec in the resource %s',
    (resource) => {
      expect(grants(rule({ ...creates, resources: [resource] }), exec)).toBe(false);
    },
  );

  it('does not take a kind for its subresource, nor a subresource star for the kind', () => {
    const secrets = { group: '', resource: 'secrets', verb: 'get' };
    expect(grants(rule({ resources: ['secrets/*'] }), secrets)).toBe(false);
    expect(grants(rule({ resources: ['*/*'] }), secrets)).toBe(false);
  });

  it('asks for the API group', () => {
    expect(grants(rule({ ...creates, resources: ['*'], apiGroups: ['apps'] }), exec)).toBe(false);
    expect(grants(rule({ ...creates, resources: ['*'], apiGroups: ['apps', '*'] }), exec)).toBe(true);
  });

  it('takes a list of every verb for a star, in one rule or over several', () => {
    const every = { group: '', resource: 'pods', verb: '*' };
    const reads = rule({ resources: ['pods'], verbs: ['get', 'list', 'watch'] });
    const writes = rule({ resources: ['pods'], verbs: ['create', 'update', 'patch', 'delete'] });
    expect(grants(rule({ resources: ['pods'], verbs: [...reads.verbs, ...writes.verbs] }), every)).toBe(true);
    expect(grants(reads, every)).toBe(false);
    expect(grantTogether([reads, writes], every)).toBe(true);
    expect(grantTogether([reads], every)).toBe(false);
  });

  it('grants a rule limited to names for those names only', () => {
    const limited = rule({ resources: ['secrets'], resourceNames: ['db'] });
    const right = { group: '', resource: 'secrets', verb: 'get' };
    expect(grants(limited, right)).toBe(false);
    expect(grants(limited, { ...right, name: 'db' })).toBe(true);
    expect(grants(limited, { ...right, name: 'other' })).toBe(false);
  });

  it('matches URLs by prefix only where a star ends them', () => {
    const url = (pattern: string) => rule({ apiGroups: [], nonResourceURLs: [pattern] });
    expect(grants(url('/logs/*'), { url: '/logs/x', verb: 'get' })).toBe(true);
    expect(grants(url('*'), { url: '/logs/x', verb: 'get' })).toBe(true);
    expect(grants(url('/logs'), { url: '/logs/x', verb: 'get' })).toBe(false);
    expect(grants(rule({ resources: ['*'] }), { url: '/logs/x', verb: 'get' })).toBe(false);
  });
});

describe('the powers of a role', () => {
  const all = rule({ apiGroups: ['*'], resources: ['*'], verbs: ['*'] });

  it('are everything for the full wildcard, and worst first', () => {
    expect(wordsOf([all])[0]).toBe('do everything');
    expect(powersOf([all], undefined)[0]?.severity).toBe('high');
    expect(powersOf([all], 'shop')[0]?.severity).toBe('medium');
    expect(powersOf([all], 'kube-system')[0]?.severity).toBe('high');
  });

  it('are none for reading pods, for custom resources and for one secret by its name', () => {
    expect(wordsOf([rule({ resources: ['pods', 'pods/log'], verbs: ['get', 'list', 'watch'] })])).toEqual([]);
    expect(wordsOf([rule({ apiGroups: ['carts.example.com'], resources: ['carts'], verbs: ['*'] })])).toEqual([]);
    expect(wordsOf([rule({ resources: ['secrets'], resourceNames: ['db'] })])).toEqual([]);
  });

  it('weigh a star on whole groups of others, and verbs on objects that they mean nothing for, as low', () => {
    const foreign = rule({ apiGroups: ['carts.example.com'], resources: ['*'], verbs: ['*'] });
    const misplaced = rule({ apiGroups: [RBAC], resources: ['rolebindings'], verbs: ['bind'] });
    for (const one of [foreign, misplaced]) {
      expect(powersOf([one], undefined)).toMatchObject([{ topic: 'admin', severity: 'low' }]);
    }
  });

  it.each(['userextras', 'userextras/*', 'userextras/arn', 'uids'])('know impersonation by %s', (resource) => {
    const forging = rule({ apiGroups: ['authentication.k8s.io'], resources: [resource], verbs: ['impersonate'] });
    expect(wordsOf([forging])).toEqual(['act as other users, groups or service accounts (impersonate)']);
  });

  it('count a right to what has no namespace as void in a Role', () => {
    const [power] = powersOf([rule({ resources: ['nodes/proxy'] })], 'shop');
    expect(power).toMatchObject({ topic: 'exec', severity: 'low' });
    expect(wordsOf([rule({ resources: ['*'] })], 'shop').join()).not.toContain('nodes/proxy');
  });

  it('tell a right to exec by get alone from one that shows itself', () => {
    const severityOf = (verbs: string[]) =>
      powersOf([rule({ resources: ['pods/exec'], verbs })], undefined)[0]?.severity;
    expect(severityOf(['get'])).toBe('high');
    expect(severityOf(['get', 'create'])).toBe('medium');
  });

  it.each(['cluster-admin', 'system:masters'])('see through names: %s', (name) => {
    const bind = rule({ apiGroups: [RBAC], resources: ['clusterroles'], verbs: ['bind'], resourceNames: [name] });
    const impersonate = rule({ resources: ['groups'], verbs: ['impersonate'], resourceNames: [name] });
    expect([bind, impersonate].map((one) => powersOf([one], undefined)[0]?.severity)).toContain('high');
  });

  it('grow with the rules: one more rule never takes a power away, but for what is only worse alone', () => {
    const word: fc.Arbitrary<string> = fc.constantFrom(
      '*',
      'get',
      'create',
      'update',
      'escalate',
      'bind',
      'impersonate',
      'secrets',
      'pods',
    );
    const resource: fc.Arbitrary<string> = fc.constantFrom(
      '*',
      'pods/exec',
      'pods/*',
      'secrets',
      'nodes/proxy',
      'clusterroles',
      'roles',
    );
    const group: fc.Arbitrary<string> = fc.constantFrom('', '*', RBAC, 'apps', 'example.com');
    const some = fc.record({
      apiGroups: fc.array(group, { maxLength: 2 }),
      resources: fc.array(resource, { maxLength: 3 }),
      verbs: fc.array(word, { maxLength: 3 }),
      resourceNames: fc.array(fc.constantFrom<string[]>('cluster-admin', 'x'), { maxLength: 1 }),
      nonResourceURLs: fc.constant<string[]>([]),
    });
    const lasting = (rules: RoleRule[]) =>
      wordsOf(rules).filter((text) => !/right to read|star stands|gives nothing/.test(text));
    void fc.assert(
      fc.property(fc.array(some, { maxLength: 4 }), some, (rules, more) => {
        expect(lasting([...rules, more])).toEqual(expect.arrayContaining(lasting(rules)));
      }),
    );
  });
});

describe('a binding', () => {
  const bindingEvent = (requestObject: unknown, responseObject?: unknown) =>
    eventOf({ objectRef: { resource: 'rolebindings', namespace: 'shop', name: 'b' }, requestObject, responseObject });

  it('reads a User spelt like a service account as that service account', () => {
    const subjects = [{ kind: 'User', name: 'system:serviceaccount:shop:cart' }];
    expect(bindingOf(bindingEvent({ subjects }))?.subjects).toEqual([
      { kind: 'ServiceAccount', name: 'cart', namespace: 'shop' },
    ]);
  });

  it('is the merged object where the request is a patch, and the patched part where there is no answer', () => {
    const value = { kind: 'User', name: 'eve' };
    const patch = [{ op: 'add', path: '/subjects/-', value }];
    const answer = { kind: 'RoleBinding', roleRef: { kind: 'ClusterRole', name: 'edit' }, subjects: [value] };
    expect(bindingOf(bindingEvent(patch, answer))).toMatchObject({ role: { name: 'edit' }, subjects: [value] });
    expect(bindingOf(bindingEvent(patch))).toMatchObject({ role: undefined, subjects: [value] });
  });

  it('drops what is no subject and keeps the rest', () => {
    const subjects = [null, 7, { kind: 'Group' }, { kind: 3, name: 'x' }, { kind: 'Group', name: 'ops' }];
    expect(bindingOf(bindingEvent({ subjects, roleRef: 'edit' }))?.subjects.map(({ name }) => name)).toEqual([
      'x',
      'ops',
    ]);
  });
});

describe('a write that changed nothing', () => {
  const answer = (resourceVersion: string, ...times: string[]) => ({
    kind: 'ClusterRole',
    metadata: { resourceVersion, managedFields: times.map((time) => ({ manager: 'm', time })) },
  });
  const before = '2026-04-14T08:00:00Z';

  it('is one whose version is the one that the request named', () => {
    const requestObject = { metadata: { resourceVersion: '7' } };
    expect(isUnchanged(eventOf({ requestObject, responseObject: answer('7') }))).toBe(true);
    expect(isUnchanged(eventOf({ requestObject, responseObject: answer('8', before) }))).toBe(false);
  });

  it('is one whose fields were all last changed before it', () => {
    expect(isUnchanged(eventOf({ verb: 'patch', responseObject: answer('8', before, before) }))).toBe(true);
    expect(isUnchanged(eventOf({ verb: 'patch', responseObject: answer('8', before, '2026-04-14T09:00:30Z') }))).toBe(
      false,
    );
  });

  it.each([
    ['a create', { verb: 'create', responseObject: answer('8', before) }],
    ['a delete that answers with the object', { verb: 'delete', responseObject: answer('8', before) }],
    ['a creation by patch', { verb: 'patch', responseStatus: { code: 201 }, responseObject: answer('8', before) }],
    ['an object whose owners were wiped', { verb: 'patch', responseObject: answer('8') }],
    [
      'a list with an entry that has no time',
      { responseObject: { metadata: { managedFields: [{ time: before }, {}] } } },
    ],
    ['an event without a time', { requestReceivedTimestamp: '', responseObject: answer('8', before) }],
  ])('is not proven by %s', (_, parts) => {
    expect(isUnchanged(eventOf(parts))).toBe(false);
  });
});

describe('the refusal of an escalation', () => {
  it('lists what was missing, and is told from other refusals', () => {
    const message =
      'roles "x" is forbidden: user "u" (groups=["g"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:["*"], Resources:["*"], Verbs:["*"]}';
    const refused = (text: string) => refusalOf(eventOf({ responseStatus: { code: 403, message: text } }));
    expect(refused(message)).toEqual(['{APIGroups:["*"], Resources:["*"], Verbs:["*"]}']);
    expect(refused('must have cluster-admin privileges to use an aggregationRule')).toEqual([]);
    expect(refused('admission webhook denied the request')).toBeUndefined();
  });

  it('is read in linear time from a message that is all braces', () => {
    const message = `attempting to grant RBAC permissions not currently held${'{'.repeat(200_000)}`;
    expect(refusalOf(eventOf({ responseStatus: { code: 403, message } }))).toEqual([]);
  });
});

describe('names of built-in objects', () => {
  it.each([
    ['clusterroles', undefined, 'view', 'default'],
    ['clusterroles', undefined, 'system:controller:node-controller', 'default'],
    ['clusterrolebindings', undefined, 'cluster-admin', 'default'],
    ['clusterrolebindings', undefined, 'view', undefined],
    ['roles', 'shop', 'admin', undefined],
    ['roles', 'shop', 'extension-apiserver-authentication-reader', undefined],
    ['roles', 'kube-system', 'extension-apiserver-authentication-reader', 'default'],
    ['roles', 'kube-system', 'eks:addon-manager', 'eks'],
    ['clusterroles', undefined, 'system:coredns', 'system'],
    ['__proto__', undefined, 'constructor', undefined],
  ])('%s %s/%s is of %s', (resource, namespace, name, whose) => {
    expect(builtInOf(eventOf({ objectRef: { resource, namespace, name } }))).toBe(whose);
  });
});

describe('any body at all', () => {
  const value = fc.jsonValue({ maxDepth: 2 });
  const list = fc.oneof(value, fc.array(fc.record({ verbs: value, resources: value, name: value, kind: value })));
  const body = fc.oneof(
    value,
    fc.record({ metadata: value, rules: list, subjects: list, roleRef: value, ['__proto__']: value }),
    fc.record({ metadata: fc.record({ labels: value, managedFields: list }), kind: value }),
    fc.record({ aggregationRule: fc.record({ clusterRoleSelectors: fc.oneof(value, fc.array(value)) }) }),
  );

  it('is judged without throwing', () => {
    const resource = fc.constantFrom('clusterroles', 'roles', 'clusterrolebindings', 'rolebindings');
    void fc.assert(
      fc.property(resource, body, body, (resource, requestObject, responseObject) => {
        const event = eventOf({ objectRef: { resource, name: 'x' }, requestObject, responseObject });
        roleRulesOf(event);
        roleWriteOf(event);
        bindingWriteOf(event);
        refusalOf(event);
      }),
    );
  });
});
