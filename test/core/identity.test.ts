import { describe, expect, it } from 'vitest';
import {
  actorName,
  arnOf,
  effectiveUser,
  extraOf,
  isAnonymous,
  isControlPlane,
  isIamIdentity,
  isNode,
  serviceAccountOf,
  sourceIpOf,
} from '../../core/k8s-audit/identity.ts';
import { auditEvent } from '../support/build.ts';

const PRIVATE = ['10.0.12.34'];
const PUBLIC = ['203.0.113.7'];
const AWS_ROLE = 'arn:aws:sts::444455556666:assumed-role/AWSWesleyClusterManagerLambda-Add-x/y';
const SITE_ROLE = 'arn:aws:sts::111122223333:assumed-role/admin/alice';

function by(username: string, fields: object = {}, extra: object = {}) {
  return auditEvent({
    user: { username, groups: [], extra },
    sourceIPs: PRIVATE,
    userAgent: 'kube-controller-manager',
    ...fields,
  });
}

describe('isControlPlane', () => {
  it.each([
    'system:apiserver',
    'system:kube-controller-manager',
    'system:kube-scheduler',
    'system:serviceaccount:kube-system:generic-garbage-collector',
    'system:serviceaccount:kube-system:replicaset-controller',
    'eks:node-manager',
    'eks:addon-manager',
  ])('knows %s', (username) => {
    expect(isControlPlane(by(username))).toBe(true);
  });

  it.each([
    'system:anonymous',
    'system:admin',
    'system:apiserver2',
    'system:node:ip-10-0-1-23.ec2.internal',
    'system:serviceaccount:kube-system:my-controller',
    'system:serviceaccount:default:replicaset-controller',
    'system:serviceaccount:kube-system:replicaset-controller:x',
    'System:apiserver',
    'eks:intruder',
    'eks:',
    'kube-scheduler',
    '',
  ])('does not know %j, whatever it begins with', (username) => {
    expect(isControlPlane(by(username))).toBe(false);
  });

  it('believes an eks: name that comes with a role of AWS, or at least not from the internet', () => {
    const of = (sourceIPs: readonly string[], arn?: string) =>
      isControlPlane(by('eks:addon-manager', { sourceIPs }, arn ? { arn: [arn] } : {}));
    expect(of(PUBLIC, AWS_ROLE)).toBe(true);
    expect(
      of(PUBLIC, 'arn:aws-cn:iam::444455556666:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS'),
    ).toBe(true);
    expect(of(PRIVATE)).toBe(true);
    expect(of(PUBLIC)).toBe(false);
    expect(of(PRIVATE, SITE_ROLE)).toBe(false);
    expect(of(PRIVATE, `${SITE_ROLE}/AWSServiceRoleForAmazonEKS`)).toBe(false);
    expect(of(PRIVATE, 'arn:aws:iam::111122223333:user/AWSServiceRoleForAmazonEKS')).toBe(false);
  });

  it('counts only the address that connected, which the client does not choose', () => {
    const of = (...sourceIPs: string[]) => isControlPlane(by('system:kube-scheduler', { sourceIPs }));
    expect(of('203.0.113.7', '10.0.0.1')).toBe(true);
    expect(of('10.0.0.1', '203.0.113.7')).toBe(false);
  });

  it('believes no component that came through IAM or from a pod', () => {
    expect(isControlPlane(by('system:kube-scheduler', {}, { arn: [SITE_ROLE] }))).toBe(false);
    const pod = { 'authentication.kubernetes.io/pod-name': ['web-0'] };
    expect(isControlPlane(by('system:serviceaccount:kube-system:job-controller', {}, pod))).toBe(false);
  });

  it('believes no request that impersonates', () => {
    const impersonatedUser = { username: 'system:kube-scheduler' };
    expect(isControlPlane(by('alice', { impersonatedUser }))).toBe(false);
    expect(isControlPlane(by('system:apiserver', { impersonatedUser }))).toBe(false);
  });
});

describe('identities', () => {
  const user = (username: string, groups: readonly string[] = [], extra: object = {}) =>
    auditEvent({ user: { username, groups, extra } }).user;

  it('are anonymous by name or by group', () => {
    expect(isAnonymous(user('system:anonymous'))).toBe(true);
    expect(isAnonymous(user('x', ['system:unauthenticated']))).toBe(true);
    expect(isAnonymous(user('system:anonymous2'))).toBe(false);
    expect(isAnonymous(user(''))).toBe(false);
  });

  it('are nodes by name, and by group where groups are known', () => {
    expect(isNode(user('system:node:a', ['system:nodes', 'system:authenticated']))).toBe(true);
    expect(isNode(user('system:node:a'))).toBe(true);
    expect(isNode(user('system:node:a', ['system:masters']))).toBe(false);
    expect(isNode(user('system:nodes', ['system:nodes']))).toBe(false);
  });

  it('are of IAM where the authenticator recorded an ARN, but for nodes', () => {
    expect(isIamIdentity(user('alice', [], { arn: [SITE_ROLE] }))).toBe(true);
    expect(isIamIdentity(user('system:node:a', ['system:nodes'], { arn: [SITE_ROLE] }))).toBe(false);
    expect(isIamIdentity(user('system:node:a', ['system:masters'], { arn: [SITE_ROLE] }))).toBe(true);
    expect(isIamIdentity(user('alice'))).toBe(false);
  });

  it('are service accounts by their whole name', () => {
    expect(serviceAccountOf(user('system:serviceaccount:shop:web'))).toEqual({ namespace: 'shop', name: 'web' });
    for (const name of [
      'system:serviceaccount:shop',
      'system:serviceaccount::web',
      'x:system:serviceaccount:a:b',
      'system:serviceaccount:a:b:c',
    ])
      expect(serviceAccountOf(user(name))).toBeUndefined();
  });

  it('have extra values under their key in any case that a server writes', () => {
    expect(arnOf(user('a', [], { arn: [SITE_ROLE] }))).toBe(SITE_ROLE);
    expect(extraOf(user('a', [], { sessionname: ['s'] }), 'sessionName')).toBe('s');
    expect(extraOf(user('a', [], { sessionName: [] }), 'sessionName')).toBeUndefined();
    expect(extraOf(user('a', [], { arn: [''] }), 'arn')).toBeUndefined();
    expect(extraOf(user('a'), 'constructor')).toBeUndefined();
  });

  it('act with the rights of whom they impersonate, and are named with both', () => {
    const event = by('alice', { impersonatedUser: { username: 'admin' } });
    expect(effectiveUser(event).username).toBe('admin');
    expect(effectiveUser(by('alice')).username).toBe('alice');
    expect(actorName(event)).toBe('alice acting as admin');
    expect(actorName(by('alice', { impersonatedUser: { groups: ['system:masters'] } }))).toBe(
      'alice acting as system:masters',
    );
    expect(actorName(by(''))).toBe('an unauthenticated caller');
  });

  it('connect from the last address', () => {
    expect(sourceIpOf(by('a', { sourceIPs: ['1.1.1.1', '10.0.0.1'] }))).toBe('10.0.0.1');
    expect(sourceIpOf(by('a', { sourceIPs: [] }))).toBeUndefined();
  });
});
