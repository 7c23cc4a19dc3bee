import { describe, expect, it, vi } from 'vitest';
import type { Alert } from '../../core/alert.ts';
import { NEW_PROBLEM, takeIn } from '../../core/incidents/problem.ts';
import { type IncidentStore, MemoryIncidentStore } from '../../core/incidents/store.ts';
import { Closing } from '../../functions/watch/closing.ts';
import { countsOf, type Invocation, invoke } from '../../local/lambda.ts';
import { alertOf } from '../support/build.ts';
import { deployedAt } from '../support/deployed.ts';
import { startLosingAnswer } from '../support/lost-answer.ts';
import { startRefusing } from '../support/refusing-servers.ts';
import { findingsOf, inWords, overtaken, stageAt } from '../support/second-stage.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOW = Date.UTC(2026, 2, 1, 10);

/** The findings of one problem that share a payload; each number is an event. */
const found = (problem: string, ...numbers: readonly number[]) =>
  findingsOf(...numbers.map((number) => alertOf({ dedup: [problem] }, { auditID: `${problem}-${number}` })));

describe('the watch, as deployed', () => {
  const { deployment, find } = deployedAt(NOW);
  const watch = (remainingMs?: number): Promise<Invocation> => invoke(deployment().watch, {}, remainingMs);
  const told = async () => (await deployment().received()).map(({ alert }) => alert);
  const wait = (ms: number) => vi.setSystemTime(Date.now() + ms);
  it('tells the roll-up of an incident when its window ends, whichever sandboxes saw its findings', async () => {
    await find(found('alice', 1));
    expect(inWords(await told())).toEqual(['opened 1']);
    await find(found('alice', 2, 3));
    expect(await told()).toEqual([]);
    await find(found('alice', 4));
    const { aws } = deployment();
    const other = deployment().start('publish-alerts');
    await aws.pump(aws.queueUrl('findings.fifo'), async (event) => (await invoke(other, event)).answer);
    expect(await told()).toEqual([]);

    wait(HOUR_MS - 1);
    expect(countsOf(await watch())).toMatchObject({ ended: 0 });
    expect(await told()).toEqual([]);

    wait(1);
    const invocation = await watch();
    expect(invocation.error).toBeUndefined();
    expect(JSON.parse(invocation.log)).toMatchObject({
      function: 'watch',
      ended: 1,
      closed: 1,
      outrun: 0,
      failed: 0,
      rollUps: 1,
      problems: [],
    });
    const [rollUp, ...rest] = await deployment().received();
    expect(rest).toEqual([]);
    expect(rollUp?.alert.incident).toMatchObject({ state: 'closed', count: 4, sampleEventIds: { length: 4 } });
    expect(rollUp?.attributes.incidentState?.Value).toBe('closed');
    expect(rollUp?.subject).toMatch(/^\[MEDIUM\] Roll-up of 4: /);

    expect(countsOf(await watch())).toMatchObject({ ended: 0 });
    wait(6 * HOUR_MS);
    await find(found('alice', 1));
    await find(found('alice', 5));
    expect(inWords(await told())).toEqual(['opened 1']);
  });

  it('closes without a word what was told already', async () => {
    await find(found('alice', 1));
    await told();
    wait(HOUR_MS);
    expect(countsOf(await watch())).toMatchObject({ ended: 1, closed: 1, rollUps: 0 });
    expect(await told()).toEqual([]);
    expect(countsOf(await watch())).toMatchObject({ ended: 0 });
  });

  it('closes however many there are', async () => {
    const problems = Array.from({ length: 120 }, (_, number) => `problem-${number}`);
    for (const problem of problems) {
      await find(found(problem, 1));
      await find(found(problem, 2));
    }
    expect((await told()).length).toBe(120);
    wait(HOUR_MS);
    expect(countsOf(await watch())).toMatchObject({ ended: 120, closed: 120, rollUps: 120, failed: 0 });
    expect(new Set(inWords(await told()))).toEqual(new Set(['closed 2']));
  });

  it('fails when SNS takes no roll-up, says why, and the next run tells them', async () => {
    await find(found('alice', 1));
    await find(found('alice', 2));
    await told();
    wait(HOUR_MS);
    await deployment().aws.deleteTopic('alerts');
    const { error, log } = await watch();
    expect(error).toMatchObject({ name: 'WatchError', message: expect.stringMatching(/^NotFound/) });
    expect(JSON.parse(log)).toMatchObject({ ended: 1, closed: 0, failed: 1, rollUps: 0 });

    await deployment().aws.createTopic('alerts');
    await deployment().aws.subscribe('alerts', 'soc');
    expect((await watch()).error).toBeUndefined();
    expect(inWords(await told())).toEqual(['closed 2']);
  });

  it('tells a roll-up once, and calls nothing a failure, where its write is done and the answer lost', async () => {
    await find(found('alice', 1));
    await find(found('alice', 2));
    await told();
    wait(HOUR_MS);
    const dynamodb = await startLosingAnswer(deployment().aws.environment);
    const losing = deployment().start('watch', { AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint });
    const invocation = await invoke(losing, {});
    await dynamodb.stop();
    expect(dynamodb.trace.length).toBe(1);
    expect(invocation.error).toBeUndefined();
    expect(countsOf(invocation)).toMatchObject({ ended: 1, closed: 0, outrun: 1, failed: 0, rollUps: 1 });
    expect(countsOf(await watch())).toMatchObject({ ended: 0 });
    expect(inWords(await told())).toEqual(['closed 2']);
  });

  it('ends before Lambda would kill it, and the next run does what is left', async () => {
    await find(found('alice', 1));
    await find(found('alice', 2));
    await told();
    wait(HOUR_MS);
    expect((await watch(2_000)).error?.message).toBe('DeadlineError: out of time');
    // Enough to read and to remember, and not to tell.
    expect((await watch(5_000)).error?.message).toBe('DeadlineError: out of time');
    expect(await told()).toEqual([]);
    expect((await watch()).error).toBeUndefined();
    expect(inWords(await told())).toEqual(['closed 2']);
  });

  it('fails at its first run where the deployment is broken, and names the cause', async () => {
    const refusing = await startRefusing();
    for (const [broken, cause] of [
      [{ INCIDENT_TABLE: 'no-such-table' }, /^ResourceNotFoundException/],
      [{ AWS_ENDPOINT_URL_DYNAMODB: refusing.address }, /^AccessDeniedException: .*not authorized/],
    ] as const) {
      const { error, log } = await invoke(deployment().start('watch', broken), {});
      expect(error?.message).toMatch(cause);
      expect(JSON.parse(log).problems.join()).toMatch(cause);
    }
    refusing.stop();
  });
});

