import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findingsMessage } from '../../aws/findings-queue.ts';
import type { Alert } from '../../core/alert.ts';
import { FindingsByProblem } from '../../core/findings.ts';
import { NEW_PROBLEM } from '../../core/incidents/problem.ts';
import { type IncidentStore, MemoryIncidentStore } from '../../core/incidents/store.ts';
import { Publication } from '../../functions/publish-alerts/publication.ts';
import type { SecondStage } from '../../functions/second-stage.ts';
import { Closing } from '../../functions/watch/closing.ts';
import { sqsEvent } from '../../local/aws.ts';
import { alertOf } from '../support/build.ts';
import { incidentTables } from '../support/incident-tables.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 2, 1, 10);
const DELIVERED = { items: [], why: [] };

/** A message of the findings of one payload, all of one problem, as Lambda hands it over. */
function message(name: string, ...alerts: readonly Alert[]) {
  const findings = new FindingsByProblem();
  for (const alert of alerts) findings.add(alert);
  const all = findings.all(() => HOUR_MS).map(findingsMessage);
  const { Records } = sqsEvent(
    all.map(({ MessageBody, MessageGroupId }) => ({
      MessageId: name,
      Body: MessageBody,
      Attributes: { MessageGroupId },
    })),
  );
  const [record, ...rest] = Records;
  if (!record || rest.length > 0) throw new Error('not one problem');
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

/** A second stage whose subscriber gets everything. */
function stageAt(store: IncidentStore, now: number, told: Alert[] = []): SecondStage {
  return {
    store,
    now,
    publish: async (alerts) => {
      told.push(...alerts);
      return DELIVERED;
    },
    isOver: () => false,
  };
}

const inWords = (alerts: readonly Alert[]) => alerts.map(({ incident }) => `${incident.state} ${incident.count}`);

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

  it('asks for the messages again where another invocation changed the problem meanwhile, and keeps what that wrote', async () => {
    const store = new MemoryIncidentStore();
    const publication = new Publication({
      store,
      now: NOW,
      publish: async () => {
        await store.put(dedupKey, NEW_PROBLEM, undefined);
        return DELIVERED;
      },
    });
    expect(await publication.publish(messages('low'))).toEqual(['message-0']);
    expect((await store.get(dedupKey, []))?.problem).toEqual(NEW_PROBLEM);
    expect([...publication.problems]).toEqual(['a problem that another invocation changed meanwhile']);
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

  it('is told once more at most where two invocations have it at once, and counted once', async () => {
    const store = await open();
    const told: Alert[] = [];
    const same = message('same', alert(1), alert(2));
    const publish = () => new Publication(stageAt(store, NOW, told)).publish([same]);
    const failed = (await Promise.all([publish(), publish()])).flat();
    expect(failed).toEqual(['same']);
    expect(await publish()).toEqual([]);
    expect(new Set(told.map(({ alertId }) => alertId))).toEqual(new Set(idsOf(1)));
    expect(told.length).toBe(2);
    expect((await store.get(dedupKey, []))?.problem.incident?.sightings.count).toBe(2);
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
          // The queue gives them out again, and the watch runs again only later.
          for (let again = failed; again.length > 0; )
            again = await scheduler.waitFor(new Publication(stage(now)).publish(waiting));
        }
        await scheduler.waitFor(new Closing(stage(now + 2 * HOUR_MS)).closeAll());
        expect(countsOf(told).reduce((sum, count) => sum + count, 0)).toBe(seen.size);
        expect(await memory.expired(Number.MAX_SAFE_INTEGER, 1)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
