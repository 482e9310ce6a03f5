import { ecrRepository } from '../model/ecr.ts';
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
      ...checkEcrOnly(name, image),
      ...checkDigest(name, image),
      ...checkGroup(name, image, file),
      ...checkEnvironments(name, image, names),
    ]),
    warnings: images.flatMap(([name, image]) => heldBack(name, image)),
  };
}

function checkPolicy(name: string, image: Image): Finding[] {
  try {
    // A filter beside digest is told by checkDigest, at its own place.
    compilePolicy(image.digest === undefined ? image : { ...image, filter: undefined });
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const key = keyOfError[error.code];
    const path = ['images', name, ...(key === undefined ? [] : [key])];
    const message = `images.${name}: ${messageOf(error)}`;
    return [{ path, at: key === undefined ? 'key' : 'value', code: error.code, message }];
  }
}

/** Elsewhere a push time would cost a request for each tag, and there is no scan to ask for. */
function checkEcrOnly(name: string, image: Image): Finding[] {
  if (ecrRepository(image.image) !== undefined) return [];
  const finding = (keys: string[], reason: string): Finding => ({
    path: ['images', name, ...keys],
    at: 'key',
    code: 'ecr-only',
    message: `images.${name}: ${keys.join('.')} needs a repository of Amazon ECR: ${reason}`,
    hint: 'like 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web',
  });
  const costly = 'other registries tell the time of a push by a request for each tag';
  return [
    ...(image.newest === undefined ? [] : [finding(['newest'], costly)]),
    ...(image.gates?.minAge === undefined ? [] : [finding(['gates', 'minAge'], costly)]),
    ...(image.gates?.scan === undefined ? [] : [finding(['gates', 'scan'], 'only its scans are read')]),
  ];
}

/** One tag is followed: there is nothing to filter, and no order to go down in. */
function checkDigest(name: string, image: Image): Finding[] {
  if (image.digest === undefined) return [];
  const needless = (['filter', 'allowDowngrade'] as const).filter((key) => image[key] !== undefined);
  return needless.map((key) => ({
    path: ['images', name, key],
    at: 'key',
    code: 'needless-key',
    message: `images.${name}: ${key} means nothing with digest, which follows one tag`,
    hint: `remove ${key}`,
  }));
}

function checkGroup(name: string, image: Image, { environments }: WindlassFile): Finding[] {
  const reviewed = [image, ...Object.values(environments ?? {})].some(({ update }) => update === 'pull-request');
  if (image.group === undefined || reviewed) return [];
  const message = `images.${name}: group names a pull request, and none is made of it`;
  const hint = 'write update: pull-request here, or in an environment';
  return [{ path: ['images', name, 'group'], at: 'key', code: 'needless-key', message, hint }];
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
