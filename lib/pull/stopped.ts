import type { SyncSpec } from '../config/config.ts';
import { readSuspends, suspendMatches, suspendsDirectory } from '../config/suspends.ts';
import type { SourceTree } from '../desired/ports.ts';
import { type Problem, UserError } from '../model/errors.ts';

/**
 * Throws `UserError` (`suspended`) with who and why while a file in `suspends/` stops the pulls of a sync, or one that may be about it
 * cannot be read: nothing that may mean "stop" is passed over.
 */
export async function refuseStopped(
  tree: SourceTree,
  { name: sync, template }: Pick<SyncSpec, 'name' | 'template'>,
  now: Date,
): Promise<void> {
  const files = (await tree.files(suspendsDirectory)).filter(({ kind }) => kind === 'file');
  const read = await Promise.all(files.map(async ({ path }) => ({ path, bytes: await tree.read(path) })));
  const { suspends, unreadable } = readSuspends(read);
  const suspend = suspends.find((one) => suspendMatches(one, { sync, template }, now));
  if (suspend !== undefined) {
    const end = suspend.until === undefined ? '' : ` until ${suspend.until}`;
    const message = `sync ${sync} is suspended by ${suspend.by}${end}: ${suspend.why}`;
    throw new UserError(message, { code: 'suspended', subject: sync });
  }
  const about = [undefined, sync, template];
  const problems = unreadable.filter(({ name }) => about.includes(name)).flatMap((one) => one.problems);
  if (problems.length > 0) {
    const message = `sync ${sync} was not pulled: a file in ${suspendsDirectory}/ cannot be read`;
    throw new UserError(message, { code: 'suspend-unreadable', subject: sync, problems });
  }
}

/** What stops the pulls of a sync, for whoever only looks: who suspended it, until when and why. Empty where nothing does. */
export async function stopNotices(
  tree: SourceTree,
  sync: Pick<SyncSpec, 'name' | 'template'>,
  now: Date,
): Promise<Problem[]> {
  try {
    await refuseStopped(tree, sync, now);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code, message, problems } = error;
    const hint = 'a pull does nothing while it is suspended; windlass resume lets it go on';
    return [code === 'suspended' ? { code, message, hint } : { code, message }, ...problems];
  }
}
