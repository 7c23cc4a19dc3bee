import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadline } from '../../aws/deadline.ts';
import type { LogSource } from '../../core/log-sources/log-source.ts';
import { Sightings } from '../../core/log-sources/sightings.ts';
import { countsOf, type Handler, invoke } from '../../local/lambda.ts';
import { ACCOUNT, REGION } from '../../scripts/samples/cluster.ts';
import * as wrap from '../../scripts/samples/payloads/envelopes.ts';
import { auditRecord } from '../support/build.ts';
import { deployedAt } from '../support/deployed.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const PLACE = { account: '111122223333', region: 'eu-west-1' };
const PROD: LogSource = { source: 'k8s-audit', ...PLACE, cluster: 'prod' };
const STAGING: LogSource = { source: 'k8s-audit', ...PLACE, cluster: 'staging' };

const POLICY = `version: 1
logSources:
  - { source: k8s-audit, account: "111122223333", region: eu-west-1, cluster: prod, silence: 20m }
  - { source: cloudtrail, account: "111122223333", region: eu-west-1 }
detectors:
  k8s-audit/pod-exec: { severity: low }
suppressions:
  - detectors: auditwire/log-source-silent
    match: { event.source: auditwire, event.cluster: staging }
    reason: Staging is torn down every week
    owner: platform
    until: 2099-12-31
`;

const { deployment } = deployedAt(Date.UTC(2026, 2, 4, 10));

let directory: string;
let watch: Handler;
let sightings: Sightings;
let recordSightings: typeof import('../../functions/sightings.ts').recordSightings;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'auditwire-policy-'));
  writeFileSync(join(directory, 'policy.yaml'), POLICY);
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(async () => {
  Object.assign(process.env, deployment().aws.environment);
  watch = deployment().start('watch', { POLICY_FILE: join(directory, 'policy.yaml') });
  sightings = new Sightings();
  // Clients of AWS are made once for each module, and look for an endpoint then.
  vi.resetModules();
  ({ recordSightings } = await import('../../functions/sightings.ts'));
});

const wait = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** What the first stage does after a payload. */
async function see(logSource: LogSource, table = deployment().aws.stateTable): Promise<string[]> {
  const now = Date.now();
  sightings.add({ logSource, seenAt: now, records: 500, newestAt: now - MINUTE_MS });
  return await recordSightings(table, sightings, now, new Deadline(30_000));
}

async function told(): Promise<string[]> {
  return (await deployment().received()).map(
    ({ alert }) => `${alert.incident.state} ${alert.detector.id} ${alert.target.name} ${alert.severity}`,
  );
}

describe('the watch, as deployed', () => {
  it('tells a subscriber of what fell silent and of what never came, once for each, and again when it is silent again', async () => {
    for (let hour = 0; hour < 25; hour++) {
      expect(await see(PROD)).toEqual([]);
      expect(await see(STAGING)).toEqual([]);
      wait(HOUR_MS);
    }
    await see(PROD);
    const first = await invoke(watch, {});
    expect(first.error).toBeUndefined();
    expect(countsOf(first)).toMatchObject({ logSources: 3, findings: 1, sent: 0, muted: 1 });
    expect(await told()).toEqual([]);

    wait(50 * MINUTE_MS);
    for (let run = 0; run < 3; run++) {
      const { error } = await invoke(watch, {});
      expect(error).toBeUndefined();
      wait(6 * MINUTE_MS);
    }
    expect((await told()).sort()).toEqual([
      'opened auditwire/log-source-silent 111122223333 medium',
      'opened auditwire/log-source-silent prod high',
    ]);

    await see(PROD);
    wait(13 * HOUR_MS);
    await invoke(watch, {});
    expect(await told()).toEqual(['opened auditwire/log-source-silent prod high']);
    expect(await deployment().quarantined()).toEqual([]);
  });

  it('puts what to look at first into the alert', async () => {
    await see(PROD);
    wait(25 * MINUTE_MS);
    await invoke(watch, {});
    const [received] = await deployment().received();
    expect(received?.alert).toMatchObject({
      title: 'Nothing from the audit log of prod for 25 minutes',
      event: {
        source: 'auditwire',
        cluster: 'prod',
        account: '111122223333',
        region: 'eu-west-1',
        origin: { logGroup: '/aws/eks/prod/cluster' },
      },
      target: { resource: 'log-source', name: 'prod' },
    });
    expect(received?.alert.links.logsInsightsQuery).toContain('count(*)');
    expect(received?.alert.links.logsInsights).toContain('logs-insights');
    expect(received?.attributes.source?.Value).toBe('auditwire');
    expect(received?.alert.nextSteps[0]).toContain('aws eks describe-cluster --name prod');
  });

  it('fails where it cannot look, and where it cannot tell', async () => {
    const blind = await invoke(deployment().start('watch', { INCIDENT_TABLE: 'missing' }), {});
    expect(blind.error?.name).toBe('WatchError');
    await see(PROD);
    wait(25 * MINUTE_MS);
    await deployment().aws.deleteQueue('findings.fifo');
    const dumb = await invoke(watch, {});
    expect(dumb.error?.name).toBe('WatchError');
    expect(dumb.error?.message).toContain('QueueDoesNotExist');
    expect(countsOf(dumb)).toMatchObject({ logSources: 2, findings: 1, sent: 0 });
    await deployment().aws.createQueue('findings.fifo');
    await invoke(watch, {});
    expect(await told()).toEqual(['opened auditwire/log-source-silent prod high']);
  });
});

