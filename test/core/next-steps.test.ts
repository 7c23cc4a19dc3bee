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

describe('holesOf', () => {
  it('names the fields that a command asks for', () => {
    expect(holesOf('kubectl -n {target.namespace} get {target.resource} -o jsonpath={.spec}')).toEqual([
      'target.namespace',
      'target.resource',
      '.spec',
    ]);
    expect(holesOf("aws x --query 'Events[].{a:b}'")).toEqual([]);
  });
});
