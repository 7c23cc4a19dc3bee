import { ACCOUNT, CI_IP, REGION } from '../cluster.ts';
import { hexOf, uuidOf } from '../random.ts';
import { session, type TrailEvent, through, trailEvent } from '../trail-event.ts';

const builder = session('ci-deployer', 'GitHubActions', {
  ip: CI_IP,
  agent:
    'docker/28.4.0 go/go1.24.7 git-commit/249d679 os/linux arch/amd64 UpstreamClient(Docker-Client/28.4.0 \\(linux\\))',
});
const deployer = session('ci-deployer', 'GitHubActions', {
  ip: CI_IP,
  agent: 'aws-sdk-js/3.880.0 ua/2.1 os/linux lang/js md/nodejs#22.19.0',
});

/** CI pushes the image that Helm deploys a little later. */
export function imagePushed(when: number, repositoryName: string, imageTag: string): TrailEvent[] {
  const resources = [{ accountId: ACCOUNT, ARN: `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/${repositoryName}` }];
  const imageDigest = `sha256:${hexOf(`${repositoryName}:${imageTag}`, 64)}`;
  return [
    trailEvent({ at: when, by: builder, action: 'ecr:GetAuthorizationToken', request: null }),
    trailEvent({
      at: when + 3000,
      by: builder,
      action: 'ecr:InitiateLayerUpload',
      request: { registryId: ACCOUNT, repositoryName },
      resources,
    }),
    trailEvent({
      at: when + 9000,
      by: builder,
      action: 'ecr:PutImage',
      request: {
        registryId: ACCOUNT,
        repositoryName,
        imageTag,
        imageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
      },
      response: { image: { registryId: ACCOUNT, repositoryName, imageId: { imageDigest, imageTag } } },
      resources,
    }),
  ];
}

/** A stack of another team brings new code for its own function; CloudFormation calls on its behalf. */
export const functionDeployed = (when: number): TrailEvent[] => [
  trailEvent({
    at: when,
    by: deployer,
    action: 'cloudformation:UpdateStack',
    request: { stackName: 'shop-thumbnailer', capabilities: ['CAPABILITY_IAM'] },
    response: {
      stackId: `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/shop-thumbnailer/${uuidOf('stack/thumbnailer')}`,
    },
  }),
  trailEvent({
    at: when + 14_000,
    by: through(deployer, 'cloudformation.amazonaws.com'),
    action: 'lambda:UpdateFunctionCode20150331v2',
    request: {
      functionName: 'shop-thumbnailer',
      s3Bucket: 'cdk-hnb659fds-assets-111122223333-eu-west-1',
      s3Key: `${hexOf('thumbnailer', 64)}.zip`,
      publish: false,
      dryRun: false,
    },
    response: { functionName: 'shop-thumbnailer', runtime: 'nodejs22.x', codeSha256: hexOf('thumbnailer/code', 44) },
  }),
];
