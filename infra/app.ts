import { App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Artifact } from './artifacts.ts';
import { MemberStack, memberStackName } from './member.ts';
import type { Site } from './site.ts';
import { AuditwireStack } from './stack.ts';

/** The CDK app of a site: the stack of the security account, and one for each member account. */
export function createApp(
  { settings, filterPatterns, guide }: Site,
  artifacts: ReadonlyMap<string, Artifact>,
  outdir: string,
): App {
  const { name, account, region, members, tags } = settings;
  const context = { '@aws-cdk/core:validateAgainstDefaultRules': true };
  const app = new App({ outdir, context, analyticsReporting: false });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const stack = new AuditwireStack(app, name, {
    env: { account, region },
    description: 'Auditwire: detections for Amazon EKS',
    terminationProtection: true,
    settings,
    artifacts,
    filterPatterns,
    guide,
  });
  for (const member of members) {
    new MemberStack(app, memberStackName(settings, member.account), {
      env: { account: member.account, region },
      description: `Auditwire: the audit logs of this account, for ${account}`,
      settings,
      member,
      filterPatterns,
    }).addStackDependency(stack);
  }
  for (const [key, value] of Object.entries(tags)) Tags.of(app).add(key, value);
  return app;
}
