import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { BundledFunction } from './bundled-function.ts';
import type { Detection } from './detection.ts';
import type { Publishing } from './publishing.ts';
import type { Shared } from './shared.ts';
import type { Watching } from './watching.ts';

const FIVE_MINUTES = Duration.minutes(5);

interface DashboardProps {
  readonly publishing: Publishing;
  readonly detection: Detection;
  readonly watching: Watching;
  readonly alarms: readonly Alarm[];
}

/** What an operator looks at first: is all well, what came in, what went out, and what waits. */
export class Dashboard extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { settings, guide }: Shared,
    { publishing, detection, watching, alarms }: DashboardProps,
  ) {
    super(scope, id);
    const { eksAudit, trail, organization, quarantine } = detection;
    const { findings, topic, table, publishAlerts, chat } = publishing;
    const stage1 = [eksAudit, ...(trail ? [trail.cloudtrail] : [])];
    const functions = [
      ...stage1,
      publishAlerts,
      ...(chat ? [chat.function] : []),
      watching.watch,
      watching.canary.function,
    ];
    const waiting = [findings, ...(trail?.objects ? [trail.objects] : []), quarantine, ...watching.redrive.deadLetters];
    new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: settings.name,
      defaultInterval: Duration.days(1),
      widgets: [
        [
          new TextWidget({
            width: 24,
            height: 2,
            markdown: [
              `# Auditwire: ${settings.name} in ${settings.region}`,
              'Records in = quiet + found + quarantined + control. Findings = alerted + folded + repeated + muted + what SQS absorbed, for it had it. ' +
                `What to do about an alarm: ${guide.startsWith('http') ? `[${guide}](${guide})` : guide}`,
            ].join('\n'),
          }),
        ],
        [new AlarmStatusWidget({ title: 'Is all well?', width: 24, height: 5, alarms: [...alarms] })],
        [
          graph(
            'What came in',
            stage1.flatMap((one) => RECORDS.map((name) => ours(name, one))),
          ),
          graph('What was found', [
            ...stage1.flatMap((one) => ['findings', 'muted'].map((name) => ours(name, one))),
            ...['alerted', 'folded'].map((name) => ours(name, publishAlerts)),
          ]),
          graph('What went out', [
            topic.metricNumberOfMessagesPublished({ period: FIVE_MINUTES, label: 'published' }),
            topic.metricNumberOfNotificationsDelivered({ period: FIVE_MINUTES, label: 'delivered' }),
            topic.metricNumberOfNotificationsFailed({ period: FIVE_MINUTES, label: 'failed' }),
          ]),
        ],
        [
          graph(
            'What waits (messages)',
            waiting.map((queue) =>
              queue.metricApproximateNumberOfMessagesVisible({
                period: FIVE_MINUTES,
                statistic: Stats.MAXIMUM,
                label: queue.name,
              }),
            ),
          ),
          graph('How long it has waited (seconds)', [
            ...waiting.slice(0, trail?.objects ? 2 : 1).map((queue) =>
              queue.metricApproximateAgeOfOldestMessage({
                period: FIVE_MINUTES,
                statistic: Stats.MAXIMUM,
                label: queue.name,
              }),
            ),
            ...(organization ? [secondsOf(organization)] : []),
          ]),
          graph('From event to alert (seconds)', [
            ours('lagSeconds', publishAlerts, 'p50'),
            ours('lagSeconds', publishAlerts, 'p99'),
          ]),
        ],
        [
          graph(
            'Errors',
            functions.map((one) => one.lambda.metricErrors({ period: FIVE_MINUTES, label: one.name })),
          ),
          graph(
            'Throttles',
            functions.map((one) => one.lambda.metricThrottles({ period: FIVE_MINUTES, label: one.name })),
          ),
          graph(
            'Longest runs (milliseconds)',
            functions.map((one) =>
              one.lambda.metricDuration({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM, label: one.name }),
            ),
          ),
        ],
        [
          graph(
            'Running at once',
            functions.map((one) =>
              one.lambda.metric('ConcurrentExecutions', {
                period: FIVE_MINUTES,
                statistic: Stats.MAXIMUM,
                label: one.name,
              }),
            ),
          ),
          graph('State table (units)', [
            table.metricConsumedReadCapacityUnits({ period: FIVE_MINUTES, label: 'read' }),
            table.metricConsumedWriteCapacityUnits({ period: FIVE_MINUTES, label: 'written' }),
          ]),
          graph('Canary', [
            watching.canary.function.lambda.metricInvocations({ period: FIVE_MINUTES, label: 'runs' }),
            watching.canary.function.lambda.metricErrors({
              period: FIVE_MINUTES,
              label: 'alerts that did not come out',
            }),
          ]),
        ],
      ],
    });
  }
}

const RECORDS = ['records', 'quiet', 'found', 'quarantined', 'control'];

/** A metric that a function prints itself. */
function ours(metricName: string, { name }: BundledFunction, statistic: string = Stats.SUM): Metric {
  return new Metric({
    namespace: 'Auditwire',
    metricName,
    dimensionsMap: { function: name },
    period: FIVE_MINUTES,
    statistic,
    label: `${name} ${metricName}${statistic === Stats.SUM ? '' : ` ${statistic}`}`,
  });
}

function secondsOf({
  stream,
}: {
  readonly stream: { metricGetRecordsIteratorAgeMilliseconds(props: object): Metric };
}) {
  return new MathExpression({
    expression: 'age / 1000',
    usingMetrics: {
      age: stream.metricGetRecordsIteratorAgeMilliseconds({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM }),
    },
    label: 'member accounts',
    period: FIVE_MINUTES,
  });
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, width: 8, height: 6, left });
}
