import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inert } from '../../core/inert.ts';
import { linksOf } from '../../core/links.ts';

const event = {
  source: 'k8s-audit',
  id: '5f0c2d3e',
  time: '2026-03-01T10:00:00.000Z',
  action: 'delete',
  outcome: 'succeeded',
  cluster: 'prod',
  region: 'eu-west-1',
  origin: { logGroup: '/aws/eks/prod/cluster' },
};

/** What the console makes of the fragment of a Logs Insights link. */
function readBack(url: string | undefined): string {
  const fragment = new URL(url ?? '').hash.replaceAll('$', '%');
  return decodeURIComponent(decodeURIComponent(fragment).replaceAll('*', '%'));
}

describe('linksOf', () => {
  it('asks for this very event, from a quarter of an hour before it to as much after', () => {
    const { logsInsightsQuery, logsInsights } = linksOf(event);
    expect(logsInsightsQuery).toBe('fields @timestamp, @message | filter auditID = "5f0c2d3e" | sort @timestamp asc');
    const query = readBack(logsInsights);
    expect(query).toContain(`editorString~'${logsInsightsQuery}`);
    expect(query).toContain("start~'2026-03-01T09:45:00.000Z");
    expect(query).toContain("end~'2026-03-01T10:15:00.000Z");
    expect(query).toContain("source~(~'/aws/eks/prod/cluster)");
  });

  it('looks for an event that was cut by its text, for it has no fields', () => {
    const queryOf = (id: string) => linksOf({ ...event, id, partial: true }).logsInsightsQuery;
    expect(queryOf('5f0c2d3e')).toContain('filter @message like "5f0c2d3e" |');
    expect(queryOf('')).toContain('filter @message like "[Truncated...]" |');
  });

  it('counts what a log group has where the alert is of what did not come from it', () => {
    const queryOf = (cluster?: string) => linksOf({ ...event, source: 'auditwire', cluster }).logsInsightsQuery;
    expect(queryOf('prod')).toMatch(/^filter @logStream like .* \| stats count\(\*\) as records by bin\(5m\)/);
    expect(queryOf()).toMatch(/^stats count\(\*\)/);
  });

  it('leads to the cluster, or to the event in CloudTrail', () => {
    expect(linksOf(event).console).toBe(
      'https://eu-west-1.console.aws.amazon.com/eks/home?region=eu-west-1#/clusters/prod',
    );
    const { console, logsInsightsQuery } = linksOf({ ...event, source: 'cloudtrail' });
    expect(console).toBe(
      'https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/5f0c2d3e',
    );
    expect(logsInsightsQuery).toContain('filter eventID = ');
  });

  it('opens the console of the partition', () => {
    const host = (region: string) => new URL(linksOf({ ...event, region }).console ?? '').host;
    expect(host('cn-north-1')).toBe('cn-north-1.console.amazonaws.cn');
    expect(host('us-gov-west-1')).toBe('us-gov-west-1.console.amazonaws-us-gov.com');
    expect(host('ap-southeast-2')).toBe('ap-southeast-2.console.aws.amazon.com');
  });

  it('gives no link where the place is not known, or is none', () => {
    const { region: _, ...placeless } = event;
    expect(Object.keys(linksOf(placeless))).toEqual(['logsInsightsQuery']);
    for (const region of ['', 'evil.example.com/', 'eu-west-1.evil.example.com', 'eu west 1', 'EU-WEST-1'])
      expect(Object.keys(linksOf({ ...event, region }))).toEqual(['logsInsightsQuery']);
    expect(linksOf({ ...event, origin: undefined }).logsInsights).toBeUndefined();
    for (const time of [undefined, 'yesterday', '+275760-09-13T00:00:00.000Z', '9999-12-31T23:59:59.999Z'])
      expect(linksOf({ ...event, time }).logsInsights).toBeUndefined();
  });

  it('keeps any id a quoted value of the query and of the link', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }).map(inert), (id) => {
        const { logsInsightsQuery, logsInsights, console } = linksOf({ ...event, source: 'cloudtrail', id });
        expect(logsInsightsQuery).toContain(`= ${JSON.stringify(id)} |`);
        if (!/[$*%]/.test(id)) expect(readBack(logsInsights)).toContain(`editorString~'${logsInsightsQuery}`);
        for (const url of [logsInsights, ...(console ? [console] : [])])
          expect(url).toMatch(/^https:[\w./?=#:%$'()~*!-]+$/);
      }),
    );
  });
});
