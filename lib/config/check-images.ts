import { messageOf, UserError } from '../model/errors.ts';
import { compilePolicy } from '../policy/policy.ts';
import { type Names, unknown } from './check-names.ts';
import { heldBackImage } from './held-back.ts';
import type { WindlassFile } from './schema.ts';
import type { Finding } from './yaml-source.ts';

type Image = NonNullable<WindlassFile['images']>[string];

/** The key of an entry that an error of `compilePolicy` is about; the entry itself for any other. */
const keyOfError: Record<string, string> = {
  'semver-range': 'semver',
  'filter-pattern': 'filter',
  'filter-extract': 'filter',
};

/** Checks each image's policy and environments. An image that this version cannot bump as it is asked to is a warning: it is held back. */
export function checkImages(file: WindlassFile, names: Names): { problems: Finding[]; warnings: Finding[] } {
  const images = Object.entries(file.images ?? {});
  return {
    problems: images.flatMap(([name, image]) => [
      ...checkPolicy(name, image),
      ...checkEnvironments(name, image, names),
    ]),
    warnings: images.flatMap(([name, image]) => heldBack(name, image)),
  };
}

function checkPolicy(name: string, image: Image): Finding[] {
  try {
    compilePolicy(image);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // The rest of it was checked: such an image is held back.
    if (error.code === 'policy-not-supported') return [];
    const key = keyOfError[error.code];
    const path = ['images', name, ...(key === undefined ? [] : [key])];
    const message = `images.${name}: ${messageOf(error)}`;
    return [{ path, at: key === undefined ? 'key' : 'value', code: error.code, message }];
  }
}

function checkEnvironments(name: string, image: Image, { environments }: Names): Finding[] {
  return [...(image.in ?? []).entries()].flatMap(([index, environment]) =>
    environments.includes(environment)
      ? []
      : [unknown(['images', name, 'in', index], 'environment', environment, environments)],
  );
}

function heldBack(name: string, image: Image): Finding[] {
  return heldBackImage(image).map(({ key, reason }) => ({
    path: ['images', name, key],
    at: 'key',
    code: 'not-yet',
    message: `${name} is not bumped: ${reason}`,
  }));
}
