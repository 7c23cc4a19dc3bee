import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps as AlarmOptions,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { eksLogGroup } from '../core/log-sources/log-source.ts';
import type { BundledFunction } from './bundled-function.ts';
import { CANARY_INTERVAL } from './canary.ts';
import type { Detection } from './detection.ts';
import { Operators } from './operators.ts';
import type { Publishing } from './publishing.ts';
import type { EncryptedQueue } from './queues.ts';
import type { FilterPatterns, Shared } from './shared.ts';
import type { Watching } from './watching.ts';

const FIVE_MINUTES = Duration.minutes(5);

interface HealthProps {
  readonly publishing: Publishing;
  readonly detection: Detection;
  readonly watching: Watching;
  readonly filterPatterns: FilterPatterns;
}

interface AlarmProps {
  readonly metric: IMetric;
  /** What happened, in a sentence. */
  readonly says: string;
  /** The section of the operating guide that says what to do. */
  readonly section: string;
  /** Alarms at this and above, for this many periods on end. */
  readonly from?: number;
  readonly periods?: number;
}

/** Tells operators when something of Auditwire fails. */
export class Health extends Construct {
  readonly alarms: Alarm[] = [];
  readonly #shared: Shared;
  readonly #operators: Operators;

  constructor(scope: Construct, id: string, shared: Shared, props: HealthProps) {
    super(scope, id);
    this.#shared = shared;
    this.#operators = new Operators(this, 'Operators', shared);
    this.#watchRuns(props);
    this.#watchInvocations(props);
    this.#watchQueues(props);
    this.#watchDelivery(props);
  }

