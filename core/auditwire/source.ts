import { logSourceKey } from '../log-sources/log-source.ts';
import type { Source } from '../source.ts';
import { timeAt } from '../time.ts';
import { isSilent } from './predicates.ts';
import { type AuditwireEvent, auditwireEventSchema, type LogSourceReport } from './schema.ts';

/** Which of its own events a detector judges. */
export interface AuditwireWhen {
  readonly kinds: readonly AuditwireEvent['kind'][];
}

const KINDS: ReadonlySet<unknown> = new Set<AuditwireEvent['kind']>(['LogSourceReport', 'Canary']);

/** What the system says of itself. */
export const auditwire: Source<AuditwireEvent, AuditwireWhen> = {
  schema: auditwireEventSchema,

  // An API server writes kinds too, with the API that they are of.
  recognises: (value) => 'kind' in value && KINDS.has(value.kind) && !('apiVersion' in value),

  glance: () => undefined,

  selects: ({ kinds }) => kinds,

  answers: ({ kind }) => [kind],

  admits: () => true,

  eventKey: (event) => [event.kind, event.kind === 'Canary' ? event.id : momentOf(event)].join('\n'),

  context(event, origin) {
    if (event.kind === 'Canary')
      return {
        event: {
          source: 'auditwire',
          id: event.id,
          time: timeAt(event.sentAt),
          action: event.kind,
          outcome: 'arrived',
          account: origin.account,
          region: origin.region,
        },
        actor: {},
        target: { resource: 'canary' },
      };
    const { account, region, cluster } = event.logSource;
    return {
      event: {
        source: 'auditwire',
        id: `${logSourceKey(event.logSource)}@${event.reportedAt}`,
        time: event.reportedAt,
        action: event.kind,
        outcome: 'reported',
        cluster,
        account,
        region,
      },
      actor: {},
      target: { resource: 'log-source', name: cluster ?? account },
    };
  },
};

/**
 * What reports every few minutes have in common: one silence of one log source, as long as it lasts, or one hour. A silence
 * of one that the policy names is told again every day.
 */
function momentOf(report: LogSourceReport): string {
  const { logSource, expected, lastSeenAt = '-', silentForMinutes, reportedAt } = report;
  const day = expected ? Math.floor(silentForMinutes / (24 * 60)) : 0;
  const moment = isSilent(report) ? ['silent', lastSeenAt, expected, day] : ['hour', reportedAt.slice(0, 13)];
  return [logSourceKey(logSource), ...moment].join('\n');
}
