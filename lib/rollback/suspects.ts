import { pathsBuiltOn } from '../config/built-on.ts';
import type { SyncSpec } from '../config/config.ts';
import { windlassFileName } from '../config/windlass-file.ts';
import { storyIn } from '../model/bump-story.ts';
import type { LineCommit } from '../model/config-repo.ts';
import type { RollbackWanted } from '../model/messages.ts';
import { isWithin } from '../model/tree-path.ts';
import type { Look } from './look.ts';
import { asOwn } from './own.ts';
import type { RollbackRepo } from './ports.ts';
import { isStop, stopDirectories } from './stops.ts';

/** Commits of the branch that are looked at; a sync that settled longer ago is left to people. */
export const mostCommits = 100;

/** What may have made a sync unhealthy: of the commits since it was healthy, up to the one that it has, those that changed what it is built of. */
export interface Suspects {
  /** Newest first. */
  bumps: LineCommit[];
  /** Of everybody else. A rollback is among them: what it did is not undone without a person. */
  others: LineCommit[];
  /** The images that the bumps moved and the sync uses; of a refusal those that it is about. */
  images: string[];
}

/** Finds them; undefined where the commit with which the sync was healthy is not among the last ones. Throws what the repo throws. */
export async function suspectsOf(
  repo: RollbackRepo,
  look: Look,
  sync: SyncSpec,
  { revision, settled }: Pick<RollbackWanted, 'revision' | 'settled'>,
): Promise<Suspects | undefined> {
  const line = await repo.history(revision, { limit: mostCommits + 1 });
  const end = line.findIndex((commit) => commit.revision === settled);
  if (end < 0) return undefined;
  const paths = pathsBuiltOn(sync, look.files);
  const own = await repo.history(revision, { paths: [...paths, windlassFileName], after: settled, limit: mostCommits });
  const touching = new Set(own.map((commit) => commit.revision));
  const since: LineCommit[] = [];
  for (const commit of line.slice(0, end)) if (touching.has(commit.revision)) since.push(await asOwn(repo, commit));
  const bumps = since.filter((commit) => storyIn(commit) !== undefined);
  return {
    bumps,
    others: await notOfStops(
      repo,
      since.filter((commit) => !bumps.includes(commit)),
      paths,
    ),
    images: imagesOf(bumps, look, paths),
  };
}

/** Those that changed more than what stops or allows something, which is below the path of a sync of the whole repo. */
export async function notOfStops(
  repo: RollbackRepo,
  commits: readonly LineCommit[],
  paths: readonly string[],
): Promise<LineCommit[]> {
  if (!stopDirectories.some((directory) => paths.some((path) => isWithin(path, directory)))) return [...commits];
  const found: LineCommit[] = [];
  for (const commit of commits) {
    const { parent, revision } = commit;
    const changes = parent === undefined ? [] : await repo.changes(parent, revision);
    const changed = changes.flatMap(({ was, is }) => [was, is].flatMap((one) => one?.path ?? []));
    if (changed.length === 0 || !changed.every(isStop)) found.push(commit);
  }
  return found;
}

/** The images that files at or below these paths have at the head. */
export function usedIn({ files }: Pick<Look, 'files'>, paths: readonly string[]): Set<string> {
  const inside = files.filter(({ path }) => paths.some((one) => isWithin(one, path)));
  return new Set(inside.flatMap(({ facts }) => facts.markers.map(({ policy }) => policy)));
}

function imagesOf(bumps: readonly LineCommit[], look: Look, paths: readonly string[]): string[] {
  const used = usedIn(look, paths);
  const moved = bumps.flatMap((commit) => storyIn(commit)?.images ?? []).map(({ policy }) => policy);
  return [...new Set(moved)].filter((policy) => used.has(policy));
}
