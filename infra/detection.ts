import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { eksLogGroup } from '../core/log-sources/log-source.ts';
import { BundledFunction, POLICY_FILE } from './bundled-function.ts';
import { Organization } from './organization.ts';
import { maySend, NAMED_BY_PREFIX } from './permissions.ts';
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

/** Stage 1: what arrives is judged; findings go to their queue, and what cannot be judged to quarantine. */
export class Detection extends Construct {
  readonly quarantine: EncryptedQueue;
  /** What a function is told that judges. */
  readonly judging: Readonly<Record<string, string>>;
  readonly failedAuditLogs: EncryptedQueue;
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
    this.failedAuditLogs = new EncryptedQueue(this, 'FailedAuditLogs', {
      key,
      name: `${settings.name}-eks-audit-failed`,
      keepsBecause: WAITS_FOR_REDRIVE,
    });
    this.organization = settings.organization
      ? new Organization(this, 'Organization', shared, {
          organization: settings.organization,
          failures: this.failedAuditLogs,
        })
      : undefined;
    this.judging = {
      FINDINGS_QUEUE_URL: publishing.findings.queueUrl,
      QUARANTINE_QUEUE_URL: this.quarantine.queueUrl,
      INCIDENT_TABLE: publishing.table.tableName,
      POLICY_FILE,
    };
    const mayJudge = [
      maySend(publishing.findings, this.quarantine),
      ...publishing.mayUseItems(LOG_SOURCES, ['UpdateItem']),
    ];
    this.eksAudit = new BundledFunction(this, 'EksAudit', shared, {
      name: 'eks-audit',
      description: 'Judges the EKS audit log',
      memorySize: 512,
      timeout: Duration.seconds(60),
      environment: this.judging,
      atMostAtOnce: settings.concurrency.eksAudit,
      failures: this.failedAuditLogs,
      wildcardBecause: this.organization && NAMED_BY_PREFIX,
      may: [...mayJudge, maySend(this.failedAuditLogs), key.through('sqs'), ...(this.organization?.mayRead(key) ?? [])],
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
          environment: this.judging,
          mayJudge,
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
