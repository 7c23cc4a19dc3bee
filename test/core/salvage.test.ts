import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeBase64Gzip } from '../../aws/decode.ts';
import { detectors } from '../../cli/detectors.ts';
import { JsonElements } from '../../cli/json-elements.ts';
import { deliveriesOf, deliveriesOfValue } from '../../core/envelope.ts';
import { isPartial } from '../../core/k8s-audit/partial.ts';
import { hasOutcome, outcomeOf } from '../../core/k8s-audit/request.ts';
import { MIN_PADDED_LENGTH, salvage } from '../../core/k8s-audit/salvage.ts';
import { auditEventSchema } from '../../core/k8s-audit/schema.ts';
import { k8sAudit } from '../../core/k8s-audit/source.ts';
import { createPipeline } from '../../core/pipeline.ts';
import type { Delivery } from '../../core/record.ts';
import { auditEvent, auditRecord } from '../support/build.ts';
import { leftOf } from '../support/left.ts';
import { payloadOf, samples } from './scan-fuzz.ts';

const MARK = '[Truncated...]';
const PAD = 'a'.repeat(MIN_PADDED_LENGTH);
/** Bodies stand behind the status and before the times, as the API server writes them. */
const text = (fields: object = {}) => {
  const record: Record<string, unknown> = { ...auditRecord(fields) };
  const { requestReceivedTimestamp, stageTimestamp, annotations, ...head } = record;
  return JSON.stringify({ ...head, requestReceivedTimestamp, stageTimestamp, annotations });
};
const read = (line: string) => [...deliveriesOf(line, {}, decodeBase64Gzip)];
const judge = (line: string) => {
  const pipeline = createPipeline({ detectors, all: true });
  return read(line).map((delivery) => pipeline.receive(delivery));
};
const until = (whole: string, word: string) => whole.slice(0, whole.indexOf(word) + word.length);
/** What is salvaged of an event that ends behind a word, as detectors see it. */
const salvaged = (whole: string, word: string) => auditEventSchema.parse(salvage(until(whole, word)));

function eventIn(delivery: Delivery | undefined): object | undefined {
  return delivery?.kind === 'record' ? delivery.value : undefined;
}

