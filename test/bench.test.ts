import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ENGINES, type EngineName, type Outcome } from '../bench/engines.ts';
import { linesOf } from '../bench/lines.ts';
import { rulesMet } from '../bench/peers/ours.ts';
import { trailObjects } from '../bench/traffic/trail.ts';
import { auditPayloads } from '../bench/traffic.ts';
import type { Alert } from '../core/alert.ts';
import { type AuditEvent, auditEventSchema } from '../core/k8s-audit/schema.ts';

const COUNT = 5000;
const payloads = [...auditPayloads('1', COUNT)];
const messages = payloads.flatMap((payload): string[] =>
  JSON.parse(gunzipSync(Buffer.from(payload, 'base64')).toString()).logEvents.map(
    ({ message }: { message: string }) => message,
  ),
);
const events = messages.map((message) => auditEventSchema.parse(JSON.parse(message)));
const shareOf = (matches: (event: AuditEvent) => boolean) => events.filter(matches).length / COUNT;

describe('generated audit traffic', () => {
  it('is the same bytes for the same seed, and others for another', () => {
    expect([...auditPayloads('1', COUNT)]).toEqual(payloads);
    expect([...auditPayloads('other', COUNT)]).not.toEqual(payloads);
  });

  it('has the events asked for, each with its own id and in order of time', () => {
    expect(events).toHaveLength(COUNT);
    expect(new Set(events.map(({ auditID, stage }) => `${auditID} ${stage}`)).size).toBe(COUNT);
    const times = events.map(({ stageTimestamp }) => stageTimestamp.slice(0, 19));
    expect(times.toSorted()).toEqual(times);
  });

  it('has sizes as a cluster writes them', () => {
    const sizes = messages.map((message) => Buffer.byteLength(message)).toSorted((a, b) => a - b);
    const at = (share: number) => sizes[Math.floor(COUNT * share)] ?? 0;
    expect(at(0.5)).toBeGreaterThan(1200);
    expect(at(0.5)).toBeLessThan(1600);
    expect(at(0.99)).toBeGreaterThan(7_000);
    expect(at(0.99)).toBeLessThan(13_000);
    expect(sizes.at(-1)).toBeGreaterThan(200_000);
    expect(sizes.at(-1)).toBeLessThan(300_000);
  });

  it('fails about one request in fifty and is nearly all routine', () => {
    const failed = shareOf(({ responseStatus }) => (responseStatus?.code ?? 0) >= 400);
    expect(failed).toBeGreaterThan(0.01);
    expect(failed).toBeLessThan(0.03);
    const isWork = /^(?:create|update|patch|delete) (?:pods|replicasets|deployments|jobs|.*(?:definitions|bindings))$/;
    const work = ({ verb, objectRef }: AuditEvent) =>
      objectRef?.subresource !== 'status' && isWork.test(`${verb} ${objectRef?.resource}`);
    expect(shareOf(work)).toBeGreaterThan(0.01);
    expect(shareOf(work)).toBeLessThan(0.05);
  });

  it('comes from many identities, addresses and programs', () => {
    expect(new Set(events.map(({ user }) => user.username)).size).toBeGreaterThan(300);
    expect(new Set(events.map(({ sourceIPs }) => sourceIPs[0])).size).toBeGreaterThan(300);
    expect(new Set(events.map(({ userAgent }) => userAgent)).size).toBeGreaterThan(30);
  });

  it('is judged alike by every engine, and holds something to find', async () => {
    const judged = async (name: EngineName) => {
      const engine = ENGINES[name]();
      const outcomes: Outcome[] = [];
      for (const payload of payloads) outcomes.push(await engine(payload));
      const alerts = outcomes.flatMap((outcome): readonly Alert[] => outcome.alerts);
      return { alerts, events: outcomes.reduce((sum, outcome) => sum + outcome.events, 0) };
    };
    const straight = await judged('straight');
    expect(straight.events).toBe(COUNT);
    expect(straight.alerts.length).toBeGreaterThan(0);
    expect(await judged('indexed')).toEqual(straight);
    expect(await judged('engine')).toEqual(straight);
  });
});

describe('generated CloudTrail objects', () => {
  it('are the same bytes for the same seed and hold the records asked for', () => {
    const objects = [...trailObjects('test', 2500)];
    expect([...trailObjects('test', 2500)]).toEqual(objects);
    const records = objects.flatMap((object) => JSON.parse(gunzipSync(object).toString()).Records);
    expect(records).toHaveLength(2500);
  });
});

describe('the five rules given to every peer', () => {
  it('find in the generated traffic what was put there', () => {
    const directory = mkdtempSync(join(tmpdir(), 'auditwire-rules-'));
    writeFileSync(join(directory, 'events'), messages.join('\n'));
    const execs = events.filter(
      ({ objectRef, stage }) => objectRef?.subresource === 'exec' && stage === 'ResponseComplete',
    );
    const [exec, ...others] = rulesMet(join(directory, 'events'));
    expect(exec).toBe(execs.length);
    expect(others).toHaveLength(4);
    rmSync(directory, { recursive: true });
  });
});

describe('lines of a file', () => {
  it('are whole where they are longer than what is read at once', () => {
    const directory = mkdtempSync(join(tmpdir(), 'auditwire-lines-'));
    const lines = ['a'.repeat(1_500_000), 'é', 'b'.repeat(1_048_574), 'c'];
    writeFileSync(join(directory, 'file'), `${lines.join('\n')}\n`);
    expect([...linesOf(join(directory, 'file'))]).toEqual(lines);
    rmSync(directory, { recursive: true });
  });
});
