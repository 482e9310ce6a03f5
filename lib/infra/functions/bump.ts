import { Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Permission } from '../permission.ts';
import { WindlassFunction } from '../windlass-function.ts';
import { appends, environmentOf, githubSecretOf, type Parts, readsSecrets, sends, usesState, usual } from './parts.ts';

/** How long one batch of pushes may take. */
export const bumpTimeout = Duration.seconds(30);

/** The function that turns pushes into a commit. */
export function addBump(scope: Construct, parts: Parts): WindlassFunction {
  const bump = new WindlassFunction(scope, 'Bump', {
    file: 'bump-on-push',
    description: 'Windlass: commits the images that policies choose',
    timeout: bumpTimeout,
    memorySize: 512,
    environment: environmentOf(scope, 'bump', parts),
    ...usual(parts),
  });
  bump.consume(parts.pushes.queue, 10);
  bump.allow(
    ...readsRegistries(scope, parts),
    readsSecrets(scope, 'opens the config repo', [githubSecretOf(parts.props)]),
    appends(parts),
    usesState(parts, 'keeps what it knows of the branch and of images', ['GetItem', 'PutItem', 'DeleteItem', 'Query']),
    sends('tells people of bumps', [parts.notices.queue]),
    sends('wakes pullers', [...parts.wakes.values()]),
  );
  return bump;
}

/** What lib/adapters/aws/ecr*.ts asks of ECR. A token for pulling is not among it. */
function readsRegistries(scope: Construct, { props }: Parts): Permission[] {
  const { partition, region, account } = Stack.of(scope);
  const places = [{ region, account }, ...(props.registries ?? [])];
  const resources = places.flatMap((place) =>
    props.repositoryPrefixes.map(
      (prefix) => `arn:${partition}:ecr:${place.region}:${place.account}:repository/${prefix}*`,
    ),
  );
  return [
    {
      why: 'reads tags, images and scans of the repositories',
      actions: [
        ...['ecr:BatchGetImage', 'ecr:DescribeImages', 'ecr:DescribeImageScanFindings'],
        'ecr:GetDownloadUrlForLayer',
      ],
      resources,
      wide: 'The prop repositoryPrefixes says how the names of repositories begin.',
    },
  ];
}
