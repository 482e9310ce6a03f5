import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { WindlassFunction } from '../windlass-function.ts';
import {
  appends,
  environmentOf,
  githubSecretOf,
  type Parts,
  readsRegistries,
  readsSecrets,
  sends,
  usesState,
  usual,
} from './parts.ts';

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
  bump.consume(parts.pushes.queue, { batchSize: 10 });
  bump.allow(
    // A token for pulling is not among it: only ECR's own API is asked.
    readsRegistries(scope, parts, 'reads tags, images and scans', [
      ...['ecr:BatchGetImage', 'ecr:DescribeImages', 'ecr:DescribeImageScanFindings'],
      'ecr:GetDownloadUrlForLayer',
    ]),
    readsSecrets(scope, 'opens the config repo', [githubSecretOf(parts.props, 'bump')]),
    appends(parts),
    usesState(parts, 'keeps what it knows of the branch and of images', [
      'survey#*',
      'state#image',
      'state#recorded',
      'bump#trouble',
    ]),
    sends('tells people of bumps', [parts.notices.queue]),
    sends('wakes pullers', [...parts.wakes.values()]),
  );
  return bump;
}
