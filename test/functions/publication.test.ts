import { describe, expect, it } from 'vitest';
import { findingsMessage } from '../../aws/findings-queue.ts';
import type { Alert } from '../../core/alert.ts';
import { FindingsByProblem } from '../../core/findings.ts';
import { NEW_PROBLEM } from '../../core/incidents/problem.ts';
import { MemoryIncidentStore } from '../../core/incidents/store.ts';
import type { Severity } from '../../core/severity.ts';
import { Publication } from '../../functions/publish-alerts/publication.ts';
import { sqsEvent } from '../support/aws.ts';
import { alertOf } from '../support/build.ts';

const NOW = Date.UTC(2026, 2, 1, 10);
const DELIVERED = { items: [], why: [] };

/** Messages with one finding each, all of one problem, as Lambda hands them over. */
function messages(...severities: readonly Severity[]) {
  const all = severities.flatMap((severity, place) => {
    const findings = new FindingsByProblem();
    findings.add(alertOf({ severity }, { auditID: `event-${place}` }));
    return findings.all(() => 3_600_000).map(findingsMessage);
  });
  return sqsEvent(
    all.map(({ MessageBody, MessageGroupId }, place) => ({
      MessageId: `message-${place}`,
      Body: MessageBody,
      Attributes: { MessageGroupId },
    })),
  ).Records;
}

const { dedupKey } = alertOf();

describe('a publication', () => {
  it('remembers a problem up to the message before the one that could not be told', async () => {
    const store = new MemoryIncidentStore();
    const refuse = async (alerts: readonly Alert[]) => ({
      items: alerts.filter(({ severity }) => severity === 'critical'),
      why: ['Throttled'],
    });
    const publication = new Publication(store, NOW, refuse);
    expect(await publication.publish(messages('low', 'low', 'critical', 'low'))).toEqual(['message-2', 'message-3']);
    expect((await store.get(dedupKey))?.problem.incident).toMatchObject({ told: { severity: 'low' }, toldCount: 1 });
    expect((await store.get(dedupKey))?.problem.alertIds.length).toBe(2);
    expect(publication.counts).toMatchObject({ messages: 4, failed: 2, findings: 2, alerted: 1, folded: 1 });

    const told: Alert[] = [];
    const again = new Publication(store, NOW, async (alerts) => {
      told.push(...alerts);
      return DELIVERED;
    });
    expect(await again.publish(messages('low', 'low', 'critical', 'low').slice(2))).toEqual([]);
    expect(told.map(({ incident }) => `${incident.state} ${incident.count}`)).toEqual(['escalated 3']);
  });

  it('remembers nothing before it was told', async () => {
    const store = new MemoryIncidentStore();
    const publication = new Publication(store, NOW, async () => {
      expect(await store.get(dedupKey)).toBeUndefined();
      return DELIVERED;
    });
    expect(await publication.publish(messages('low'))).toEqual([]);
    expect(await store.get(dedupKey)).toBeDefined();
  });

  it('asks for the messages again where another invocation changed the problem meanwhile, and keeps what that wrote', async () => {
    const store = new MemoryIncidentStore();
    const publication = new Publication(store, NOW, async () => {
      await store.put(dedupKey, NEW_PROBLEM, undefined);
      return DELIVERED;
    });
    expect(await publication.publish(messages('low'))).toEqual(['message-0']);
    expect((await store.get(dedupKey))?.problem).toEqual(NEW_PROBLEM);
    expect(publication.problems).toEqual(['a problem that another invocation changed meanwhile']);
  });

  it('asks for the messages again where the store fails, to read or to write', async () => {
    const broken = async () => {
      throw new Error('no table');
    };
    for (const method of ['get', 'put'] as const) {
      const store = Object.assign(new MemoryIncidentStore(), { [method]: broken });
      const publication = new Publication(store, NOW, async () => DELIVERED);
      expect(await publication.publish(messages('low', 'high'))).toEqual(['message-0', 'message-1']);
    }
  });
});
