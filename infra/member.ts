import { Arn, ArnFormat, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { eksLogGroup } from '../core/log-sources/log-source.ts';
import type { Member, Settings } from './settings.ts';
import type { FilterPatterns } from './shared.ts';
import { AccountSubscription, Subscriptions } from './subscriptions.ts';

/** The logical destination by which other accounts know the security account. */
export function destinationName({ name }: Settings): string {
  return `${name}-audit-logs`;
}

export function memberStackName({ name }: Settings, account: string): string {
  return `${name}-member-${account}`;
}

interface MemberStackProps extends StackProps {
  readonly settings: Settings;
  readonly member: Member;
  readonly filterPatterns: FilterPatterns;
}

/** What a member account needs: the subscription of its clusters' logs to the security account, and nothing else. */
export class MemberStack extends Stack {
  constructor(scope: Construct, id: string, { settings, member, filterPatterns, ...props }: MemberStackProps) {
    super(scope, id, props);
    const destinationArn = Arn.format({
      partition: this.partition,
      service: 'logs',
      region: settings.region,
      account: settings.account,
      resource: 'destination',
      resourceName: destinationName(settings),
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    if (member.everyCluster) {
      new AccountSubscription(this, 'EveryCluster', {
        name: settings.name,
        patterns: filterPatterns,
        destinationArn,
        except: [],
      });
    } else {
      new Subscriptions(this, 'Clusters', {
        name: settings.name,
        logGroups: member.clusters.map(eksLogGroup),
        patterns: filterPatterns,
        destinationArn,
      });
    }
  }
}
