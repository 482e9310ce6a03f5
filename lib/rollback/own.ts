import { storyIn } from '../model/bump-story.ts';
import type { FileChange, LineCommit } from '../model/config-repo.ts';
import { rollbackStoryIn } from '../model/rollback-story.ts';
import type { RollbackRepo } from './ports.ts';

/**
 * A merge of one commit of a bump or a rollback, with that commit's trailers; every other commit as it is. What it merged must tell the story, and the merge
 * must have done exactly that: everybody can write a message, and put changes of theirs into a merge. Throws what the repo throws.
 */
export async function asOwn(repo: RollbackRepo, commit: LineCommit): Promise<LineCommit> {
  const { parent, merged } = commit;
  const isTold = merged !== undefined && tellsStory(merged) && !tellsStory(commit);
  if (!isTold || parent === undefined || merged.parent === undefined) return commit;
  const [made, proposed] = [
    { from: parent, to: commit.revision },
    { from: merged.parent, to: merged.revision },
  ];
  return (await isSameChange(repo, made, proposed)) ? { ...commit, trailers: merged.trailers } : commit;
}

function tellsStory(commit: Pick<LineCommit, 'trailers'>): boolean {
  return storyIn(commit) !== undefined || rollbackStoryIn(commit) !== undefined;
}

interface Range {
  from: string;
  to: string;
}

/** True where both changed the same plain files, from the same bytes to the same bytes. */
async function isSameChange(repo: RollbackRepo, one: Range, other: Range): Promise<boolean> {
  const changes = await repo.changes(one.from, one.to);
  const isPlain = changes.every(({ was, is }) => was?.plain !== false && is?.plain !== false);
  if (!isPlain || textOf(changes) !== textOf(await repo.changes(other.from, other.to))) return false;
  const before = changes.flatMap(({ was }) => was?.path ?? []);
  const after = changes.flatMap(({ is }) => is?.path ?? []);
  return (await isSameAt(repo, one.from, other.from, before)) && (await isSameAt(repo, one.to, other.to, after));
}

function textOf(changes: readonly FileChange[]): string {
  return JSON.stringify(changes.map(({ was, is }) => [was?.path, was?.plain, is?.path, is?.plain]).sort());
}

async function isSameAt(repo: RollbackRepo, one: string, other: string, paths: readonly string[]): Promise<boolean> {
  const [mine, theirs] = [await repo.read(one, paths), await repo.read(other, paths)];
  return mine.every(({ bytes }, index) => Buffer.compare(bytes, theirs[index]!.bytes) === 0);
}
