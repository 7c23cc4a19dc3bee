import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { eksLogGroup } from '../core/log-sources/log-source.ts';
import { BundledFunction, POLICY_FILE } from './bundled-function.ts';
import { FailedInvocations } from './failed-invocations.ts';
import { Organization } from './organization.ts';
import { maySend, YET_TO_BE_WRITTEN } from './permissions.ts';
import { LOG_SOURCES, type Publishing } from './publishing.ts';
import { EncryptedQueue, WAITS_FOR_REDRIVE } from './queues.ts';
import type { FilterPatterns, Shared } from './shared.ts';
import { AccountSubscription, Subscriptions } from './subscriptions.ts';
import { Trail } from './trail.ts';

interface DetectionProps {
  readonly publishing: Publishing;
  readonly filterPatterns: FilterPatterns;
  /** Log groups that the functions of this deployment write to. */
  readonly ownLogGroups: readonly string[];
}

/** What a function gets that judges. It also buys CPU: less would take longer, and cost the same. */
export const JUDGING_MEMORY_MB = 1024;

/** Stage 1: what arrives is judged; findings go to their queue, and what cannot be judged to quarantine. */
export class Detection extends Construct {
  readonly quarantine: EncryptedQueue;
  /** What a function is told that judges. */
  readonly judging: Readonly<Record<string, string>>;
  /** What was given to a function that then failed. */
  readonly failures: FailedInvocations;
  /** What could not be given to a function, or not be announced. */
  readonly deadLetters: EncryptedQueue;
  readonly eksAudit: BundledFunction;
  readonly organization: Organization | undefined;
  readonly trail: Trail | undefined;
  /** The function's leave to be invoked by CloudWatch Logs. */
  readonly auditLogsMayInvoke: CfnPermission;

  constructor(
    scope: Construct,
    id: string,
    shared: Shared,
    { publishing, filterPatterns, ownLogGroups }: DetectionProps,
  ) {
    super(scope, id);
    const { settings, key } = shared;
    this.quarantine = new EncryptedQueue(this, 'Quarantine', {
      key,
      name: `${settings.name}-quarantine.fifo`,
      keepsBecause: 'What could not be judged waits here, with an alarm, for a fix and a redrive.',
    });
    this.deadLetters = new EncryptedQueue(this, 'DeadLetters', {
      key,
      name: `${settings.name}-dead-letters`,
      keepsBecause: WAITS_FOR_REDRIVE,
    });
    this.failures = new FailedInvocations(this, 'FailedInvocations', shared, { deadLetters: this.deadLetters });
    this.organization = settings.organization
      ? new Organization(this, 'Organization', shared, {
          organization: settings.organization,
          failures: this.failures,
        })
      : undefined;
    this.judging = {
      FINDINGS_QUEUE_URL: publishing.findings.queueUrl,
      QUARANTINE_QUEUE_URL: this.quarantine.queueUrl,
      POLICY_FILE,
    };
    const environment = { ...this.judging, INCIDENT_TABLE: publishing.table.tableName };
    const mayJudge = [
      maySend(publishing.findings, this.quarantine),
      key.through('sqs'),
      ...publishing.mayUseItems(LOG_SOURCES, ['UpdateItem']),
      ...this.failures.mayKeep(),
    ];
    this.eksAudit = new BundledFunction(this, 'EksAudit', shared, {
      name: 'eks-audit',
      description: 'Judges the EKS audit log',
      memorySize: JUDGING_MEMORY_MB,
      timeout: Duration.seconds(60),
      environment,
      atMostAtOnce: settings.concurrency.eksAudit,
      asynchronous: { onFailure: this.failures.destination },
      wildcardBecause: YET_TO_BE_WRITTEN,
      may: [...mayJudge, ...(this.organization?.mayRead(key) ?? [])],
    });
    if (this.organization) this.eksAudit.lambda.addEventSource(this.organization.eventSource());
    this.auditLogsMayInvoke = this.#letLogsInvoke(settings.everyCluster ? '*' : '/aws/eks/*/cluster:*');
    const subscription = {
      name: settings.name,
      patterns: filterPatterns,
      destinationArn: this.eksAudit.lambda.functionArn,
      after: this.auditLogsMayInvoke,
    };
    if (settings.everyCluster) {
      new AccountSubscription(this, 'EveryCluster', { ...subscription, except: ownLogGroups });
    } else {
      new Subscriptions(this, 'Clusters', { ...subscription, logGroups: settings.clusters.map(eksLogGroup) });
    }
    this.trail = settings.cloudtrail
      ? new Trail(this, 'Trail', shared, settings.cloudtrail, {
          environment,
          memorySize: JUDGING_MEMORY_MB,
          mayJudge,
          failures: this.failures,
          deadLetters: this.deadLetters,
        })
      : undefined;
  }

  /** One statement for all clusters: a function's policy holds 20 KB, too little for one for each of fifty. */
  #letLogsInvoke(logGroup: string): CfnPermission {
    const stack = Stack.of(this);
    return new CfnPermission(this, 'AuditLogsMayInvoke', {
      action: 'lambda:InvokeFunction',
      functionName: this.eksAudit.lambda.functionArn,
      principal: 'logs.amazonaws.com',
      sourceAccount: stack.account,
      sourceArn: stack.formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName: logGroup,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    });
  }
}
