import { mergeWalks, type Walk } from '../model/merge-walks.ts';
import { isWithin } from '../model/tree-path.ts';
import type { GitHistory, HistoryCommit, HistoryQuery } from './ports.ts';

/** Files that one commit moved to a path and that are followed: a directory that was moved whole may have thousands. */
const mostMoved = 20;

/** Which commits: those of these paths, which are followed back to the names that they had. */
export interface FollowedQuery extends HistoryQuery {
  paths: readonly string[];
}

/**
 * The commits that changed one of the paths, newest first, each once. Where a path came to be by a rename it is followed to the file that it was. Of a
 * commit that renamed too many files `onLost` is told. Throws what the history throws.
 */
export function followed(
  { from, paths, since }: FollowedQuery,
  history: Pick<GitHistory, 'commits' | 'contains' | 'renames'>,
  onLost: (revision: string) => void,
): AsyncGenerator<HistoryCommit> {
  const pathOf = new Map<Walk<HistoryCommit>, string>();
  const begin = (path: string, revision: string) => {
    const query = { from: revision, paths: [path], ...(since !== undefined && { since }) };
    const walk = history.commits(query)[Symbol.asyncIterator]();
    pathOf.set(walk, path);
    return walk;
  };
  const goOn = async (ended: Walk<HistoryCommit>, { revision }: HistoryCommit) => {
    const path = pathOf.get(ended)!;
    const renames = [...(await history.renames(revision))];
    const moved = renames.filter(([is, was]) => isWithin(path, is) && !isWithin(path, was)).map(([, was]) => was);
    if (moved.length > mostMoved) onLost(revision);
    return moved.length > mostMoved ? [] : moved.map((was) => begin(was, revision));
  };
  return mergeWalks(
    paths.map((path) => begin(path, from)),
    { goOn, contains: (ancestor, revision) => history.contains(ancestor, revision) },
  );
}