describe('what is salvaged', () => {
  it('has the fields before the cut, and where the text ended', () => {
    const whole = text({ requestObject: { kind: 'Pod', spec: { hostPID: true } } });
    const value = salvage(until(whole, '"hostPI'));
    const { requestObject, requestReceivedTimestamp, stageTimestamp, annotations, ...head } = JSON.parse(whole);
    expect(value).toEqual({
      ...head,
      cut: {
        length: until(whole, '"hostPI').length,
        field: 'requestObject',
        digest: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    });
  });

  it('has who it was where the text ends in whom they claim to be', () => {
    const whole = text({
      user: { username: 'alice', groups: ['dev'], extra: { arn: ['arn:aws:iam::1:user/alice'], sessionName: ['a'] } },
      impersonatedUser: { username: 'bob', groups: ['ops', 'more'] },
    });
    const event = salvaged(whole, '"groups":["ops');
    expect(event.user.extra).toEqual({ arn: ['arn:aws:iam::1:user/alice'], sessionName: ['a'] });
    expect(event.impersonatedUser).toMatchObject({ username: 'bob', groups: [] });
    expect(salvaged(whole, '"sessionName":["a').user).toMatchObject({
      username: 'alice',
      extra: { arn: ['arn:aws:iam::1:user/alice'] },
    });
  });

  it('has no object of which a part is missing: a shell in a pod is not the pod, one namespace not all', () => {
    const whole = text({ objectRef: { resource: 'pods', namespace: 'shop', name: 'web-0', subresource: 'exec' } });
    expect(salvaged(whole, '"namespace":"shop","na').objectRef).toBeUndefined();
    expect(salvaged(whole, '"subresource":"exec"').objectRef).toBeUndefined();
    expect(salvaged(whole, '"subresource":"exec"}').objectRef).toMatchObject({ subresource: 'exec' });
  });

  it('has no body of which a part is missing', () => {
    const whole = text({ requestObject: { spec: { containers: [] } }, responseObject: { spec: {} } });
    expect(salvaged(whole, '"containers":[]}').requestObject).toBeUndefined();
    expect(salvaged(whole, '"responseObject":{"sp')).toMatchObject({ requestObject: { spec: { containers: [] } } });
  });

  it('is nothing where it tells neither who nor what, unless nothing but the client makes a text so long', () => {
    const whole = text();
    expect(salvage(until(whole, '"verb":"delete"'))).toBeUndefined();
    expect(salvage(until(whole, '"user":{"username":"ali'))).toBeUndefined();
    expect(salvage(until(whole, '"user":{"username":"alice"'))).toMatchObject({ verb: 'delete' });
    const short = until(text({ auditID: PAD }), '"auditID":"').length;
    expect(salvage(text({ auditID: PAD }).slice(0, MIN_PADDED_LENGTH - 1))).toBeUndefined();
    expect(salvage(text({ auditID: PAD }).slice(0, MIN_PADDED_LENGTH))).toMatchObject({ cut: { field: 'auditID' } });
    expect(short).toBeLessThan(MIN_PADDED_LENGTH);
  });

  it('tells the path where the text ends in the query behind it, and never a part of one', () => {
    const uri = `/api/v1/namespaces/vault/pods/vault-0/exec?note=${PAD}`;
    const ofUri = (requestURI: string) => auditEventSchema.parse(salvage(until(text({ requestURI }), PAD))).cut?.path;
    expect(ofUri(uri)).toBe('/api/v1/namespaces/vault/pods/vault-0/exec');
    expect(ofUri(`/api/v1/namespaces/${PAD}/pods`)).toBeUndefined();
    expect(ofUri(`/api/v1/x"?${PAD}`)).toBeUndefined();
  });

  it('is no event of another kind', () => {
    for (const other of [
      { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', verb: 'get', user: { username: 'alice' }, items: PAD },
      { eventSource: 'eks.amazonaws.com', requestURI: '/', verb: 'get', user: { username: 'alice' }, items: PAD },
      { verb: 'get', user: { username: 'alice' }, items: PAD },
    ])
      expect(k8sAudit.salvage?.(JSON.stringify(other).slice(0, -3))).toBeUndefined();
  });
});

describe('a cut record', () => {
  it('is a record, wherever and however it was cut, or is quarantined as truncated', { timeout: 120_000 }, () => {
    const mixed = samples().filter((_, place) => place % 12 === 0);
    for (const whole of [...mixed, text({ userAgent: 'ünïcode 😀 \u2028 "\\' })]) {
      const bytes = Buffer.from(whole);
      for (let length = 1; length < bytes.length; length += Math.ceil(bytes.length / 120)) {
        const cut = bytes.subarray(0, length).toString('utf8').trim();
        for (const line of [cut, cut + MARK]) {
          const [delivery, ...rest] = read(line);
          expect(rest).toEqual([]);
          if (delivery?.kind === 'record') expect(eventIn(delivery)).toHaveProperty('cut.length');
          else expect(delivery).toMatchObject({ reason: 'truncated' });
        }
        // The mark is the transport's, and no part of the text.
        expect(read(cut + MARK).map(eventIn)).toEqual(read(cut).map(eventIn));
      }
    }
  });

  it('is one wherever it comes from', () => {
    const cut = until(text(), '"objectRef":{') + MARK;
    const payload = JSON.parse(payloadOf([text(), cut, text()]).toString());
    const inPayload = [...deliveriesOfValue(payload, {}, decodeBase64Gzip)];
    expect(inPayload.map(({ kind }) => kind)).toEqual(['record', 'record', 'record']);
    for (const wrapped of [
      [{ message: cut }],
      { events: [{ message: cut }] },
      { results: [[{ field: '@message', value: cut }]] },
    ])
      expect([...deliveriesOfValue(wrapped, {}, decodeBase64Gzip)].map(eventIn)).toEqual(read(cut).map(eventIn));
    const elements = new JsonElements(cut.length * 10);
    const document = [...elements.push(Buffer.from(`{"items":[${text()},${cut}`)), ...elements.end()];
    expect(document.flatMap((one) => read(one ?? '')).map(eventIn)).toEqual(
      [...read(text()), ...read(cut)].map(eventIn),
    );
    expect(read(`${text()}\n${cut}\n${text()}`).map(({ kind }) => kind)).toEqual(['record', 'record', 'record']);
  });

  it('is proven quiet by no scanner', () => {
    const quiet = text({ verb: 'get', user: { username: 'alice', groups: ['system:masters'] } });
    const pipeline = createPipeline({ detectors });
    expect(pipeline.isQuiet(Buffer.from(quiet))).toBe(true);
    const omitted = text({ annotations: { 'audit.k8s.io/truncated': 'true' } });
    for (const line of [quiet.slice(0, -1), quiet.slice(0, -30) + MARK, omitted])
      expect(pipeline.isQuiet(Buffer.from(line))).toBe(false);
    const scanned = pipeline.withoutQuiet(payloadOf([quiet, quiet.slice(0, -30) + MARK, omitted]));
    expect(scanned && leftOf(scanned)).toMatchObject({
      logEvents: [{ message: quiet.slice(0, -30) + MARK }, { message: omitted }],
    });
  });

  it('is broken, and not cut, where something follows', () => {
    expect(read(`${text().slice(0, 300)}${text()}`)).toMatchObject([{ reason: 'not-json' }]);
  });

  it('crashes no detector, and is never quiet', { timeout: 120_000 }, () => {
    for (const whole of samples().filter((_, place) => place % 3 === 0)) {
      for (let length = 1; length < whole.length; length += Math.ceil(whole.length / 12)) {
        for (const { outgoing, quarantined } of judge(whole.slice(0, length))) {
          expect(quarantined.filter(({ reason }) => reason !== 'truncated')).toEqual([]);
          const told = outgoing.filter(({ alert }) => alert.detector.id === 'k8s-audit/audit-event-truncated');
          expect(told.length + quarantined.length).toBe(1);
          for (const { alert } of outgoing) expect(alert.event.partial).toBe(true);
        }
      }
    }
  });

  it('is quarantined where no detector is on that would tell of it', () => {
    const pipeline = createPipeline({
      detectors: detectors.filter(({ detector }) => detector.id === 'k8s-audit/pod-exec'),
    });
    const cut = until(text(), '"objectRef":{');
    const verdicts = read(cut).map((delivery) => pipeline.receive(delivery));
    expect(verdicts).toMatchObject([{ outgoing: [], quarantined: [{ reason: 'truncated' }] }]);
    expect(pipeline.counts).toMatchObject({ records: 1, quarantined: 1, quiet: 0, found: 0 });
  });

  it('is not taken for the repeat of another under the same audit id', () => {
    const padded = (name: string) =>
      text({ verb: 'create', objectRef: { resource: 'pods', name }, requestObject: { metadata: { name } } });
    const keys = ['web-0', 'web-1', 'web-0'].map((name) =>
      k8sAudit.eventKey(salvaged(padded(name), '"requestObject":{"meta')),
    );
    expect(keys[0]).toBe(keys[2]);
    expect(keys[0]).not.toBe(keys[1]);
    // Of one cut behind its times, the parts that other stages share say what it is.
    const late = salvaged(text(), '"stageTimestamp":"');
    expect(k8sAudit.eventKey(late)).toBe(k8sAudit.eventKey(auditEvent()));
  });
});

describe('the outcome of a cut event', () => {
  const failed = text({
    responseStatus: { metadata: {}, status: 'Failure', message: 'no', reason: 'Invalid', code: 422 },
  });

  it('is unknown where it was not read, and no detector is told that it succeeded', () => {
    const event = salvaged(text(), '"objectRef":{"resource":"pods"');
    expect(outcomeOf(event)).toBe('unknown');
    expect(hasOutcome(event, ['succeeded', 'dry-run', 'denied', 'rejected', 'failed', 'unauthenticated'])).toBe(false);
    expect(k8sAudit.context(event, {}).event.outcome).toBe('unknown');
    expect(outcomeOf(auditEvent({ responseStatus: undefined }))).toBe('succeeded');
  });

  it('is known as soon as it was read, be it only that it failed', () => {
    expect(outcomeOf(salvaged(text(), '"code":200}'))).toBe('succeeded');
    expect(outcomeOf(salvaged(failed, '"status":"Failure"'))).toBe('failed');
    expect(outcomeOf(salvaged(failed, '"code":422}'))).toBe('rejected');
  });
});

describe('an event whose bodies the API server left out', () => {
  it('is partial by its annotation, and by no other value or place of it', () => {
    const truncated = 'audit.k8s.io/truncated';
    expect(isPartial(auditEvent({ annotations: { [truncated]: 'true' } }))).toBe(true);
    expect(isPartial(auditEvent({ annotations: { [truncated]: 'false' } }))).toBe(false);
    expect(isPartial(auditEvent({ requestObject: { annotations: { [truncated]: 'true' } } }))).toBe(false);
    expect(isPartial(auditEvent({ cut: 'by an exporter' }))).toBe(false);
  });
});

describe('the bytes of a sample', () => {
  it('are as the log delivers them: cut, and not JSON', () => {
    const url = '../../detectors/k8s-audit/audit-event-truncated/samples/fires-pod-padded-by-person.txt';
    const sample = readFileSync(new URL(url, import.meta.url), 'utf8').trim();
    expect(sample.endsWith(MARK)).toBe(true);
    expect(() => JSON.parse(sample)).toThrow(SyntaxError);
  });
});
