import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Gzip } from '../../aws/decode.ts';
import { detectors } from '../../cli/detectors.ts';
import { canaryIdIn, LOST_AFTER_MS, settle } from '../../core/auditwire/canary.ts';
import { minutesInWords } from '../../core/auditwire/predicates.ts';
import { deliveriesOf, deliveriesOfValue } from '../../core/envelope.ts';
import { createPipeline } from '../../core/pipeline.ts';
import { alertOf, auditRecord } from '../support/build.ts';
import { leftOf } from '../support/left.ts';

const NOW = Date.UTC(2026, 2, 4, 10, 35);
const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const canary = { kind: 'Canary', id: ID, sentAt: NOW };

const sourcesOf = (value: unknown, only?: 'k8s-audit' | 'cloudtrail') =>
  [...deliveriesOfValue(value, {}, decodeBase64Gzip, only)].map((one) =>
    one.kind === 'record' ? one.source : one.kind,
  );

/** A CloudWatch Logs payload as it is before it is packed. */
const payload = (...messages: readonly unknown[]) => ({
  messageType: 'DATA_MESSAGE',
  owner: '111122223333',
  logGroup: '/auditwire/canary',
  logStream: 'canary',
  subscriptionFilters: ['auditwire'],
  logEvents: messages.map((message, place) => ({
    id: String(place),
    timestamp: NOW,
    message: JSON.stringify(message),
  })),
});

describe('what the system says of itself', () => {
  it('is recognised among any log', () => {
    expect(sourcesOf(canary)).toEqual(['auditwire']);
    expect(sourcesOf(payload(canary, auditRecord()), 'k8s-audit')).toEqual(['auditwire', 'k8s-audit']);
    expect(sourcesOf(canary, 'cloudtrail')).toEqual(['auditwire']);
  });

  it('is nothing that a log from outside can claim to be', () => {
    expect(sourcesOf(auditRecord({ kind: 'Canary' }), 'k8s-audit')).not.toEqual(['auditwire']);
    expect(sourcesOf({ ...canary, eventSource: 'eks.amazonaws.com', eventName: 'DeleteCluster' })).toEqual([
      'cloudtrail',
    ]);
    expect(sourcesOf({ ...canary, requestURI: '/api', auditID: 'a' })).toEqual(['k8s-audit']);
  });

  it('is not taken for a quiet audit event by its bytes', () => {
    const pipeline = createPipeline({ detectors });
    const quiet = auditRecord({ verb: 'get', requestURI: '/readyz', objectRef: undefined });
    const bytes = Buffer.from(JSON.stringify(payload(quiet, canary, quiet)));
    const scanned = pipeline.withoutQuiet(bytes);
    expect(JSON.stringify(scanned ? leftOf(scanned) : JSON.parse(bytes.toString()))).toContain(ID);
    expect(pipeline.isQuiet(Buffer.from(JSON.stringify(canary)))).toBe(false);
  });
});

describe('a canary', () => {
  const pipeline = createPipeline({ detectors });
  const alertsOn = (...messages: readonly unknown[]) => {
    const data = gzipSync(JSON.stringify(payload(...messages))).toString('base64');
    return [...deliveriesOf(data, { region: 'eu-west-1' }, decodeBase64Gzip, 'k8s-audit')].map((delivery) =>
      pipeline.receive(delivery),
    );
  };

  it('is told, each by itself, in words that are not its own', () => {
    const other = {
      ...canary,
      id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479',
      note: '<!channel> hunter2',
      title: 'hunter2',
    };
    const alerts = alertsOn(canary, other).flatMap(({ outgoing }) => outgoing.map(({ alert }) => alert));
    expect(alerts.map(({ detector, severity, event }) => [detector.id, severity, event.id, event.account])).toEqual([
      ['auditwire/canary', 'info', canary.id, '111122223333'],
      ['auditwire/canary', 'info', other.id, '111122223333'],
    ]);
    expect(new Set(alerts.map(({ dedupKey }) => dedupKey)).size).toBe(2);
    expect(JSON.stringify(alerts)).not.toContain('hunter2');
  });

  it('that is none goes to quarantine', () => {
    for (const wrong of [{ id: 'me' }, { sentAt: '<script>' }, { sentAt: -1 }, { id: undefined }]) {
      const [verdict] = alertsOn({ ...canary, ...wrong });
      expect(verdict?.outgoing).toEqual([]);
      expect(verdict?.quarantined.map(({ reason }) => reason)).toEqual(['schema-mismatch']);
    }
  });
});

describe('canaryIdIn', () => {
  const [{ outgoing }] = [
    createPipeline({ detectors }).receive({ kind: 'record', source: 'auditwire', value: canary, origin: {} }),
  ];
  const alert = JSON.stringify(outgoing[0]?.alert);

  it('finds the alert however SNS wraps it', () => {
    const texts = JSON.stringify({ default: alert, email: 'x' });
    for (const message of [
      alert,
      JSON.stringify({ Type: 'Notification', Message: alert }),
      JSON.stringify({ Message: texts }),
    ])
      expect(canaryIdIn(message)).toBe(ID);
  });

  it('finds none in anything else', () => {
    for (const message of ['', 'null', '{', '[]', '{"Message":"{"}', '{"Message":5}', JSON.stringify(alertOf())])
      expect(canaryIdIn(message)).toBeUndefined();
    fc.assert(
      fc.property(fc.json(), (message) => {
        expect(canaryIdIn(message)).toBeUndefined();
      }),
    );
  });
});

describe('settle', () => {
  const sent = (id: string, agoMs: number) => ({ id, sentAt: NOW - agoMs });

  it('waits for what is young, gives up what is old, and is told of what arrived', () => {
    const all = [sent('lost', LOST_AFTER_MS), sent('young', LOST_AFTER_MS - 1), sent('there', 900_000)];
    expect(settle(all, [{ id: 'there', arrivedAt: NOW - 700_000 }], NOW)).toEqual({
      waiting: [sent('young', LOST_AFTER_MS - 1)],
      arrived: 1,
      lost: 1,
      slowestMs: 200_000,
    });
  });

  it('believes nobody whom it does not wait for', () => {
    expect(settle([sent('lost', LOST_AFTER_MS)], [{ id: 'forged', arrivedAt: NOW }], NOW)).toMatchObject({
      arrived: 0,
      lost: 1,
    });
  });

  it('accounts for every canary', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const canaries = fc.uniqueArray(fc.record({ id, sentAt: fc.integer({ min: NOW - 3_600_000, max: NOW }) }), {
      selector: (one) => one.id,
    });
    const arrivals = fc.array(fc.record({ id, arrivedAt: fc.integer({ min: NOW - 3_600_000, max: NOW }) }));
    fc.assert(
      fc.property(canaries, arrivals, (some, arrived) => {
        const settled = settle(some, arrived, NOW);
        expect(settled.waiting.length + settled.arrived + settled.lost).toBe(some.length);
        expect(settled.slowestMs).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('minutesInWords', () => {
  it('is as exact as is of use', () => {
    const words = [0, 1, 25, 119, 120, 185, 2879, 2880, 20_000].map(minutesInWords);
    expect(words).toEqual([
      '0 minutes',
      '1 minute',
      '25 minutes',
      '119 minutes',
      '2 hours',
      '3 hours',
      '47 hours',
      '2 days',
      '13 days',
    ]);
  });
});
