import { targetsOf } from '../config/image-survey.ts';
import { currentOf } from '../edit/current.ts';
import type { ImageChange } from '../model/messages.ts';
import type { Look } from './look.ts';
import { matchTexts } from './match.ts';
import type { RollbackRepo } from './ports.ts';
import type { SyncFiles } from './sync.ts';
import { formerPaths, type ImageText, targetsThen, textsIn } from './texts.ts';

/** An image whose texts change with the files of a sync. */
export interface MovedBySync {
  policy: string;
  from: ImageText[];
  to: ImageText[];
  /** An empty text stands for a place that comes or goes. */
  changes: ImageChange[];
}

/** The images whose texts change with these files. One that comes again as Git has it elsewhere is not moved. */
export async function imagesIn(
  repo: RollbackRepo,
  look: Look,
  { commit, changes, files }: Pick<SyncFiles, 'commit' | 'changes' | 'files'>,
): Promise<MovedBySync[]> {
  const targets = await targetsThen(repo, { older: commit.revision, changes, config: look.config });
  const now = files.flatMap(({ path, before }) =>
    before === undefined ? [] : textsIn({ path, bytes: before }, targetsOf(look.config)),
  );
  const then = files.flatMap(({ path, after }) =>
    after === undefined ? [] : textsIn({ path, bytes: after }, targets),
  );
  const { pairs, added, gone } = matchTexts(now, then, formerPaths(changes));
  const moved = [
    ...pairs.filter((pair) => pair.now.marker.value !== pair.old.marker.value),
    ...added.map((text) => ({ now: text, old: undefined })),
    ...gone.filter((text) => !isInGit(look, text)).map((text) => ({ now: undefined, old: text })),
  ];
  const byPolicy = Map.groupBy(moved, (one) => (one.now ?? one.old)!.marker.policy);
  return [...byPolicy].map(([policy, all]) => ({
    policy,
    from: all.flatMap((one) => one.now ?? []),
    to: all.flatMap((one) => one.old ?? []),
    changes: all.map((one) => {
      const { path, marker } = (one.now ?? one.old)!;
      const [from, to] = [one.now?.marker.value ?? '', one.old?.marker.value ?? ''];
      return { file: path, line: marker.line, policy, from, to };
    }),
  }));
}

/** True where Git has this, whether as a whole reference or as a tag alone: its policy has nothing to undo there. */
function isInGit(look: Look, { marker }: ImageText): boolean {
  const { policy, part, value } = marker;
  const all = look.files.flatMap(({ facts }) => facts.markers).filter((one) => one.policy === policy);
  if (all.some((one) => one.part === part && one.value === value)) return true;
  const [then, now] = [currentOf([marker], policy), currentOf(all, policy)];
  const digests = now.digests.map(({ digest }) => digest);
  return (
    then.tags.length > 0 &&
    then.tags.every((tag) => now.tags.includes(tag)) &&
    then.digests.every(({ digest }) => digest === undefined || digests.includes(digest))
  );
}
