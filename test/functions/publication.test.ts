import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { findingsMessage } from '../../aws/findings-queue.ts';
import type { Alert } from '../../core/alert.ts';
import { type IncidentStore, MemoryIncidentStore } from '../../core/incidents/store.ts';
import { Publication } from '../../functions/publish-alerts/publication.ts';
import type { SecondStage } from '../../functions/second-stage.ts';
import { Closing } from '../../functions/watch/closing.ts';
import { sqsEvent } from '../../local/aws.ts';
import { alertOf } from '../support/build.ts';
import { incidentTables } from '../support/incident-tables.ts';
import { findingsOf, inWords, overtaken, stageAt, WINDOW_MS } from '../support/second-stage.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 2, 1, 10);
const DELIVERED = { items: [], why: [] };

/** A message of the findings of one payload, all of one problem, as Lambda hands it over. */
function message(name: string, ...alerts: readonly Alert[]) {
  const { MessageBody, MessageGroupId } = findingsMessage(findingsOf(...alerts));
  const { Records } = sqsEvent([{ MessageId: name, Body: MessageBody, Attributes: { MessageGroupId } }]);
  const [record] = Records;
  if (!record) throw new Error('no record');
  return record;
}

type Message = ReturnType<typeof message>;

const alert = (number: number, severity: Alert['severity'] = 'low') =>
  alertOf({ severity }, { auditID: `event-${number}` });

/** Messages with one finding each. */
const messages = (...severities: readonly Alert['severity'][]) =>
  severities.map((severity, place) => message(`message-${place}`, alert(place, severity)));

const { dedupKey } = alertOf();
const idsOf = (...numbers: readonly number[]) => numbers.map((number) => alert(number).alertId);

describe('a publication', () => {
  it('remembers a problem up to the message before the one that could not be told', async () => {
    const store = new MemoryIncidentStore();
    const publication = new Publication({
      store,
      now: NOW,
      publish: async (alerts) => ({
        items: alerts.filter(({ severity }) => severity === 'critical'),
        why: ['Throttled'],
      }),
    });
    const all = messages('low', 'low', 'critical', 'low');
    expect(await publication.publish(all)).toEqual(['message-2', 'message-3']);
    const read = await store.get(dedupKey, idsOf(0, 1, 2, 3));
    expect(read?.problem.incident).toMatchObject({ told: { severity: 'low' }, toldCount: 1 });
    expect(read?.problem.alertIds).toEqual(idsOf(0, 1));
    expect(publication.counts).toMatchObject({ messages: 4, failed: 2, findings: 2, alerted: 1, folded: 1 });

    const told: Alert[] = [];
    expect(await new Publication(stageAt(store, NOW, told)).publish(all.slice(2))).toEqual([]);
    expect(inWords(told)).toEqual(['escalated 3']);
  });

  it('tells of each problem in its order: what SNS takes of a batch is anybody’s guess', async () => {
    const told: Alert[] = [];
    const other = alertOf({ dedup: ['other'] });
    const stage = stageAt(new MemoryIncidentStore(), NOW, told);
    const batches: string[][] = [];
    const publication = new Publication({
      ...stage,
      publish: (alerts) => {
        batches.push(inWords(alerts));
        return stage.publish(alerts);
      },
    });
    expect(await publication.publish([...messages('low', 'high', 'critical'), message('other', other)])).toEqual([]);
    expect(batches).toEqual([['opened 1', 'opened 1'], ['escalated 2'], ['escalated 3']]);
  });

  it('tells nothing ahead of what could not be told', async () => {
    const asked: Alert[] = [];
    const publication = new Publication({
      store: new MemoryIncidentStore(),
      now: NOW,
      publish: async (alerts) => {
        asked.push(...alerts);
        return { items: alerts, why: ['Throttled'] };
      },
    });
    expect(await publication.publish(messages('low', 'high'))).toEqual(['message-0', 'message-1']);
    expect(inWords(asked)).toEqual(['opened 1']);
  });

  it('remembers nothing before it was told', async () => {
    const store = new MemoryIncidentStore();
    const publication = new Publication({
      store,
      now: NOW,
      publish: async () => {
        expect(await store.get(dedupKey, [])).toBeUndefined();
        return DELIVERED;
      },
    });
    expect(await publication.publish(messages('low'))).toEqual([]);
    expect(await store.get(dedupKey, [])).toBeDefined();
  });

  it('tells nothing and asks for the messages again where the problem cannot be read', async () => {
    const told: Alert[] = [];
    const store = Object.assign(new MemoryIncidentStore(), {
      get: async () => {
        throw new Error('no table');
      },
    });
    const publication = new Publication(stageAt(store, NOW, told));
    expect(await publication.publish(messages('low', 'high'))).toEqual(['message-0', 'message-1']);
    expect(told).toEqual([]);
  });

  it('asks for the messages again where the problem cannot be written', async () => {
    const store = Object.assign(new MemoryIncidentStore(), {
      put: async () => {
        throw new Error('no table');
      },
    });
    expect(await new Publication(stageAt(store, NOW)).publish(messages('low', 'high'))).toEqual([
      'message-0',
      'message-1',
    ]);
  });
});

