import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { contentsOf, sampleFiles } from '../scripts/samples/files.ts';
import type { Label } from '../scripts/samples/story.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SAMPLES = `${ROOT}samples/`;
const MIB = 1024 * 1024;
const generated = sampleFiles();

type AuditEvent = {
  auditID: string;
  stage: string;
  stageTimestamp: string;
  user: { username?: string };
  sourceIPs: string[];
};
type TrailRecord = { eventID: string; eventTime: string; eventName: string };

const read = (path: string): Buffer => readFileSync(SAMPLES + path);
const lines = <T>(text: string): T[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line): T => JSON.parse(line));

const quietDay = lines<AuditEvent>(gunzipSync(read('quiet-day/k8s-audit.ndjson.gz')).toString());
const quietTrail: TrailRecord[] = JSON.parse(gunzipSync(read('quiet-day/cloudtrail.json.gz')).toString()).Records;
const stories = readdirSync(`${SAMPLES}stories`);

const isSorted = (values: string[]): boolean => values.every((value, i) => i === 0 || (values[i - 1] ?? '') <= value);

describe('samples/', () => {
  it.each(generated.map(({ path, bytes }) => [path, bytes] as const))(
    '%s is what the generator makes',
    (path, bytes) => {
      expect(contentsOf(readFileSync(ROOT + path)) === contentsOf(bytes), `${path} is stale: npm run samples`).toBe(
        true,
      );
    },
  );

  it('holds nothing else but the README', () => {
    const found = readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' }).filter((path) =>
      statSync(SAMPLES + path).isFile(),
    );
    const made = generated.flatMap(({ path }) => (path.startsWith('samples/') ? [path.replace('samples/', '')] : []));
    expect(found.sort()).toEqual(['README.md', ...made].sort());
  });

  it('stays small', () => {
    const sizes = generated.map(({ path }) => [path, statSync(ROOT + path).size] as const);
    expect(sizes.reduce((sum, [, size]) => sum + size, 0)).toBeLessThan(3 * MIB);
    expect(sizes.filter(([path, size]) => path.startsWith('samples/payloads/') && size > 100_000)).toEqual([]);
  });
});

describe('the quiet day', () => {
  it('is a day of audit events, in order of their answers', () => {
    expect(quietDay.length).toBeGreaterThan(6000);
    expect(isSorted(quietDay.map(({ stageTimestamp }) => stageTimestamp))).toBe(true);
    expect(new Set(quietDay.map(({ stageTimestamp }) => stageTimestamp.slice(0, 13))).size).toBe(24);
  });

  it('has each stage of a request once', () => {
    expect(new Set(quietDay.map(({ auditID, stage }) => `${auditID} ${stage}`)).size).toBe(quietDay.length);
  });

  it('has a day of CloudTrail records, each once', () => {
    expect(quietTrail.length).toBeGreaterThan(1000);
    expect(new Set(quietTrail.map(({ eventID }) => eventID)).size).toBe(quietTrail.length);
    expect(new Set(quietTrail.map(({ eventTime }) => eventTime.slice(0, 13))).size).toBe(24);
  });

  it('names no address outside the VPC and the documentation ranges', () => {
    const strangers = quietDay
      .flatMap(({ sourceIPs }) => sourceIPs)
      .filter((ip) => !/^(10\.0\.|203\.0\.113\.|198\.51\.100\.|192\.0\.2\.|::1$)/.test(ip));
    expect(strangers).toEqual([]);
  });
});

describe.each(stories)('the story %s', (story) => {
  const events = lines<Partial<AuditEvent & TrailRecord>>(read(`stories/${story}/events.ndjson`).toString());
  const labels: Label[] = JSON.parse(readFileSync(`${ROOT}test/stories/${story}.json`, 'utf8'));

  it('is in order and short enough to read', () => {
    expect(
      isSorted(events.map(({ stageTimestamp, eventTime }) => (stageTimestamp ?? eventTime ?? '').slice(0, 19))),
    ).toBe(true);
    expect(events.length).toBeGreaterThanOrEqual(30);
    expect(events.length).toBeLessThanOrEqual(200);
  });

  it('labels events that it holds, each once, with what covers them', () => {
    const ids = new Set(events.map(({ auditID, eventID }) => auditID ?? eventID));
    expect(labels.filter(({ id }) => !ids.has(id))).toEqual([]);
    expect(new Set(labels.map(({ id }) => id)).size).toBe(labels.length);
    expect(labels.every(({ what, covers }) => what.length > 0 && covers.length > 0)).toBe(true);
  });

  it('tells each labelled event in story.md, or counts it', () => {
    const page = read(`stories/${story}/story.md`).toString();
    const unnamed = labels.filter(({ id, what }) => !page.includes(id) && !page.includes(what));
    expect(unnamed).toEqual([]);
  });
});
