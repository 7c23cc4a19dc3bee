import { CfnAccountPolicy, FilterPattern, LogGroup, SubscriptionFilter } from 'aws-cdk-lib/aws-logs';
import { Construct, type IDependable } from 'constructs';
import { AUDIT_EVENT_PATTERN } from '../core/k8s-audit/filter-pattern.ts';
import type { FilterPatterns } from './shared.ts';

interface SubscriptionsProps {
  /** What the filters' names begin with. */
  readonly name: string;
  readonly logGroups: readonly string[];
  readonly patterns: FilterPatterns;
  /** A function, or the logical destination of another account. */
  readonly destinationArn: string;
  /** What must be there first: the destination's leave to receive. */
  readonly after?: IDependable;
}

/** Sends what some log groups receive to a destination. The groups are others': nothing but the filters is ours. */
export class Subscriptions extends Construct {
  constructor(scope: Construct, id: string, { name, logGroups, patterns, destinationArn, after }: SubscriptionsProps) {
    super(scope, id);
    for (const logGroupName of logGroups) {
      const logGroup = LogGroup.fromLogGroupName(this, logGroupName, logGroupName);
      for (const [part, pattern] of Object.entries(patterns)) {
        const filter = new SubscriptionFilter(this, `${logGroupName} ${part}`, {
          logGroup,
          filterName: `${name}-${part}`,
          filterPattern: FilterPattern.literal(pattern),
          destination: { bind: () => ({ arn: destinationArn }) },
        });
        if (after) filter.node.addDependency(after);
      }
    }
  }
}

interface AccountSubscriptionProps {
  readonly name: string;
  readonly patterns: FilterPatterns;
  readonly destinationArn: string;
  /** The log groups of Auditwire itself, which would feed themselves. */
  readonly except: readonly string[];
  readonly after?: IDependable;
}

/**
 * Sends the audit events of all log groups of an account, present and future, to a destination. CloudWatch Logs takes one
 * such policy with one pattern: lines that were cut do not come.
 */
export class AccountSubscription extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { name, patterns, destinationArn, except, after }: AccountSubscriptionProps,
  ) {
    super(scope, id);
    const policy = new CfnAccountPolicy(this, 'Policy', {
      policyName: name,
      policyType: 'SUBSCRIPTION_FILTER_POLICY',
      scope: 'ALL',
      policyDocument: JSON.stringify({
        DestinationArn: destinationArn,
        FilterPattern: patterns.audit || AUDIT_EVENT_PATTERN,
        Distribution: 'Random',
      }),
      ...(except.length > 0 && { selectionCriteria: `LogGroupName NOT IN ${JSON.stringify(except)}` }),
    });
    if (after) policy.node.addDependency(after);
  }
}