/** Enough events for an hour to be judged by, each as CloudTrail writes it and of no interest to any detector. */
const trailEvents = (at: number) =>
  Array.from({ length: 60 }, (_, place) => ({
    eventVersion: '1.11',
    userIdentity: { type: 'AssumedRole', arn: `arn:aws:sts::${ACCOUNT}:assumed-role/ci/run` },
    eventTime: `${new Date(at).toISOString().slice(0, 19)}Z`,
    eventSource: 'ec2.amazonaws.com',
    eventName: 'DescribeInstances',
    awsRegion: REGION,
    eventID: `event-${place}`,
    eventType: 'AwsApiCall',
    recipientAccountId: ACCOUNT,
  }));

describe('a log source that is late', () => {
  const lines = (at: number, values: readonly object[]) =>
    values.map((value) => ({ at, message: JSON.stringify(value) }));
  const asLogs = (at: number) => [
    wrap.subscription(wrap.logsData(wrap.TRAIL_GROUP, wrap.TRAIL_STREAM, lines(at, trailEvents(at)))),
  ];
  const asObject = async (at: number) => {
    await deployment().aws.putObject(
      wrap.TRAIL_BUCKET,
      wrap.TRAIL_KEY,
      gzipSync(JSON.stringify({ Records: trailEvents(at) })),
    );
    return [wrap.sqs([wrap.s3Created(wrap.TRAIL_KEY)])];
  };
  const asEvents = (at: number) =>
    trailEvents(at).map((event) => wrap.eventBridge(event, 'AWS API Call via CloudTrail', 'aws.ec2'));

  const transports = [
    ['CloudWatch Logs', asLogs],
    ['S3', asObject],
    ['EventBridge', asEvents],
  ] as const;

  /** What is told when everything comes so late within an hour. */
  async function toldOf(eventsAt: (at: number) => readonly object[] | Promise<readonly object[]>, lateBy: number) {
    vi.setSystemTime(Date.UTC(2026, 2, 4, 10, 50));
    // What was gathered since the first is written with the next.
    for (const count of [Infinity, 1]) {
      for (const event of (await eventsAt(Date.now() - lateBy)).slice(0, count))
        expect((await invoke(deployment().cloudtrail, event)).error).toBeUndefined();
      wait(MINUTE_MS);
    }
    wait(14 * MINUTE_MS);
    expect((await invoke(watch, {})).error).toBeUndefined();
    return await told();
  }

  it.each(transports)('is told of as CloudTrail through %s', async (_, eventsAt) => {
    expect(await toldOf(eventsAt, 24 * HOUR_MS)).toEqual(['opened auditwire/log-source-lagging 111122223333 medium']);
  });

  it.each(transports)('is not told of while CloudTrail comes on time through %s', async (_, eventsAt) => {
    expect(await toldOf(eventsAt, 5 * MINUTE_MS)).toEqual([]);
  });

  it('is not told of while its events come on time in a form that is not known yet', async () => {
    const line = { at: Date.now(), message: JSON.stringify(auditRecord()) };
    await invoke(deployment().eksAudit, wrap.subscription(wrap.logsData(wrap.AUDIT_GROUP, wrap.AUDIT_STREAM, [line])));
    wait(110 * MINUTE_MS);
    const { logEvents, ...envelope } = wrap.logsData(
      wrap.AUDIT_GROUP,
      wrap.AUDIT_STREAM,
      lines(Date.now(), Array(60).fill(auditRecord())),
    ) as { logEvents: object[] };
    const unknown = logEvents.map((logEvent) => ({ ingestedBy: 'something new', ...logEvent }));
    const invocation = await invoke(deployment().eksAudit, wrap.subscription({ ...envelope, logEvents: unknown }));
    expect(countsOf(invocation)).toMatchObject({ records: 60, quiet: 60, parsed: 60 });
    wait(11 * MINUTE_MS);
    expect(countsOf(await invoke(watch, {}))).toMatchObject({ logSources: 3, findings: 0 });
  });
});

describe('a sighting that cannot be written', () => {
  it('is said in words and is written the next time', async () => {
    const why = await see(PROD, 'missing');
    expect(why).toEqual([expect.stringMatching(/^log source not recorded: ResourceNotFoundException/)]);
    wait(MINUTE_MS);
    expect(await see(PROD)).toEqual([]);
    wait(MINUTE_MS);
    const { log } = await invoke(watch, {});
    expect(countsOf({ log }).logSources).toBe(2);
  });

  it('is not waited for when there is no time', async () => {
    sightings.add({ logSource: PROD, seenAt: Date.now(), records: 1 });
    const why = await recordSightings(deployment().aws.stateTable, sightings, Date.now(), new Deadline(0));
    expect(why).toEqual(['log source not recorded: DeadlineError: out of time']);
    expect(sightings.take(Date.now() + MINUTE_MS)).toHaveLength(1);
  });
});