const tables = incidentTables();

describe.each([
  ['memory', async (): Promise<IncidentStore> => new MemoryIncidentStore()],
  ['a table', async (): Promise<IncidentStore> => await tables.open()],
])('a finding that comes again, with %s', (_, open) => {
  const MINUTE_MS = 60_000;
  const DAY_MS = 24 * HOUR_MS;
  const AGAIN = [5 * MINUTE_MS, 6 * HOUR_MS, DAY_MS, 13 * DAY_MS];

  /** Delivers everything at one time and closes what has ended until then; says what was told. */
  async function deliver(store: IncidentStore, now: number, ...all: readonly Message[]): Promise<Alert[]> {
    const told: Alert[] = [];
    await new Closing(stageAt(store, now, told)).closeAll();
    for (const each of all) expect(await new Publication(stageAt(store, now, told)).publish([each])).toEqual([]);
    return told;
  }

  it('is not told again after 5 minutes, 6 hours, 24 hours or 13 days', async () => {
    const store = await open();
    const all = [message('one', alert(1)), message('two', alert(2)), message('worse', alert(3, 'high'))];
    expect(inWords(await deliver(store, NOW, ...all))).toEqual(['opened 1', 'escalated 3']);
    for (const later of AGAIN) expect(await deliver(store, NOW + later, ...all.toReversed())).toEqual([]);
  });

  it('is not told again however many others came after it', async () => {
    const store = await open();
    const all = Array.from({ length: 9 }, (_, place) => {
      const numbers = Array.from({ length: 60 }, (_, number) => alert(place * 60 + number));
      return message(`message-${place}`, ...numbers);
    });
    expect(inWords(await deliver(store, NOW, ...all))).toEqual(['opened 60']);
    expect(await deliver(store, NOW + 5 * MINUTE_MS, ...all)).toEqual([]);
    expect(inWords(await deliver(store, NOW + 6 * HOUR_MS, ...all.toReversed()))).toEqual(['closed 540']);
    for (const later of AGAIN.slice(2)) expect(await deliver(store, NOW + later, ...all)).toEqual([]);
  });

  it('is not told again in the company of others, and of those only what is new', async () => {
    const store = await open();
    expect(inWords(await deliver(store, NOW, message('logs', alert(1))))).toEqual(['opened 1']);
    expect(await deliver(store, NOW + MINUTE_MS, message('object', alert(1)))).toEqual([]);
    const both = message('both', alert(1), alert(2));
    expect((await deliver(store, NOW + 6 * HOUR_MS, both)).map(({ alertId }) => alertId)).toEqual(idsOf(2));
    expect(await deliver(store, NOW + 13 * DAY_MS, both, message('late', alert(2)))).toEqual([]);
  });

  it('is told by each of two invocations that have it at once, and no more, and counted once', async () => {
    const store = await open();
    const told: Alert[] = [];
    const same = message('same', alert(1), alert(2));
    const publish = () => new Publication(stageAt(store, NOW, told)).publish([same]);
    expect((await Promise.all([publish(), publish()])).flat()).toEqual([]);
    expect(await publish()).toEqual([]);
    expect(told.map(({ alertId }) => alertId)).toEqual(idsOf(1, 1));
    expect((await store.get(dedupKey, []))?.problem.incident?.sightings.count).toBe(2);
  });
});