describe('the closing of incidents', () => {
  /** A store that holds incidents of two findings each, all of them ended. */
  async function storeWith(...problems: readonly string[]): Promise<MemoryIncidentStore> {
    const store = new MemoryIncidentStore();
    for (const problem of problems) {
      const { alert } = found(problem, 1);
      const first = takeIn(NEW_PROBLEM, found(problem, 1), NOW);
      await store.put(alert.dedupKey, takeIn(first.problem, found(problem, 2), NOW).problem, undefined);
    }
    return store;
  }

  const stage = (store: IncidentStore, told: Alert[] = []) => stageAt(store, NOW + HOUR_MS, told);

  it('is not held up by incidents that cannot be told, however many those are', async () => {
    const problems = Array.from({ length: 200 }, (_, number) => `problem-${number}`);
    const store = await storeWith(...problems);
    const bad = new Set(problems.slice(0, 130).map((problem) => found(problem, 1).alert.dedupKey));
    const closing = new Closing({
      ...stage(store),
      publish: async (alerts) => ({
        items: alerts.filter(({ dedupKey }) => bad.has(dedupKey)),
        why: ['InvalidParameter'],
      }),
    });
    await closing.closeAll();
    expect(closing.counts).toEqual({ ended: 200, closed: 70, outrun: 0, failed: 130, rollUps: 70 });
    expect([...closing.problems]).toEqual(['InvalidParameter']);
    expect((await store.expired(NOW + HOUR_MS, 1_000)).length).toBe(130);
  });

  it('leaves to others what they changed meanwhile, and does not call that a failure', async () => {
    const store = await storeWith('alice', 'bob', 'carol');
    const told: Alert[] = [];
    const closing = new Closing(
      overtaken(stage(store, told), async () => {
        // A finding comes that closes the incident and opens the next, and one that began before the end.
        for (const [problem, now] of [
          ['alice', NOW + HOUR_MS],
          ['bob', NOW + HOUR_MS - 1],
        ] as const) {
          const findings = found(problem, 3);
          const { dedupKey } = findings.alert;
          const read = await store.get(dedupKey, []);
          await store.put(dedupKey, takeIn(read?.problem ?? NEW_PROBLEM, findings, now).problem, read);
        }
      }),
    );
    await closing.closeAll();
    expect(inWords(told)).toEqual(['closed 2', 'closed 2', 'closed 2']);
    expect(closing.counts).toMatchObject({ ended: 3, closed: 1, outrun: 2, failed: 0 });
    expect([...closing.problems]).toEqual([]);

    // The finding that came in time is told with the rest of its incident, by the next run.
    await new Closing(stage(store, told)).closeAll();
    expect(inWords(told.slice(3))).toEqual(['closed 3']);
  });

  it('closes an incident that the index still names and another has closed, not again', async () => {
    const store = await storeWith('alice');
    const [name = ''] = await store.expired(NOW + HOUR_MS, 1);
    const stale = Object.assign(store, { expired: async () => [name] });
    await new Closing(stage(stale)).closeAll();
    const told: Alert[] = [];
    const closing = new Closing(stage(stale, told));
    await closing.closeAll();
    expect(told).toEqual([]);
    expect(closing.counts).toEqual({ ended: 1, closed: 0, outrun: 1, failed: 0, rollUps: 0 });
  });

  it('keeps open what cannot be remembered, for the next run', async () => {
    const store = await storeWith('alice', 'bob');
    const [name = ''] = await store.expired(NOW + HOUR_MS, 1);
    const put = store.put.bind(store);
    const broken = Object.assign(store, {
      put: async (...args: Parameters<typeof put>) => {
        if (args[0] === name) throw new TypeError('no table');
        return await put(...args);
      },
    });
    const closing = new Closing(stage(broken));
    await closing.closeAll();
    expect(closing.counts).toEqual({ ended: 2, closed: 1, outrun: 0, failed: 1, rollUps: 2 });
    expect([...closing.problems]).toEqual(['TypeError']);
    expect(await store.expired(NOW + HOUR_MS, 10)).toEqual([name]);
  });

  it('begins nothing when its time is over, and says so', async () => {
    const closing = new Closing({ ...stage(await storeWith('alice')), isOver: () => true });
    await closing.closeAll();
    expect(closing.counts).toMatchObject({ ended: 0 });
    expect([...closing.problems]).toEqual(['DeadlineError: out of time']);
  });
});