  #watchRuns({ publishing, detection, watching }: HealthProps): void {
    const { watch, canary, redrive } = watching;
    const { publishAlerts, chat } = publishing;
    const workers = [...stage1Of(detection), publishAlerts, ...(chat ? [chat.function] : [])];
    const failing = [
      ...workers.map((one) => ({ one, so: 'What it was given is tried again.' })),
      { one: watch, so: 'Incidents are not closed, silence is not noticed.' },
    ];
    for (const { one, so } of failing) {
      this.#alarm(`${one.name}-errors`, {
        metric: one.lambda.metricErrors({ period: FIVE_MINUTES }),
        periods: 3,
        says: `${one.name} has failed for a quarter of an hour. ${so}`,
        section: 'errors',
      });
    }
    this.#alarm('canary-lost', {
      metric: canary.function.lambda.metricErrors({ period: CANARY_INTERVAL }),
      periods: 2,
      says: 'A marked event went in, and its alert did not come out: real alerts may not either.',
      section: 'canary-lost',
    });
    this.#alarm('redrive-errors', {
      metric: redrive.function.lambda.metricErrors({ period: FIVE_MINUTES }),
      says: 'A redrive broke off. What it had not done is where it was.',
      section: 'errors',
    });
    for (const one of [...workers, watch, canary.function]) {
      this.#alarm(`${one.name}-throttled`, {
        metric: one.lambda.metricThrottles({ period: FIVE_MINUTES }),
        periods: 3,
        says: `${one.name} is asked for more often than it may run.`,
        section: 'throttled',
      });
    }
  }

  #watchInvocations({ publishing, detection, watching }: HealthProps): void {
    const { eksAudit, organization } = detection;
    const { watch, canary, redrive } = watching;
    const stage1 = stage1Of(detection);
    for (const one of stage1) {
      this.#alarm(`${one.name}-late`, {
        metric: one.lambda.metric('AsyncEventAge', { period: FIVE_MINUTES, statistic: Stats.MAXIMUM }),
        from: Duration.minutes(30).toMilliseconds(),
        says: `What ${one.name} judges has waited for half an hour; after six it is given up.`,
        section: 'late',
      });
    }
    if (organization) {
      this.#alarm('member-logs-late', {
        metric: organization.stream.metricGetRecordsIteratorAgeMilliseconds({
          period: FIVE_MINUTES,
          statistic: Stats.MAXIMUM,
        }),
        from: Duration.minutes(15).toMilliseconds(),
        says: 'What other accounts sent has waited for a quarter of an hour; after six days it is given up.',
        section: 'late',
      });
    }
    // Not AsyncEventsDropped, which counts too what the destination took.
    // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    for (const one of [...stage1, ...(publishing.chat ? [publishing.chat.function] : []), watch, redrive.function]) {
      this.#alarm(`${one.name}-dropped`, {
        metric: one.lambda.metric('DestinationDeliveryFailures', { period: FIVE_MINUTES, statistic: Stats.SUM }),
        says: `What ${one.name} was given is lost: it was given up, and could not be put where failures are kept.`,
        section: 'dropped',
      });
    }
    const expected = [
      {
        one: eksAudit,
        period: CANARY_INTERVAL,
        periods: 3,
        says: 'Nothing has arrived from CloudWatch Logs for three quarters of an hour, not even the canary.',
      },
      {
        one: canary.function,
        period: CANARY_INTERVAL,
        periods: 3,
        says: 'No marked event is sent, so that nobody knows whether real alerts would come out.',
      },
      {
        one: watch,
        period: FIVE_MINUTES,
        periods: 4,
        says: 'The watch is not run, so that incidents are not closed and silence is not noticed.',
      },
    ];
    for (const { one, period, ...props } of expected) {
      this.#silent(`${one.name}-silent`, {
        metric: one.lambda.metricInvocations({ period }),
        section: 'silent',
        ...props,
      });
    }
  }

  #watchQueues({ publishing, detection, watching }: HealthProps): void {
    for (const queue of watching.redrive.deadLetters)
      this.#notEmpty(queue, 'was given up and waits to be redriven', 'dead-letters');
    this.#notEmpty(detection.quarantine, 'could not be judged and waits for a fix', 'quarantine');
    this.#notEmpty(watching.failedRuns, 'of the schedule was given up; the next run does its work', 'errors');
    for (const queue of [...publishing.undelivered, watching.canary.undelivered, this.#operators.undelivered])
      this.#notEmpty(queue, 'did not reach its subscriber', 'undelivered');
    for (const queue of [publishing.findings, ...(detection.trail?.objects ? [detection.trail.objects] : [])]) {
      this.#alarm(`${this.#shortNameOf(queue)}-late`, {
        metric: queue.metricApproximateAgeOfOldestMessage({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM }),
        from: Duration.minutes(15).toSeconds(),
        says: `A message has waited in ${queue.name} for a quarter of an hour.`,
        section: 'late',
      });
    }
  }

  #watchDelivery({ publishing: { topic, chat, table }, filterPatterns }: HealthProps): void {
    const { settings } = this.#shared;
    this.#alarm('alerts-undelivered', {
      metric: sumOf(
        topic.metricNumberOfNotificationsFailed({ period: FIVE_MINUTES }),
        topic.metric('NumberOfNotificationsFailedToRedriveToDlq', { period: FIVE_MINUTES, statistic: Stats.SUM }),
        ...(chat ? [chat.topic.metricNumberOfNotificationsFailed({ period: FIVE_MINUTES })] : []),
      ),
      says: 'SNS could not deliver alerts to a subscriber.',
      section: 'undelivered',
    });
    const tableMetrics = ['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) =>
      table.metric(name, { period: FIVE_MINUTES, statistic: Stats.SUM }),
    );
    this.#alarm('state-throttled', {
      metric: sumOf(...tableMetrics),
      periods: 3,
      says: 'DynamoDB refuses reads or writes of the state table; alerts are late.',
      section: 'throttled',
    });
    for (const cluster of settings.clusters)
      this.#delivered(`cluster-${cluster}`, eksLogGroup(cluster), Object.keys(filterPatterns));
    if (settings.cloudtrail?.logGroup) this.#delivered('trail', settings.cloudtrail.logGroup, ['cloudtrail']);
  }

  /** A log group whose filters, by what their names end in, deliver to a function. */
  #delivered(name: string, logGroup: string, parts: readonly string[]): void {
    const metrics = parts.flatMap((part) =>
      ['DeliveryErrors', 'DeliveryThrottling'].map(
        (metricName) =>
          new Metric({
            namespace: 'AWS/Logs',
            metricName,
            dimensionsMap: {
              LogGroupName: logGroup,
              DestinationType: 'Lambda',
              FilterName: `${this.#shared.settings.name}-${part}`,
            },
            period: FIVE_MINUTES,
            statistic: Stats.SUM,
          }),
      ),
    );
    this.#alarm(`${name}-log-delivery`, {
      metric: sumOf(...metrics),
      says: `CloudWatch Logs could not deliver events of ${logGroup}; it skips them while access is denied.`,
      section: 'log-delivery',
    });
  }

  #notEmpty(queue: EncryptedQueue, says: string, section: string): void {
    this.#alarm(`${this.#shortNameOf(queue)}-not-empty`, {
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM }),
      says: `What lies in ${queue.name} ${says}.`,
      section,
    });
  }

  #shortNameOf({ name }: EncryptedQueue): string {
    return name.slice(this.#shared.settings.name.length + 1);
  }

  #alarm(name: string, { metric, says, section, from = 1, periods = 1 }: AlarmProps): void {
    this.#add(name, says, section, {
      metric,
      threshold: from,
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** Alarms where there is nothing. */
  #silent(name: string, { metric, says, section, periods = 1 }: AlarmProps): void {
    this.#add(name, says, section, {
      metric,
      threshold: 1,
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  #add(name: string, says: string, section: string, props: Omit<AlarmOptions, 'alarmName'>) {
    const { settings, guide } = this.#shared;
    const action = new SnsAction(this.#operators.topic);
    const alarm = new Alarm(this, name, {
      ...props,
      alarmName: `${settings.name}-${name}`,
      alarmDescription: `${says} What to do: ${guide}#${section}`,
    });
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    this.alarms.push(alarm);
  }
}

function stage1Of({ eksAudit, trail }: Detection): BundledFunction[] {
  return [eksAudit, ...(trail ? [trail.cloudtrail] : [])];
}

function sumOf(...metrics: readonly Metric[]): MathExpression {
  const usingMetrics = Object.fromEntries(metrics.map((metric, place) => [`m${place}`, metric]));
  return new MathExpression({
    expression: Object.keys(usingMetrics)
      .map((name) => `FILL(${name}, 0)`)
      .join(' + '),
    usingMetrics,
    period: FIVE_MINUTES,
  });
}
