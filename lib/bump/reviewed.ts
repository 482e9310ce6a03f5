import type { Config } from '../config/config.ts';
import { noPullRequests } from '../config/held-back.ts';
import { kustomizationNames } from '../desired/kustomization.ts';
import { isWithin, joinTreePath, parentOf } from '../model/tree-path.ts';
import type { ConfigRepo, RepoFile } from './ports.ts';

/** Where a commit would change an environment that takes changes by pull request alone. */
export interface ReviewedPlace {
  environment: string;
  /** A directory or file of the config repo. */
  path: string;
}

/** What a kustomization writes to leave its own directory. */
const outward = '..';

/**
 * The paths of the syncs of environments with `update: pull-request`, and what their kustomizations take from elsewhere: a change of a
 * base changes the environment too. Throws what the repo throws.
 */
export async function readReviewed(
  config: Config,
  head: string,
  repo: Pick<ConfigRepo, 'filesContaining'>,
): Promise<ReviewedPlace[]> {
  const reviewed = config.environments.filter(({ update }) => update === 'pull-request').map(({ name }) => name);
  const places = config.syncs.flatMap(({ environment, path }) =>
    environment !== undefined && reviewed.includes(environment) ? [{ environment, path }] : [],
  );
  if (places.length === 0) return [];
  const { files } = await repo.filesContaining(head, outward);
  const kustomizations = files.filter(({ path }) => names.some((name) => path === name || path.endsWith(`/${name}`)));
  return withBases(places, kustomizations);
}

const names: readonly string[] = kustomizationNames;

/** Why a commit must not change a file; undefined where it may. */
export function reviewOf(places: readonly ReviewedPlace[], file: string): string | undefined {
  const found = places.filter(({ path }) => isWithin(path, file)).map(({ environment }) => environment);
  return found.length === 0 ? undefined : `${[...new Set(found)].join(' and ')}: ${noPullRequests}`;
}

function withBases(places: readonly ReviewedPlace[], kustomizations: readonly RepoFile[]): ReviewedPlace[] {
  const all = [...places];
  // The list grows while it is walked: a base may have bases.
  for (const { environment, path } of all) {
    const inside = kustomizations.filter((file) => isWithin(path, file.path));
    for (const base of inside.flatMap(pathsOutOf)) {
      const known = all.some((place) => place.environment === environment && isWithin(place.path, base));
      if (!known) all.push({ environment, path: base });
    }
  }
  return all;
}

/** Every path with `..` in a kustomization, whatever its key says: too many are left alone rather than one too few. */
function pathsOutOf({ path, bytes }: RepoFile): string[] {
  const words = new TextDecoder().decode(bytes).match(/[^\s"',=[\]{}]+/g) ?? [];
  return words
    .filter((word) => word.split('/').includes(outward))
    .flatMap((word) => joinTreePath(parentOf(path), word) ?? []);
}
