import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Artifact } from './artifacts.ts';
import { canaryLogGroup } from './canary.ts';
import { Dashboard } from './dashboard.ts';
import { Detection } from './detection.ts';
import { EncryptionKey } from './encryption.ts';
import { Health } from './health.ts';
import { Publishing } from './publishing.ts';
import type { Settings } from './settings.ts';
import type { FilterPatterns, Shared } from './shared.ts';
import { Watching } from './watching.ts';

interface AuditwireStackProps extends StackProps {
  readonly settings: Settings;
  readonly artifacts: ReadonlyMap<string, Artifact>;
  readonly filterPatterns: FilterPatterns;
  readonly guide: string;
}

/** Everything in the security account: both stages, what watches them, and what tells operators. */
export class AuditwireStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { settings, artifacts, filterPatterns, guide, ...props }: AuditwireStackProps,
  ) {
    super(scope, id, props);
    const key = new EncryptionKey(this, 'Key', settings.name);
    const shared: Shared = {
      settings,
      key,
      guide,
      artifactOf(name) {
        const artifact = artifacts.get(name);
        if (!artifact) throw new Error(`no bundle of functions/${name}`);
        return artifact;
      },
    };
    const publishing = new Publishing(this, 'Publishing', shared);
    const detection = new Detection(this, 'Detection', shared, {
      publishing,
      filterPatterns,
      ownLogGroups: [
        ...[...artifacts.keys()].map((name) => `/aws/lambda/${settings.name}-${name}`),
        canaryLogGroup(settings),
      ],
    });
    const watching = new Watching(this, 'Watching', shared, { publishing, detection });
    const health = new Health(this, 'Health', shared, { publishing, detection, watching, filterPatterns });
    new Dashboard(this, 'Dashboard', shared, { publishing, detection, watching, alarms: health.alarms });
  }
}
