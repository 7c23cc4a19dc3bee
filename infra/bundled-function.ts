import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  type EventInvokeConfigOptions,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { wildcardFindings } from './permissions.ts';
import type { Shared } from './shared.ts';

/** Where a function finds the site's policy, which is put beside its bundle. */
export const POLICY_FILE = '/var/task/policy.yaml';

interface BundledFunctionProps {
  /** Its folder under `functions/`. */
  readonly name: string;
  readonly description: string;
  readonly memorySize: number;
  readonly timeout: Duration;
  readonly environment: Readonly<Record<string, string>>;
  /** All that it may do, but for writing its own log. */
  readonly may: readonly PolicyStatement[];
  /** Why a resource of {@link may} ends in a wildcard, if one does. */
  readonly wildcardBecause?: string | undefined;
  readonly atMostAtOnce?: number | undefined;
  /** How asynchronous invocations fail. If not said otherwise, they are tried three times in all, within six hours. */
  readonly asynchronous?: EventInvokeConfigOptions;
}

/** One of the functions under `functions/`, with a role and a log group of its own. */
export class BundledFunction extends Construct {
  readonly name: string;
  readonly lambda: LambdaFunction;
  readonly role: Role;

  constructor(
    scope: Construct,
    id: string,
    { settings, key, artifactOf }: Shared,
    {
      name,
      description,
      memorySize,
      timeout,
      environment,
      may,
      wildcardBecause,
      atMostAtOnce,
      asynchronous,
    }: BundledFunctionProps,
  ) {
    super(scope, id);
    const { sha256, directory } = artifactOf(name);
    this.name = name;
    const functionName = `${settings.name}-${name}`;
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: settings.logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      description: `What the function ${functionName} may do`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        may: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              resources: [logGroup.logGroupArn],
            }),
            ...may,
          ],
        }),
      },
    });
    if (wildcardBecause) {
      for (const finding of wildcardFindings(this, may))
        Validations.of(this.role).acknowledge({ id: finding, reason: wildcardBecause });
    }
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName,
      description,
      // Its policy is written out above: constructs of the CDK add nothing to it.
      role: this.role.withoutPolicyUpdates(),
      logGroup,
      // Metrics are lines in CloudWatch's embedded format, which JSON logging would wrap.
      loggingFormat: LoggingFormat.TEXT,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(directory, { assetHash: sha256, exclude: ['*.map'] }),
      memorySize,
      timeout,
      environment: { ...environment },
      ...(atMostAtOnce !== undefined && { reservedConcurrentExecutions: atMostAtOnce }),
    });
    if (asynchronous)
      this.lambda.configureAsyncInvoke({ maxEventAge: Duration.hours(6), retryAttempts: 2, ...asynchronous });
  }
}
