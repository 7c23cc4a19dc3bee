import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  awsAuthChangeOf,
  demandsLabel,
  describeMapping,
  judgeMappings,
  sparesAwsAuth,
} from '../../core/k8s-audit/aws-auth.ts';
import { type AuditEvent, auditEventSchema } from '../../core/k8s-audit/schema.ts';

const write = (data: unknown, rest: object = {}): AuditEvent =>
  auditEventSchema.parse({ verb: 'update', requestObject: { data }, responseObject: { data }, ...rest });

/** What a write of this mapRoles is judged to be. */
function judge(mapRoles: unknown, rest: object = {}) {
  const event = write({ mapRoles }, rest);
  const { privileged, why, severity } = judgeMappings(event, awsAuthChangeOf(event));
  return { privileged: privileged.map(describeMapping), why, severity: severity.severity };
}

const NODE = `- rolearn: arn:aws:iam::111122223333:role/node
  username: system:node:{{EC2PrivateDNSName}}
  groups: [system:bootstrappers, system:nodes]
`;

describe('aws-auth', () => {
  it.each([
    ['block style', '- rolearn: arn:aws:iam::111122223333:role/x\n  username: x\n  groups:\n    - system:masters\n'],
    ['flow style', '[{rolearn: "arn:aws:iam::111122223333:role/x", username: x, groups: ["system:masters"]}]'],
    [
      'JSON with escapes',
      '[{"rolearn":"arn:aws:iam::111122223333:role/x","username":"x","groups":["system\\u003amasters"]}]',
    ],
    [
      'field names in another case',
      '- ROLEARN: arn:aws:iam::111122223333:role/x\n  userName: x\n  Groups: [system:masters]\n',
    ],
    [
      'an anchor and an alias',
      '- &a\n  rolearn: arn:aws:iam::111122223333:role/x\n  username: x\n  groups: &g [system:masters]\n',
    ],
    [
      'a binary tag',
      '- rolearn: arn:aws:iam::111122223333:role/x\n  username: x\n  groups: [!!binary c3lzdGVtOm1hc3RlcnM=]\n',
    ],
    [
      'a single group without a list',
      '- rolearn: arn:aws:iam::111122223333:role/x\n  username: x\n  groups: system:masters\n',
    ],
    [
      'a first document of two',
      '- {rolearn: "arn:aws:iam::111122223333:role/x", username: x, groups: [system:masters]}\n---\n[]\n',
    ],
    [
      'a repeated key',
      '- rolearn: arn:aws:iam::111122223333:role/x\n  username: x\n  groups: []\n  groups: [system:masters]\n',
    ],
  ])('reads system:masters in %s', (_, text) => {
    expect(judge(text)).toEqual({
      privileged: ['arn:aws:iam::111122223333:role/x -> x, group system:masters'],
      why: ['arn:aws:iam::111122223333:role/x: group system:masters'],
      severity: 'critical',
    });
  });

  it('merges keys as the authenticator does', () => {
    const text = '- &base {groups: [system:masters], username: a, rolearn: r1}\n- {<<: *base, rolearn: r2}\n';
    expect(judge(text).privileged).toEqual(['r1 -> a, group system:masters', 'r2 -> a, group system:masters']);
  });

  it.each([
    ['root', 'arn:aws:iam::111122223333:root', 'x'],
    ['a wildcard', 'arn:aws:iam::111122223333:role/*', 'x'],
    ['a control-plane name', 'arn:aws:iam::111122223333:role/x', 'system:kube-scheduler'],
    ['an EKS name', 'arn:aws:iam::111122223333:role/x', 'eks:node-manager'],
    ['an administrator’s name', 'arn:aws:iam::111122223333:role/x', 'Kubernetes-Admin'],
    ['a node that is no template', 'arn:aws:iam::111122223333:role/x', 'system:node:ip-10-0-0-1'],
  ])('finds %s critical without any group', (_, rolearn, username) => {
    expect(judge(`${NODE}- {rolearn: "${rolearn}", username: "${username}"}`).severity).toBe('critical');
  });

  it('takes the standard node mappings for ordinary, and no other use of their groups', () => {
    expect(judge(NODE)).toEqual({ privileged: [], why: [], severity: 'medium' });
    expect(judge(NODE.replace('system:nodes]', 'system:nodes, system:masters]')).severity).toBe('critical');
    expect(judge(NODE.replace('system:node:{{EC2PrivateDNSName}}', 'edge')).severity).toBe('critical');
  });

  it('names a foreign account by the nodes’ own, or else by the caller’s', () => {
    const foreign = '- {rolearn: "arn:aws:iam::444455556666:role/x", username: x, groups: [readers]}\n';
    expect(judge(NODE + foreign).why).toEqual([
      'arn:aws:iam::444455556666:role/x: another account than the cluster’s 111122223333',
    ]);
    expect(judge(foreign).why).toEqual([]);
    const user = { username: 'x', extra: { canonicalArn: ['arn:aws:iam::111122223333:role/terraform'] } };
    expect(judge(foreign, { user }).why).toHaveLength(1);
  });

  it('judges only what a patch wrote', () => {
    const data = {
      mapRoles: `${NODE}- {rolearn: r, groups: [system:masters]}`,
      mapUsers: '- {userarn: u, username: dev}',
    };
    const patched = (requestObject: unknown) => {
      const event = auditEventSchema.parse({ verb: 'patch', requestObject, responseObject: { data } });
      const change = awsAuthChangeOf(event);
      return { written: change?.written, severity: judgeMappings(event, change).severity.severity };
    };
    expect(patched({ data: { mapUsers: data.mapUsers } })).toEqual({ written: ['mapUsers'], severity: undefined });
    expect(patched({ metadata: { labels: {} } })).toEqual({ written: [], severity: 'low' });
    expect(patched([{ op: 'replace', path: '/data/mapRoles', value: data.mapRoles }]).severity).toBe('critical');
    expect(patched({ data: null })).toEqual({ written: ['mapRoles', 'mapUsers', 'mapAccounts'], severity: 'critical' });
    expect(patched(undefined).severity).toBe('critical');
  });

  it('says that it could not read a map, and still judges what it could', () => {
    const read = (mapRoles: unknown) => awsAuthChangeOf(write({ mapRoles }));
    const bomb = `a0: &a0 [x, x]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`).join('\n')}`;
    for (const text of ['- *missing', bomb, '['.repeat(50_000), 'just text', 7, ' '.repeat(300_000)]) {
      expect(read(text)?.unreadable, String(text).slice(0, 20)).toEqual(['mapRoles']);
    }
    expect(judge(`${NODE}- groups: [system:masters\n rolearn`).severity).toBe('critical');
  });

  it('speaks up for system:masters in a map that it could not read', () => {
    expect(judge(`# ${'x'.repeat(2000)}\n- groups: [System:Masters]`).severity).toBe('critical');
    expect(judge(`# ${'x'.repeat(2000)}\n- groups: [dev]`)).toEqual({ privileged: [], why: [], severity: undefined });
  });

  it.each(['? ', '{', '? - ', '- "', ']'])('is done with a map made of nothing but %s', (unit) => {
    const line = unit.repeat(1000 / unit.length);
    expect(
      awsAuthChangeOf(write({ mapRoles: `${line}\n`.repeat(60) }))?.mappings.filter(({ arn }) => arn !== ''),
    ).toEqual([]);
  });

  it('answers every body without throwing', () => {
    const bodies = fc.tuple(fc.anything(), fc.anything(), fc.string(), fc.constantFrom('update', 'patch', 'create'));
    const judgeAll = ([a, b, text, verb]: [unknown, unknown, string, string]): void => {
      for (const requestObject of [a, { data: a }, { data: { mapRoles: text, mapUsers: b } }, [a, b]]) {
        const event = auditEventSchema.parse({ verb, requestObject, responseObject: b });
        judgeMappings(event, awsAuthChangeOf(event));
      }
    };
    fc.assert(fc.property(bodies, judgeAll));
  });
});

describe('the selectors of a deletion of many', () => {
  it.each(['metadata.name=other', 'metadata.name==other', 'metadata.name!=aws-auth', 'a=b,metadata.name=other'])(
    '%s spares aws-auth',
    (selector) => expect(sparesAwsAuth(selector)).toBe(true),
  );
  it.each([
    'metadata.name=aws-auth',
    'metadata.name==aws-auth',
    'metadata.name!=other',
    'metadata.name!=aws-auth2',
    'x=y',
  ])('%s does not', (selector) => expect(sparesAwsAuth(selector)).toBe(false));
  it.each(['app=x', 'app', 'app in (a,b)', '!x,app==y'])('%s wants a label', (selector) =>
    expect(demandsLabel(selector)).toBe(true),
  );
  it.each(['!app', 'app!=x', 'app notin (a,b,c)'])('%s takes objects without', (selector) =>
    expect(demandsLabel(selector)).toBe(false),
  );
});
