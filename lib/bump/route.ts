import { pathsBuiltOn } from '../config/built-on.ts';
import type { Config, ImageEntry } from '../config/config.ts';
import type { SurveyedFile } from '../config/image-survey.ts';
import { isWithin } from '../model/tree-path.ts';

/** Where a commit would change an environment that takes changes by pull request alone. */
export interface ReviewedPlace {
  environment: string;
  /** A directory or file of the config repo. */
  path: string;
}

/**
 * The paths of the syncs of environments with `update: pull-request`, and what their kustomizations take from elsewhere: a change of a
 * base changes the environment too.
 */
export function reviewedPlaces(config: Config, files: readonly SurveyedFile[]): ReviewedPlace[] {
  const reviewed = config.environments.filter(({ update }) => update === 'pull-request').map(({ name }) => name);
  return config.syncs.flatMap((sync) => {
    const { environment } = sync;
    if (environment === undefined || !reviewed.includes(environment)) return [];
    return pathsBuiltOn(sync, files).map((path) => ({ environment, path }));
  });
}

/**
 * The group of the pull request that may change an image's marker in a file; undefined where bump commits. An image's own group goes before
 * the environments that the file belongs to, these before the image's name.
 */
export function groupOf(
  entry: Pick<ImageEntry, 'name' | 'update' | 'group'>,
  path: string,
  places: readonly ReviewedPlace[],
): string | undefined {
  const environments = [...new Set(places.filter((place) => isWithin(place.path, path)).map(nameOf))];
  if (entry.update === 'commit' && environments.length === 0) return undefined;
  return asBranch(entry.group ?? (environments.length > 0 ? environments.join('-') : entry.name));
}

function nameOf({ environment }: ReviewedPlace): string {
  return environment;
}

/** A name as the end of a branch's: the `:` of `shop:web` cannot be in one. */
function asBranch(name: string): string {
  return name.replaceAll(':', '-');
}
