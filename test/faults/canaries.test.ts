import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloudtrailDetectors } from '../../detectors/cloudtrail/index.ts';
import { k8sAuditDetectors } from '../../detectors/k8s-audit/index.ts';
import * as wrap from '../../scripts/samples/payloads/envelopes.ts';
import type { AwsRequest } from '../support/aws-request.ts';
import { CANARY, CANARY_FORMS, withCanaries } from '../support/canaries.ts';
import { FindingsFeed } from './findings-feed.ts';
import { World } from './world.ts';

const SOURCES = [
  ['eks-audit', k8sAuditDetectors, wrap.AUDIT_GROUP, wrap.AUDIT_STREAM],
  ['cloudtrail', cloudtrailDetectors, wrap.TRAIL_GROUP, wrap.TRAIL_STREAM],
] as const;

/** Everything that left a function: requests, but for the bodies of quarantined records, and what it logged and threw. */
const output: string[] = [];
let world: World;

beforeAll(async () => {
  world = await World.start();
  world.proxy.observe = ({ request, answer }) =>
    output.push(`${request.action} ${withoutQuarantined(request)}`, answer);
});
afterAll(() => world.stop());

/** The text of a record in quarantine is the record; what is said of it beside that is ours. */
function withoutQuarantined({ service, target, body }: AwsRequest): string {
  if (service !== 'sqs') return decodeURIComponent(body.replaceAll('+', ' '));
  const { Entries } = JSON.parse(body);
  const isQuarantine = target.endsWith('quarantine.fifo');
  return JSON.stringify(
    Entries.map(({ MessageBody, ...rest }: { MessageBody: string }) =>
      isQuarantine ? rest : { MessageBody, ...rest },
    ),
  );
}

async function invoked(name: string, event: unknown): Promise<void> {
  const sandbox = await world.sandbox(name);
  const outcome = await sandbox.invoke({ event, remainingMs: 60_000, now: world.now });
  expect(outcome).toMatchObject({ kind: 'answered' });
  output.push(JSON.stringify(outcome));
  await sandbox.kill();
}

/** Every fires- sample with canaries in it: whole, and cut by the log service. */
const linesOf = (detectors: (typeof SOURCES)[number][1]): string[] =>
  detectors.flatMap(({ detector: { id } }) => {
    const folder = new URL(`../../detectors/${id}/samples/`, import.meta.url);
    return readdirSync(folder)
      .filter((name) => name.startsWith('fires-'))
      .map((name) => readFileSync(new URL(name, folder), 'utf8').trim())
      .filter((text) => text.endsWith('}'))
      .flatMap((text) => {
        const line = JSON.stringify(withCanaries(JSON.parse(text)));
        return [line, `${line.slice(0, Math.floor(line.length * 0.8))}[Truncated...]`];
      });
  });

/** What cannot be read, and says so in places that are easily quoted. */
const UNREADABLE = [
  `${CANARY} is no JSON`,
  `{"${CANARY}":1}`,
  `{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":{"${CANARY}":1}}`,
  `{"eventSource":{"${CANARY}":1},"eventName":"${CANARY}"}`,
  `{"kind":"Event","apiVersion":"audit.k8s.io/${CANARY}","verb":["${CANARY}"]}`,
];

describe('a secret in a record', () => {
  it.each(SOURCES)(
    'leaves %s in nothing but the body of a quarantined record',
    async (name, detectors, group, stream) => {
      const lines = [...linesOf(detectors), ...UNREADABLE].map((message, at) => ({ at, message }));
      await invoked(name, wrap.subscription(wrap.logsData(group, stream, lines)));
      await invoked(name, { awslogs: { data: CANARY } });
      await invoked(name, { [CANARY]: CANARY });

      const feed = new FindingsFeed(world.aws);
      for (let batch = await feed.next(); batch; batch = await feed.next()) {
        await invoked('publish-alerts', batch);
        feed.done(batch, new Set());
      }
      world.now += 48 * 3_600_000;
      await invoked('watch', {});

      const services = ['SendMessageBatch', 'PublishBatch', 'PutItem'];
      for (const service of services)
        expect(output.filter((text) => text.startsWith(service)).length).toBeGreaterThan(0);
      expect((await world.quarantined()).filter((text) => text.includes(CANARY)).length).toBeGreaterThan(0);
      const leaked = output.filter((text) => CANARY_FORMS.some((form) => text.includes(form)));
      expect(leaked.map((text) => text.slice(0, 2_000))).toEqual([]);
    },
  );
});
