import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findingsMessage } from '../../aws/findings-queue.ts';
import type { Alert } from '../../core/alert.ts';
import { FindingsByProblem } from '../../core/findings.ts';
import { NEW_PROBLEM, takeIn } from '../../core/incidents/problem.ts';
import { MemoryIncidentStore } from '../../core/incidents/store.ts';
import type { SecondStage } from '../../functions/second-stage.ts';
import { Closing } from '../../functions/watch/closing.ts';
import { alertOf } from '../support/build.ts';
import { Bundles, type Invocation, invoke } from '../support/lambda.ts';
import { countsOf, Deployment } from '../support/lambda-deployment.ts';
import { startRefusing } from '../support/refusing-servers.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOW = Date.UTC(2026, 2, 1, 10);

/** The findings of one problem that share a payload; each number is an event. */
function findingsOf(problem: string, ...numbers: readonly number[]) {
  const gathered = new FindingsByProblem();
  for (const number of numbers) gathered.add(alertOf({ dedup: [problem] }, { auditID: `${problem}-${number}` }));
  const [findings] = gathered.all(() => HOUR_MS);
  if (!findings) throw new Error('no findings');
  return findings;
}

const inWords = (alerts: readonly Alert[]) => alerts.map(({ incident }) => `${incident.state} ${incident.count}`);