describe('an invocation that another overtakes between telling and remembering', () => {
  let store: MemoryIncidentStore;
  let told: Alert[];
  beforeEach(() => {
    store = new MemoryIncidentStore();
    told = [];
  });

  /** Delivers messages; `meanwhile` happens when they have been told for the first time. */
  async function publish(now: number, all: readonly Message[], meanwhile: () => Promise<unknown> = async () => {}) {
    const publication = new Publication(overtaken(stageAt(store, now, told), meanwhile));
    await publication.publish(all);
    return publication.counts;
  }

  /** Runs the watch. */
  async function close(now: number, meanwhile: () => Promise<unknown> = async () => {}) {
    const closing = new Closing(overtaken(stageAt(store, now, told), meanwhile));
    await closing.closeAll();
    return closing.counts;
  }

  const incident = async () => (await store.get(dedupKey, []))?.problem.incident;
  const END = NOW + WINDOW_MS;

  /** What is told while one invocation overtakes another, of an incident that was opened and has two findings. */
  async function toldWhile(race: () => Promise<unknown>): Promise<string[]> {
    await publish(NOW, messages('low', 'low'));
    told.length = 0;
    await race();
    return inWords(told);
  }

  describe('a finding after the end of an incident', () => {
    it('is told once where the watch overtakes it, and the roll-up by both', async () => {
      const next = [message('next', alert(3))];
      const said = await toldWhile(async () => {
        const counts = await publish(END, next, () => close(END));
        expect(counts).toMatchObject({ failed: 0, findings: 1, alerted: 1, folded: 0, rollUps: 0 });
      });
      expect(said).toEqual(['closed 2', 'opened 1', 'closed 2']);
      expect(told.map(({ alertId }) => alertId)).toEqual(idsOf(0, 3, 0));
      expect(await incident()).toMatchObject({ toldCount: 1, sightings: { count: 1 }, closesAt: END + WINDOW_MS });
    });

    it('is told once where it overtakes the watch, which leaves the next incident alone', async () => {
      const said = await toldWhile(async () => {
        const counts = await close(END, () => publish(END, [message('next', alert(3))]));
        expect(counts).toMatchObject({ closed: 0, outrun: 1, failed: 0 });
      });
      expect(said).toEqual(['closed 2', 'closed 2', 'opened 1']);
      expect(await incident()).toMatchObject({ toldCount: 1, sightings: { count: 1 } });
    });
  });

  describe('a finding before the end of an incident that the watch holds for ended', () => {
    it('opens the next incident where the watch overtakes it', async () => {
      const said = await toldWhile(async () => {
        const { failed } = await publish(END - 1, [message('next', alert(3))], () => close(END));
        expect(failed).toBe(0);
      });
      expect(said).toEqual(['closed 2', 'opened 1']);
      expect(await incident()).toMatchObject({ toldCount: 1, sightings: { count: 1 } });
    });

    it('is told in a second roll-up where it overtakes the watch', async () => {
      const said = await toldWhile(async () => {
        await close(END, () => publish(END - 1, [message('next', alert(3))]));
        await close(END);
      });
      expect(said).toEqual(['closed 2', 'closed 3']);
      expect(await incident()).toBeUndefined();
    });

    it('is told as an escalation and then as the next incident, where it was the one and became the other', async () => {
      const said = await toldWhile(async () => {
        const { failed } = await publish(END - 1, [message('worse', alert(3, 'high'))], () => close(END));
        expect(failed).toBe(0);
      });
      expect(said).toEqual(['escalated 3', 'closed 2', 'opened 1']);
      expect(await incident()).toMatchObject({ told: { severity: 'high' }, toldCount: 1 });
    });

    it('is not told again where it stays an escalation, of less than was told', async () => {
      const both = [message('next', alert(3)), message('worse', alert(4, 'high'))];
      const said = await toldWhile(async () => {
        const { failed } = await publish(END - 1, both, () => close(END));
        expect(failed).toBe(0);
      });
      expect(said).toEqual(['escalated 4', 'closed 2', 'opened 1']);
      expect(await incident()).toMatchObject({ told: { severity: 'high' }, toldCount: 2 });
    });
  });

  describe('a finding of a problem that another finding changes', () => {
    const [first, second] = [message('first', alert(1)), message('second', alert(2))];

    it('is told by each of two that have it, and counted once', async () => {
      const { failed } = await publish(NOW, [first], () => publish(NOW, [first]));
      expect(failed).toBe(0);
      expect(inWords(told)).toEqual(['opened 1', 'opened 1']);
      expect(await incident()).toMatchObject({ toldCount: 1, sightings: { count: 1 } });
    });

    it('folds into the incident that the other opened, and is in its roll-up', async () => {
      const counts = await publish(NOW, [second], () => publish(NOW, [first]));
      expect(counts).toMatchObject({ failed: 0, findings: 1, alerted: 0, folded: 1 });
      await close(END);
      expect(inWords(told)).toEqual(['opened 1', 'opened 1', 'closed 2']);
      expect(told.map(({ alertId }) => alertId)).toEqual(idsOf(2, 1, 1));
    });

    it('is told again where it tells of more by now, of which nobody would hear otherwise', async () => {
      await publish(NOW, [first]);
      const worse = message('worse', alert(3, 'high'));
      const { failed } = await publish(NOW, [worse], () => publish(NOW, [second]));
      expect(failed).toBe(0);
      await close(END);
      expect(inWords(told)).toEqual(['opened 1', 'escalated 2', 'escalated 3']);
    });

    it('keeps its order: nothing goes ahead of a message that cannot be told', async () => {
      const publication = new Publication(
        overtaken(
          {
            ...stageAt(store, NOW),
            publish: async (alerts) => {
              const items = alerts.filter(({ severity }) => severity === 'critical');
              told.push(...alerts.filter((one) => !items.includes(one)));
              return { items, why: ['Throttled'] };
            },
          },
          () => publish(NOW, [message('other', alert(9))]),
        ),
      );
      expect(await publication.publish(messages('low', 'critical', 'low'))).toEqual(['message-1', 'message-2']);
      expect(inWords(told)).toEqual(['opened 1', 'opened 1']);
      expect((await store.get(dedupKey, idsOf(0, 1, 2, 9)))?.problem).toMatchObject({
        incident: { sightings: { count: 2 } },
        alertIds: idsOf(0, 9),
      });
    });

    it('holds up no other problem, which is taken in once', async () => {
      const other = message('other', alertOf({ dedup: ['bob'] }, { auditID: 'bob-1' }));
      const counts = await publish(NOW, [first, other], () => publish(NOW, [second]));
      expect(counts).toMatchObject({ failed: 0, messages: 2, findings: 2, alerted: 1, folded: 1 });
    });

    it('comes again only where others change the problem each time, and is told once until then', async () => {
      let tries = 0;
      const contested: IncidentStore = {
        get: store.get.bind(store),
        expired: store.expired.bind(store),
        async put(...args) {
          await new Publication(stageAt(store, NOW)).publish([message('other', alert(10 + ++tries))]);
          return await store.put(args[0], args[1], args[2]);
        },
      };
      const publication = new Publication(stageAt(contested, NOW, told));
      expect(await publication.publish([first])).toEqual(['first']);
      expect(tries).toBe(3);
      expect(inWords(told)).toEqual(['opened 1']);
      expect([...publication.problems]).toEqual(['a problem that other invocations keep changing']);
      expect(publication.counts).toMatchObject({ messages: 1, failed: 1, findings: 0, alerted: 0 });
      expect((await store.get(dedupKey, idsOf(1)))?.problem.alertIds).toEqual([]);
    });
  });
});

