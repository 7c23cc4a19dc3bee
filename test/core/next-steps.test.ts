import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holesOf, nextStepsOf } from '../../core/next-steps.ts';
import { alertOf } from '../support/build.ts';

const alert = alertOf({ evidence: { roles: ['admin', 'edit'], count: 3, forced: true, none: [] } });
const steps = (...commands: string[]) => nextStepsOf(commands, alert);

describe('nextStepsOf', () => {
  it('puts the names of the alert into the commands of the runbook', () => {
    expect(
      steps(
        'kubectl -n {target.namespace} get pod {target.name}',
        'kubectl get clusterrole {evidence.roles}',
        'aws x {evidence.count}',
      ),
    ).toEqual(['kubectl -n shop get pod web-0', 'kubectl get clusterrole admin', 'aws x 3']);
  });

  it('leaves out a command that lacks a name, and keeps the others', () => {
    expect(
      steps(
        'kubectl get node {target.node}',
        'kubectl get ns',
        'x {evidence.none}',
        'x {evidence.forced}',
        'x {actor}',
      ),
    ).toEqual(['kubectl get ns']);
    expect(steps('x {evidence.constructor}', 'x {__proto__.x}', 'x {title.length}')).toEqual([]);
  });

  it('quotes what a shell would read as more than a name, and drops what could harm quoted', () => {
    const named = (name: string) =>
      alertOf({}, { objectRef: { resource: 'pods', name } }, { nextSteps: ['kubectl get pod {target.name} -o yaml'] })
        .nextSteps;
    expect(named('web; reboot')).toEqual(["kubectl get pod 'web; reboot' -o yaml"]);
    expect(named("$(id)'`id`")).toEqual(["kubectl get pod '$(id)'\\''`id`' -o yaml"]);
    expect(named('$& $1')).toEqual(["kubectl get pod '$& $1' -o yaml"]);
    expect(named('{actor.username}')).toEqual(["kubectl get pod '{actor.username}' -o yaml"]);
    for (const name of [
      '--all',
      'web\u001b[2J',
      'eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
      'x'.repeat(5000),
      'file:///etc/passwd',
    ])
      expect(named(name)).toEqual([]);
  });
});

describe('a word with a list in it', () => {
  const asked = 'kubectl auth can-i --list --as={actor.username} --as-group={actor.groups[]} -n shop';
  const by = (...groups: string[]) =>
    alertOf({}, { user: { username: 'ben', groups } }, { nextSteps: [asked] }).nextSteps;

  it('stands once for each name, and not for the group that everybody has', () => {
    expect(by('developers', 'system:authenticated', 'on call')).toEqual([
      "kubectl auth can-i --list --as=ben --as-group=developers --as-group='on call' -n shop",
    ]);
    expect(by('system:authenticated')).toEqual(['kubectl auth can-i --list --as=ben -n shop']);
    expect(nextStepsOf(['x --a={a[]}'], { a: 'one' })).toEqual(['x --a=one']);
  });

  it('is not cut short: a command that could name only some of the groups, or none, is left out', () => {
    expect(by('developers', '--all')).toEqual([]);
    expect(by('developers', 'admins\u001b[2J')).toEqual([]);
    expect(by(...Array.from({ length: 60 }, (_, i) => `group-${i}`))).toEqual([]);
    expect(by()).toEqual([]);
    expect(alertOf({}, { user: { username: 'ben' } }, { nextSteps: [asked] }).nextSteps).toEqual([]);
  });

  it('is read by a real shell as exactly the names of the list, whatever they are', () => {
    const hostile = fc.string({
      unit: fc.constantFrom(...'a\'"$`\\!*?~#&|;<>(){}[] =%^-0\n'),
      minLength: 1,
      maxLength: 12,
    });
    const name = fc.oneof(
      hostile,
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
      fc.constantFrom('{actor.username}', ' --as={actor.groups[]}', '{actor.groups[]}', "'; echo $HOME '", '$& $1'),
    );
    const commands = ["printf '%s\\n' --as={actor.username} --as-group={actor.groups[]} end"];
    let told = 0;
    fc.assert(
      fc.property(name, fc.array(name, { minLength: 1, maxLength: 4 }), (username, groups) => {
        const [step] = nextStepsOf(commands, { actor: { username, groups } });
        if (step === undefined) return;
        told++;
        const args = [`--as=${username}`, ...groups.map((group) => `--as-group=${group}`), 'end'];
        expect(execFileSync('sh', ['-c', step], { encoding: 'utf8' })).toBe(args.map((arg) => `${arg}\n`).join(''));
      }),
      { numRuns: 150 },
    );
    expect(told).toBeGreaterThan(50);
  });
});

describe('holesOf', () => {
  it('names the fields that a command asks for', () => {
    expect(holesOf('kubectl -n {target.namespace} get {target.resource} -o jsonpath={.spec}')).toEqual([
      'target.namespace',
      'target.resource',
      '.spec',
    ]);
    expect(holesOf('kubectl --as={actor.username} --as-group={actor.groups[]} -A')).toEqual([
      'actor.username',
      'actor.groups',
    ]);
    expect(holesOf("aws x --query 'Events[].{a:b}'")).toEqual([]);
  });
});
