import type { SyncSpec } from '../config/config.ts';
import type { FileChange, LineCommit } from '../model/config-repo.ts';
import { UserError } from '../model/errors.ts';
import { rollbackStoryIn } from '../model/rollback-story.ts';
import type { Look } from './look.ts';
import { short } from './order.ts';
import { asOwn } from './own.ts';
import type { RollbackDeps, RollbackRepo } from './ports.ts';
import { checkNoRollback } from './then.ts';

/** So many commits that touch a sync's files are looked at, and so many are asked about whether what they had was healthy. */
const [mostSteps, mostAsked] = [100, 10];

/**
 * Finds what a sync was built of before the last commit that changed it; what was rolled back before, and what was never healthy by the records, is passed
 * over, with a remark. Throws `UserError` where there is nothing, or where that commit was a rollback: to go back from that would be to go forward again.
 */
export async function beforeLastOfSync(
  repo: RollbackRepo,
  look: Look,
  {
    sync,
    paths,
    isTheirs,
    health,
  }: {
    sync: SyncSpec;
    paths: readonly string[];
    /** True for a change of what the sync is built of. */
    isTheirs: (change: FileChange) => boolean;
    health: RollbackDeps['health'];
  },
): Promise<{ commit: LineCommit; remarks: string[] }> {
  const remarks: string[] = [];
  let isFirst = true;
  let [next] = await repo.history(look.head, { paths, limit: 1 });
  for (let looked = 0; looked < mostSteps && next?.parent !== undefined; looked++) {
    const [last, older]: [LineCommit, string] = [next, next.parent];
    [next] = await repo.history(older, { paths, limit: 1 });
    // Before the first of its files there was no such sync.
    if (next === undefined) break;
    if (!(await repo.changes(older, look.head)).some(isTheirs)) continue;
    const ended = await asOwn(repo, last);
    if (isFirst) checkNoRollback(ended, sync.name);
    isFirst = false;
    const ill = rolledBackBy(ended, next, look) ?? (await neverHealthy(repo, { sync, health }, older, next));
    const [commit] = await repo.history(older, { limit: 1 });
    if (ill === undefined) return { commit: commit!, remarks };
    remarks.push(`${short(older)} (${commit!.subject}) is passed over: ${ill}`);
  }
  throw new UserError(
    [
      `nothing in Git tells what "${sync.name}" was built of before: name a commit or a time with --to`,
      ...remarks.map((remark) => `  ${remark}`),
    ].join('\n'),
    { code: 'no-change-found', subject: sync.name },
  );
}

/** Why somebody went back from this: a rollback ended it, or undid what brought it. */
function rolledBackBy(ended: LineCommit, brought: LineCommit, { recent }: Look): string | undefined {
  const undid = recent.find((commit) => rollbackStoryIn(commit)?.reverts.includes(brought.revision));
  const by = rollbackStoryIn(ended) === undefined ? undid : ended;
  return by === undefined ? undefined : `${short(by.revision)} rolled it back (${by.subject})`;
}

async function neverHealthy(
  repo: RollbackRepo,
  { sync, health }: { sync: SyncSpec; health: RollbackDeps['health'] },
  last: string,
  { parent }: LineCommit,
): Promise<string | undefined> {
  if (health === undefined) return undefined;
  const during = await repo.history(last, { limit: mostAsked, ...(parent === undefined ? {} : { after: parent }) });
  return await health(
    during.map(({ revision }) => revision),
    [sync.name],
  );
}
