import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Repository, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { OidcProviderNative, Role, WebIdentityPrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

const github = 'token.actions.githubusercontent.com';

export interface ImagesStackProps extends StackProps {
  /**
   * By the name of an ECR repository: the repository on GitHub whose workflows push to it, as `sub` in their token names it:
   * `acme@1234567/web@7654321`, or `acme/web` where it has no ids in it.
   */
  apps: Record<string, string>;
}

/** The repositories of images, and for each a role by which a workflow pushes to it without a long-lived key. */
export class ImagesStack extends Stack {
  constructor(scope: Construct, id: string, { apps, ...props }: ImagesStackProps) {
    super(scope, id, { description: 'Repositories of images, and who pushes to them', ...props });
    // An account has one: where yours trusts GitHub already, take OidcProviderNative.fromOidcProviderArn.
    const provider = new OidcProviderNative(this, 'GitHub', {
      url: `https://${github}`,
      clientIds: ['sts.amazonaws.com'],
    });
    // The image of the puller, which is pushed by hand at an upgrade.
    this.addImages('windlass');
    for (const [name, source] of Object.entries(apps)) {
      const images = this.addImages(name);
      const role = new Role(this, `Push-${name.replaceAll('/', '-')}`, {
        description: `Pushes images of ${source} to ${name}`,
        assumedBy: new WebIdentityPrincipal(provider.oidcProviderArn, {
          StringEquals: { [`${github}:aud`]: 'sts.amazonaws.com' },
          // The branch main and tags of releases: a pull request gets no credentials.
          StringLike: { [`${github}:sub`]: [`repo:${source}:ref:refs/heads/main`, `repo:${source}:ref:refs/tags/v*`] },
        }),
      });
      images.grantPush(role);
      new CfnOutput(this, `PushRole${name.replaceAll(/[^A-Za-z0-9]/g, '')}`, { value: role.roleArn });
    }
  }

  /** A tag is never used twice: what Git names stays what it was. */
  private addImages(repositoryName: string): Repository {
    return new Repository(this, `Images-${repositoryName.replaceAll('/', '-')}`, {
      repositoryName,
      imageTagMutability: TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
