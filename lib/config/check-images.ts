import { messageOf, UserError } from '../model/errors.ts';
import { compilePolicy } from '../policy/policy.ts';
import type { WindlassFile } from './schema.ts';
import type { Finding } from './yaml-source.ts';

type Image = NonNullable<WindlassFile['images']>[string];

/** The key of an entry that an error of `compilePolicy` is about; the entry itself for any other. */
const keyOfError: Record<string, string> = {
  'semver-range': 'semver',
  'filter-pattern': 'filter',
  'filter-extract': 'filter',
};

/**
 * Checks each image's policy, and what this version cannot do yet: a gate or a review that is not there is an error, because a bump without
 * it would take what was not wanted.
 */
export function checkImages(file: WindlassFile): Finding[] {
  return Object.entries(file.images ?? {}).flatMap(([name, image]) => [
    ...checkPolicy(name, image),
    ...notYet(name, image),
  ]);
}

function checkPolicy(name: string, image: Image): Finding[] {
  try {
    compilePolicy(image);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const key =
      error.code === 'policy-not-supported'
        ? image.newest === undefined
          ? 'digest'
          : 'newest'
        : keyOfError[error.code];
    const path = ['images', name, ...(key === undefined ? [] : [key])];
    return [
      {
        path,
        at: key === undefined ? 'key' : 'value',
        code: error.code,
        message: `images.${name}: ${messageOf(error)}`,
      },
    ];
  }
}

function notYet(name: string, image: Image): Finding[] {
  const finding = (key: string, message: string): Finding => ({
    path: ['images', name, key],
    at: 'key',
    code: 'not-yet',
    message,
  });
  const findings: Finding[] = [];
  if (image.gates !== undefined) {
    findings.push(
      finding('gates', 'gates are not there yet, and without them tags would be taken that they should stop'),
    );
  }
  if (image.update === 'pull-request') {
    findings.push(
      finding('update', 'bumps by pull request are not there yet, and a commit would go around the review'),
    );
  }
  if (image.in !== undefined) {
    findings.push(
      finding('in', 'promotion is not there yet: write one entry for each environment, as web and web-prod'),
    );
  }
  return findings;
}
