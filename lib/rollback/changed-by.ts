import { holdsDirectory } from '../config/holds.ts';
import type { FileChange, LineCommit, RepoFile } from '../model/config-repo.ts';
import { isWithin } from '../model/tree-path.ts';
import type { Look } from './look.ts';
import { matchTexts } from './match.ts';
import type { RollbackRepo } from './ports.ts';
import { formerPaths, type ImageText, targetsThen, textsIn } from './texts.ts';

/** A text after a bump, and before it. */
export interface MovedText {
  now: ImageText;
  old: ImageText;
}

/** The texts that the commit of a bump moved, and the files in which it changed more than texts of images. `since`: what became of files up to the head. */
export async function changedBy(
  repo: RollbackRepo,
  look: Look,
  { revision, parent }: LineCommit,
  since: readonly FileChange[],
): Promise<{ moved: MovedText[]; beside: string[] }> {
  const changes = (await repo.changes(parent!, revision)).filter((change) => !isHold(change));
  const plain = changes.filter(({ was, is }) => was?.plain === true && is?.plain === true);
  const targets = await targetsThen(repo, { older: revision, changes: since, config: look.config });
  const after = await repo.read(
    revision,
    plain.map(({ is }) => is!.path),
  );
  const before = await repo.read(
    parent!,
    plain.map(({ was }) => was!.path),
  );
  const texts = (files: readonly RepoFile[]) => files.flatMap((file) => textsIn(file, targets));
  const { pairs } = matchTexts(texts(after), texts(before), formerPaths(changes));
  const isText = ({ was, is }: FileChange) => {
    const at = plain.findIndex((change) => change.is === is);
    return was?.path === is?.path && at >= 0 && isSameBut(textsIn(before[at]!, targets), textsIn(after[at]!, targets));
  };
  return {
    moved: pairs.filter(({ now, old }) => now.marker.value !== old.marker.value),
    beside: changes.filter((change) => !isText(change)).flatMap(({ was, is }) => is?.path ?? was!.path),
  };
}

/** A bump that passes a hold deletes its file. */
function isHold({ was, is }: FileChange): boolean {
  return isWithin(holdsDirectory, (is ?? was)!.path);
}

/** True where two versions of a file have the same bytes but for these texts. */
function isSameBut(before: readonly ImageText[], after: readonly ImageText[]): boolean {
  return before.length > 0 && restOf(before) === restOf(after);
}

function restOf(texts: readonly ImageText[]): string {
  const { text } = texts[0]!.file.yaml!;
  const spots = texts.map(({ marker }) => marker.spot).toSorted((a, b) => a.start - b.start);
  const ends = [0, ...spots.map(({ end }) => end)];
  return JSON.stringify(ends.map((end, index) => text.slice(end, spots[index]?.start)));
}