describe('the watch, as deployed', () => {
  let bundles: Bundles;
  let deployment: Deployment;
  beforeAll(async () => {
    bundles = await Bundles.build();
  }, 60_000);
  afterAll(() => bundles.remove());
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
    deployment = await Deployment.of(bundles);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await deployment.stop();
  });

  async function find(problem: string, ...numbers: readonly number[]): Promise<void> {
    const { MessageBody, MessageGroupId, MessageDeduplicationId } = findingsMessage(findingsOf(problem, ...numbers));
    const queueUrl = deployment.aws.queueUrl('findings.fifo');
    await deployment.aws.send(queueUrl, MessageBody, MessageGroupId, MessageDeduplicationId);
  }

  const watch = (remainingMs?: number): Promise<Invocation> => invoke(deployment.watch, {}, remainingMs);
  const told = async () => (await deployment.received()).map(({ alert }) => alert);
  const wait = (ms: number) => vi.setSystemTime(Date.now() + ms);

  it('tells the roll-up of an incident when its window ends, whichever sandboxes saw its findings', async () => {
    await find('alice', 1);
    expect(inWords(await told())).toEqual(['opened 1']);
    await find('alice', 2, 3);
    expect(await told()).toEqual([]);
    deployment.restartPublishing();
    await find('alice', 4);
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
    const [rollUp, ...rest] = await deployment.received();
    expect(rest).toEqual([]);
    expect(rollUp?.alert.incident).toMatchObject({ state: 'closed', count: 4, sampleEventIds: { length: 4 } });
    expect(rollUp?.attributes.incidentState?.Value).toBe('closed');
    expect(rollUp?.subject).toMatch(/^\[MEDIUM\] Roll-up of 4: /);

    expect(countsOf(await watch())).toMatchObject({ ended: 0 });
    wait(6 * HOUR_MS);
    await find('alice', 1);
    await find('alice', 5);
    expect(inWords(await told())).toEqual(['opened 1']);
  });

  it('closes without a word what was told already', async () => {
    await find('alice', 1);
    await told();
    wait(HOUR_MS);
    expect(countsOf(await watch())).toMatchObject({ ended: 1, closed: 1, rollUps: 0 });
    expect(await told()).toEqual([]);
    expect(countsOf(await watch())).toMatchObject({ ended: 0 });
  });

  it('closes however many there are', async () => {
    const problems = Array.from({ length: 120 }, (_, number) => `problem-${number}`);
    for (const problem of problems) {
      await find(problem, 1);
      await find(problem, 2);
    }
    expect((await told()).length).toBe(120);
    wait(HOUR_MS);
    expect(countsOf(await watch())).toMatchObject({ ended: 120, closed: 120, rollUps: 120, failed: 0 });
    expect(new Set(inWords(await told()))).toEqual(new Set(['closed 2']));
  });

  it('fails when SNS takes no roll-up, says why, and the next run tells them', async () => {
    await find('alice', 1);
    await find('alice', 2);
    await told();
    wait(HOUR_MS);
    await deployment.aws.deleteTopic('alerts');
    const { error, log } = await watch();
    expect(error).toMatchObject({ name: 'WatchError', message: expect.stringMatching(/^NotFound/) });
    expect(JSON.parse(log)).toMatchObject({ ended: 1, closed: 0, failed: 1, rollUps: 0 });

    await deployment.aws.createTopic('alerts');
    await deployment.aws.subscribe('alerts', 'soc');
    expect((await watch()).error).toBeUndefined();
    expect(inWords(await told())).toEqual(['closed 2']);
  });

  it('ends before Lambda would kill it, and the next run does what is left', async () => {
    await find('alice', 1);
    await find('alice', 2);
    await told();
    wait(HOUR_MS);
    expect((await watch(2_000)).error?.message).toBe('DeadlineError');
    // Enough to read and to remember, and not to tell.
    expect((await watch(5_000)).error?.message).toBe('DeadlineError');
    expect(await told()).toEqual([]);
    expect((await watch()).error).toBeUndefined();
    expect(inWords(await told())).toEqual(['closed 2']);
  });

  it('fails at its first run where the deployment is broken, and names the cause', async () => {
    const refusing = await startRefusing();
    const settings = {
      ...deployment.aws.environment,
      FINDINGS_QUEUE_URL: deployment.aws.queueUrl('findings.fifo'),
      QUARANTINE_QUEUE_URL: deployment.aws.queueUrl('quarantine.fifo'),
      ALERT_TOPIC_ARN: deployment.aws.topicArn('alerts'),
      INCIDENT_TABLE: deployment.aws.stateTable,
    };
    for (const [broken, cause] of [
      [{ INCIDENT_TABLE: 'no-such-table' }, /^ResourceNotFoundException/],
      [{ AWS_ENDPOINT_URL_DYNAMODB: refusing.address }, /^AccessDeniedException: .*not authorized/],
    ] as const) {
      const { error, log } = await invoke(bundles.start('watch', { ...settings, ...broken }), {});
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
      const { alert } = findingsOf(problem, 1);
      const first = takeIn(NEW_PROBLEM, findingsOf(problem, 1), NOW);
      await store.put(alert.dedupKey, takeIn(first.problem, findingsOf(problem, 2), NOW).problem, undefined);
    }
    return store;
  }

  const stage = (store: SecondStage['store'], more: Partial<SecondStage> = {}): SecondStage => ({
    store,
    now: NOW + HOUR_MS,
    publish: async () => ({ items: [], why: [] }),
    isOver: () => false,
    ...more,
  });

  it('is not held up by incidents that cannot be told, however many those are', async () => {
    const problems = Array.from({ length: 200 }, (_, number) => `problem-${number}`);
    const store = await storeWith(...problems);
    const bad = new Set(problems.slice(0, 130).map((problem) => findingsOf(problem, 1).alert.dedupKey));
    const closing = new Closing(
      stage(store, {
        publish: async (alerts) => ({
          items: alerts.filter(({ dedupKey }) => bad.has(dedupKey)),
          why: ['InvalidParameter'],
        }),
      }),
    );
    await closing.closeAll();
    expect(closing.counts).toEqual({ ended: 200, closed: 70, outrun: 0, failed: 130, rollUps: 70 });
    expect([...closing.problems]).toEqual(['InvalidParameter']);
    expect((await store.expired(NOW + HOUR_MS, 1_000)).length).toBe(130);
  });

  it('leaves to others what they changed meanwhile, and does not call that a failure', async () => {
    const store = await storeWith('alice', 'bob', 'carol');
    const [alice, bob] = ['alice', 'bob'].map((problem) => findingsOf(problem, 1).alert.dedupKey);
    const told: Alert[] = [];
    const closing = new Closing(
      stage(store, {
        publish: async (alerts) => {
          told.push(...alerts);
          // A finding comes that closes the incident and opens the next, and one that began before the end.
          for (const [key, problem, now] of [
            [alice, 'alice', NOW + HOUR_MS],
            [bob, 'bob', NOW + HOUR_MS - 1],
          ] as const) {
            const read = await store.get(key ?? '', []);
            const step = takeIn(read?.problem ?? NEW_PROBLEM, findingsOf(problem, 3), now);
            await store.put(key ?? '', step.problem, read);
          }
          return { items: [], why: [] };
        },
      }),
    );
    await closing.closeAll();
    expect(inWords(told)).toEqual(['closed 2', 'closed 2', 'closed 2']);
    expect(closing.counts).toMatchObject({ ended: 3, closed: 1, outrun: 2, failed: 0 });
    expect([...closing.problems]).toEqual([]);

    // The finding that came in time is told with the rest of its incident, by the next run.
    await new Closing(
      stage(store, {
        publish: async (alerts) => {
          told.push(...alerts);
          return { items: [], why: [] };
        },
      }),
    ).closeAll();
    expect(inWords(told.slice(3))).toEqual(['closed 3']);
  });

  it('closes an incident that the index still names and another has closed, not again', async () => {
    const store = await storeWith('alice');
    const [name = ''] = await store.expired(NOW + HOUR_MS, 1);
    const stale = Object.assign(store, { expired: async () => [name] });
    await new Closing(stage(stale)).closeAll();
    const told: Alert[] = [];
    const closing = new Closing(
      stage(stale, {
        publish: async (alerts) => {
          told.push(...alerts);
          return { items: [], why: [] };
        },
      }),
    );
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
    const closing = new Closing(stage(await storeWith('alice'), { isOver: () => true }));
    await closing.closeAll();
    expect(closing.counts).toMatchObject({ ended: 0 });
    expect([...closing.problems]).toEqual(['DeadlineError']);
  });
});