describe('publishing and watching at the same time', () => {
  /** What a subscriber ends up with who knows an incident by its first alert: how often each was seen. */
  function countsOf(told: readonly Alert[]): number[] {
    const counts = new Map<string, number>();
    for (const { alertId, incident } of told) counts.set(alertId, Math.max(counts.get(alertId) ?? 0, incident.count));
    return [...counts.values()];
  }

  it('loses no finding and counts none twice, whoever comes first and whatever fails', async () => {
    const arbitraryRound = fc.record({
      minutes: fc.integer({ min: 0, max: 90 }),
      /** Which findings come, known ones among them, and whether the schedule fires meanwhile. */
      numbers: fc.uniqueArray(fc.nat(9), { maxLength: 4 }),
      isWatched: fc.boolean(),
      isRefused: fc.boolean(),
      /** The watch reads its own clock. */
      skewMs: fc.integer({ min: -60_000, max: 60_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(arbitraryRound, { maxLength: 8 }), async (scheduler, rounds) => {
        const memory = new MemoryIncidentStore();
        const told: Alert[] = [];
        const slowly = <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) =>
          scheduler.scheduleFunction(call);
        const store: IncidentStore = {
          get: slowly(memory.get.bind(memory)),
          put: slowly(memory.put.bind(memory)),
          expired: slowly(memory.expired.bind(memory)),
        };
        const stage = (now: number, isRefused = false): SecondStage => ({
          ...stageAt(store, now),
          publish: slowly(async (alerts: readonly Alert[]) => {
            if (isRefused) return { items: alerts, why: ['Throttled'] };
            told.push(...alerts);
            return DELIVERED;
          }),
        });
        const seen = new Set<number>();
        let now = NOW;
        for (const { minutes, numbers, isWatched, isRefused, skewMs } of rounds) {
          now += minutes * 60_000;
          for (const number of numbers) seen.add(number);
          const waiting = numbers.length > 0 ? [message('m', ...numbers.map((number) => alert(number)))] : [];
          const watched = isWatched ? new Closing(stage(now + skewMs)).closeAll() : undefined;
          const failed = await scheduler.waitFor(new Publication(stage(now, isRefused)).publish(waiting));
          if (watched) await scheduler.waitFor(watched);
          // Who closes an incident meanwhile sends no message back.
          if (!isRefused) expect(failed).toEqual([]);
          // The queue gives them out again, and the watch runs again only later.
          for (let again = failed; again.length > 0; )
            again = await scheduler.waitFor(new Publication(stage(now)).publish(waiting));
        }
        await scheduler.waitFor(new Closing(stage(now + 2 * HOUR_MS)).closeAll());
        const news = told.filter(({ incident }) => incident.state === 'opened').map(({ alertId }) => alertId);
        expect(news.length).toBe(new Set(news).size);
        expect(countsOf(told).reduce((sum, count) => sum + count, 0)).toBe(seen.size);
        expect(await memory.expired(Number.MAX_SAFE_INTEGER, 1)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
